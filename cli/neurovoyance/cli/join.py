"""``neurovoyance join``: from an invitation to a folder that can buy, lend and vote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurovoyance.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from neurovoyance.chain.contracts import Contracts
    from neurovoyance.client.joining import Invitation

FAUCET_NVY = 6_000
FAUCET_GAS_WEI = 10**18
GUESTS = range(40, 100)


def join(
    source: Annotated[str, typer.Argument(metavar="INVITATION", help="File or URL.")],
    key: Annotated[
        str, typer.Option("--key", help="Name of your key's file; made if it is missing.")
    ] = "client",
    replace: Annotated[
        bool, typer.Option("--replace", help="Leave the network that the folder belongs to.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Join a network: its addresses, a key of your own, and what to do next.

    On a private development network the key is one of the publicly known ones, and it is given
    coins without worth. Anywhere else a key is made here, encrypted with a password.
    """
    from neurovoyance.cli.opened import run

    run(_join(source, key, replace, home, as_json))


async def _join(source: str, key: str, replaces: bool, home: Path | None, as_json: bool) -> None:
    from tempfile import TemporaryDirectory

    from neurovoyance.chain.client import ChainClient
    from neurovoyance.chain.contracts import Contracts
    from neurovoyance.chain.deploy import verify_deployment
    from neurovoyance.chain.wallet import DEVNET_CHAIN_ID
    from neurovoyance.cli.opened import home_of
    from neurovoyance.client.joining import check_home, fetch_invitation
    from neurovoyance.client.joining import join as write

    folder = home_of(home)
    invitation = await fetch_invitation(source)
    check_home(invitation, folder, replaces=replaces)
    with TemporaryDirectory() as state:
        async with await ChainClient.connect(
            invitation.rpc_urls, state_dir=Path(state), expected_chain_id=invitation.chain_id
        ) as chain:
            contracts = Contracts(chain, invitation.known_deployment)
            await verify_deployment(chain, contracts.deployment)
            if invitation.chain_id == DEVNET_CHAIN_ID:
                found = await _as_guest(contracts, folder, replaces)
            else:
                found = await _with_key(contracts, folder, key)
    write(
        invitation,
        folder,
        keystore=found.get("keystore"),
        devnet_account=found.get("devnet_account"),
        replaces=replaces,
    )
    _tell(invitation, folder, found, is_default_home=home is None, as_json=as_json)


async def _as_guest(contracts: Contracts, folder: Path, replaces: bool) -> dict[str, Any]:
    """Take a publicly known account that nobody uses, and fill it from the first one."""
    from neurovoyance.chain.devnet_keys import devnet_wallet
    from neurovoyance.client.opening import PROFILE_NAME
    from neurovoyance.client.settings import load_profile

    path = folder / PROFILE_NAME
    account = load_profile(path).devnet_account if path.exists() and not replaces else None
    if account is None:
        account = await _free_account(contracts)
    wallet, bank = devnet_wallet(account), devnet_wallet(0)
    if not await contracts.client.balance_wei(wallet.address):
        await contracts.client.transfer_native(bank, wallet.address, FAUCET_GAS_WEI)
    if not await contracts.token.balance_of_wei(wallet.address):
        await contracts.token.transfer(bank, wallet.address, FAUCET_NVY * 10**18)
    return await _holdings(contracts, wallet.address) | {"devnet_account": account}


async def _free_account(contracts: Contracts) -> int:
    """Return a guest account that nobody has used.

    Raises:
        ConfigError: all are taken.
    """
    from random import SystemRandom

    from neurovoyance.chain.devnet_keys import devnet_wallet
    from neurovoyance.protocol.errors import ConfigError

    # By chance, so that two who join at once rarely choose the same.
    for account in SystemRandom().sample(GUESTS, len(GUESTS)):
        address = devnet_wallet(account).address
        held_wei = await contracts.token.balance_of_wei(address)
        if not held_wei + await contracts.client.balance_wei(address):
            return account
    raise ConfigError(
        f"All {len(GUESTS)} guest accounts of this private network are taken.",
        hint="Start it again with `neurovoyance up`; nothing of a private chain is kept.",
        faults=["account: none free"],
    )


async def _with_key(contracts: Contracts, folder: Path, key: str) -> dict[str, Any]:
    """Make the key, unless there is one; show what it holds."""
    import asyncio

    from neurovoyance.chain.wallet import KeyRole, Wallet, wallet_address
    from neurovoyance.cli.opened import ask_password
    from neurovoyance.cli.wallet_show import key_path

    path = key_path(folder, key)
    if not path.exists():
        password = await asyncio.to_thread(ask_password, path.name, repeat=True)
        await asyncio.to_thread(Wallet.create, path, password, role=KeyRole.CLIENT)
    found = await _holdings(contracts, wallet_address(path))
    return found | {"keystore": str(path.relative_to(folder))}


async def _holdings(contracts: Contracts, address: str) -> dict[str, Any]:
    return {
        "address": address,
        "balance_wei": await contracts.token.balance_of_wei(address),
        "gas_balance_wei": await contracts.client.balance_wei(address),
    }


def _tell(
    invitation: Invitation,
    folder: Path,
    found: dict[str, Any],
    *,
    is_default_home: bool,
    as_json: bool,
) -> None:
    from neurovoyance.cli.output import console, emit_json, nvy
    from neurovoyance.protocol.units import format_nvy

    if as_json:
        shown = {
            name: str(value) if name.endswith("_wei") else value for name, value in found.items()
        }
        emit_json({"network": invitation.name, "chain_id": invitation.chain_id, **shown})
        return
    flag = "" if is_default_home else f" --home {folder}"
    out = console()
    out.print(
        f"\n  Joined the network {invitation.name} (chain {invitation.chain_id}) as "
        f"{found['address']}.",
        soft_wrap=True,
    )
    if "devnet_account" in found:
        out.print(
            f"  It holds {nvy(found['balance_wei'])} without worth: the chain is a private one and "
            "its keys are public."
        )
    else:
        out.print(
            f"  Its key is {folder / found['keystore']}: keep a copy of it and of the password.\n"
            f"  It holds {nvy(found['balance_wei'])} and {format_nvy(found['gas_balance_wei'])} "
            "coins for gas, and needs some of both.",
            soft_wrap=True,
        )
    out.print("\n  To lend this machine:\n")
    for line in (f"neurovoyance node init{flag}", f"neurovoyance node start{flag}"):
        out.print(f"    {line}", soft_wrap=True)
    out.print(
        f"\n  To buy: neurovoyance job submit MODEL.onnx --input INPUT.npz{flag}\n", soft_wrap=True
    )
