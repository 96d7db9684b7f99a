"""Put the contracts on a chain, record where they are, and tell whether a record still holds.

Place: used by ``cli`` and tests. StakeManager, JobMarket and the courts must know each other and
none can change it later, so their addresses are computed before they exist: they follow from the
deployer's address and nonce (RLP, EIP-161 accounts start at 0; the CREATE rule of the yellow
paper). After the deployment all are asked whom they point at.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from neurovoyance.chain import wire
from neurovoyance.chain.abi_codec import Call, contract_abi
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deployment import Deployment, save_deployment
from neurovoyance.chain.genesis import (
    AUDIT_POOL_WEI,
    CANARIES_WEI,
    CAP_WEI,
    INSURANCE_WEI,
    TREASURY_WEI,
    EconomySettings,
    Step,
    genesis_wei,
    steps,
)
from neurovoyance.chain.genesis import AuditSettings as AuditSettings
from neurovoyance.chain.links import wrong_link
from neurovoyance.chain.wallet import Wallet
from neurovoyance.protocol.errors import ConfigError, ContractRevert, InternalError
from neurovoyance.protocol.ids import Address


def create_address(deployer: str, nonce: int) -> Address:
    """Return the address of the contract that ``deployer`` creates with ``nonce``.

    ``keccak256(rlp([deployer, nonce]))``, last 20 bytes.
    """
    if nonce == 0:
        encoded = b"\x80"
    else:
        raw = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
        encoded = raw if nonce < 0x80 else bytes([0x80 + len(raw)]) + raw
    body = b"\x94" + bytes.fromhex(deployer[2:]) + encoded
    return Address(to_checksum_address(keccak(bytes([0xC0 + len(body)]) + body)[12:]))


async def deploy(
    client: ChainClient,
    wallet: Wallet,
    *,
    insurance: str | None = None,
    allocation_wei: Mapping[Address, int] | None = None,
    audits: AuditSettings | None = None,
    economy: EconomySettings | None = None,
    path: Path | None = None,
) -> Deployment:
    """Deploy the market; the courts if audits are wanted, and the token economy if it is.

    Afterwards the deployer has no power over any contract, and of the genesis supply only what
    ``allocation_wei`` or ``economy.liquid_wei`` gives it.

    Args:
        client: the chain.
        wallet: the deployer; it must send nothing else meanwhile.
        insurance: who may collect the insurance share of slashes; the deployer if None. With an
            economy the insurance fund does.
        allocation_wei: who holds the whole supply at genesis, without an economy; all to the
            deployer if None.
        audits: what the courts are deployed with; None for a market without audits.
        economy: who holds what at genesis; None for a market where providers earn the whole price.
        path: where to record the deployment.

    Raises:
        ConfigError: another transaction of the deployer came in between; deploy again.
        ChainError: a transaction failed.
    """
    first_block = await client.block_number() + 1
    nonce = wire.quantity(
        await client.rpc.request("eth_getTransactionCount", [wallet.address, "pending"])
    )
    time_s = await client.time_s() if economy is not None else 0
    order = [
        Step("token", "ComputeToken", lambda _: ()),
        Step("beacon", "BlockHashBeacon", lambda _: ()),
        *steps(wallet.address, _address(insurance), audits, economy, time_s),
    ]
    found = {
        step.name: create_address(wallet.address, nonce + place) for place, step in enumerate(order)
    }
    holders = dict(allocation_wei or {wallet.address: CAP_WEI})
    if economy is not None:
        holders = genesis_wei(economy, wallet.address, found)
    genesis = (list(holders), list(holders.values()))
    for step in order:
        args = genesis if step.name == "token" else step.args(found)
        if await _create(client, wallet, step.contract, *args) != found[step.name]:
            raise ConfigError(
                f"The deployer {wallet.address} sent another transaction in between; the new "
                "contracts do not know each other and must not be used.",
                hint="Deploy again and send nothing else with this key meanwhile.",
            )
    deployment = Deployment(client.chain_id, client.genesis_hash, first_block, **found)
    await verify_deployment(client, deployment)
    if economy is not None:
        await _fund(Contracts(client, deployment), wallet)
    if path is not None:
        save_deployment(deployment, path)
    return deployment


async def _fund(contracts: Contracts, wallet: Wallet) -> None:
    """Hand on what the deployer holds for treasury, insurance, audits and canaries."""
    deployment, token = contracts.deployment, contracts.token
    has_audits = deployment.has_audits
    pool_wei = AUDIT_POOL_WEI if has_audits else 0
    for name, spender, amount_wei in (
        ("Treasury", deployment.treasury, TREASURY_WEI - CANARIES_WEI),
        ("InsuranceFund", deployment.insurance_fund, INSURANCE_WEI - pool_wei),
        ("Canaries", deployment.canaries, CANARIES_WEI),
    ):
        await token.approve(wallet, spender, amount_wei)
        call = Call(contract_abi(name), spender, "fund", (amount_wei,))
        await contracts.client.send(call, wallet)
    if has_audits:
        await token.approve(wallet, deployment.market, pool_wei)
        await contracts.market.deposit(wallet, pool_wei)
        await contracts.audits.fund_pool(wallet, pool_wei)


def _address(given: str | None) -> Address | None:
    return None if given is None else Address(given)


async def _create(client: ChainClient, wallet: Wallet, name: str, *args: Any) -> Address:
    code = contract_abi(name).encode_deployment(args)
    receipt = await client.deploy_code(code, wallet, label=name)
    if receipt.contract_address is None:
        raise InternalError(f"The deployment of {name} has no address.", tx_hash=receipt.tx_hash)
    return receipt.contract_address


async def verify_deployment(client: ChainClient, deployment: Deployment) -> None:
    """Check that the record is of this very chain and that its contracts point at each other.

    Raises:
        ConfigError: another chain, a wiped devnet, no code at an address, or contracts that do not
            belong together.
        RpcError: no endpoint answers.
    """
    if deployment.chain_id != client.chain_id:
        raise _mismatch(
            f"it is of chain {deployment.chain_id}, the endpoint serves {client.chain_id}"
        )
    if deployment.genesis_hash != client.genesis_hash:
        raise _mismatch(
            f"chain {client.chain_id} was wiped and begun anew since (its first block is "
            f"{client.genesis_hash}, not {deployment.genesis_hash})"
        )
    for address in deployment.contract_addresses():
        if not await client.code(address):
            raise _mismatch(f"there is no contract at {address}")
    try:
        wrong = await wrong_link(client, deployment)
    except ContractRevert as error:
        raise _mismatch("one of its addresses holds another kind of contract") from error
    if wrong is not None:
        raise _mismatch(wrong)


def _mismatch(why: str) -> ConfigError:
    return ConfigError(
        f"The recorded deployment does not fit this chain: {why}.",
        hint="Deploy again, or give the deployment file of this chain.",
    )
