"""Put the contracts on a chain, record where they are, and tell whether a record still holds.

Place: used by ``cli`` and tests. StakeManager and JobMarket must know each other and neither can
change it later, so the market's address is computed before it exists: it follows from the
deployer's address and nonce (RLP, EIP-161 accounts start at 0; the CREATE rule of the yellow
paper). After the deployment both are asked whom they point at.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from neurovoyance.chain import wire
from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deployment import Deployment, save_deployment
from neurovoyance.chain.wallet import Wallet
from neurovoyance.protocol.errors import ConfigError, ContractRevert, InternalError
from neurovoyance.protocol.ids import Address

GENESIS_SUPPLY_WEI = 1_000_000_000 * 10**18


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
    path: Path | None = None,
) -> Deployment:
    """Deploy token, beacon, stake manager and market.

    Args:
        client: the chain.
        wallet: the deployer; it must send nothing else meanwhile and gets no power by this.
        insurance: who may collect the insurance share of slashes; the deployer if None.
        allocation_wei: who holds the whole supply at genesis; all to the deployer if None.
        path: where to record the deployment.

    Raises:
        ConfigError: another transaction of the deployer came in between; deploy again.
        ChainError: a transaction failed.
    """
    holders = dict(allocation_wei or {wallet.address: GENESIS_SUPPLY_WEI})
    first_block = await client.block_number() + 1
    token = await _create(client, wallet, "ComputeToken", list(holders), list(holders.values()))
    beacon = await _create(client, wallet, "BlockHashBeacon")
    nonce = wire.quantity(
        await client.rpc.request("eth_getTransactionCount", [wallet.address, "pending"])
    )
    market = create_address(wallet.address, nonce + 1)
    stakes = await _create(
        client, wallet, "StakeManager", token, market, insurance or wallet.address
    )
    found = await _create(client, wallet, "JobMarket", token, stakes, beacon)
    if found != market:
        raise ConfigError(
            f"The deployer {wallet.address} sent another transaction in between; the new "
            "contracts do not know each other and must not be used.",
            hint="Deploy again and send nothing else with this key meanwhile.",
        )
    deployment = Deployment(
        client.chain_id, client.genesis_hash, first_block, token, beacon, stakes, market
    )
    await verify_deployment(client, deployment)
    if path is not None:
        save_deployment(deployment, path)
    return deployment


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
        await _check_links(Contracts(client, deployment))
    except ContractRevert as error:
        raise _mismatch("one of its addresses holds another kind of contract") from error


async def _check_links(contracts: Contracts) -> None:
    deployment, market, stakes = contracts.deployment, contracts.market, contracts.stakes
    links = (
        ("market", "stake manager", await market.stake_manager(), deployment.stake_manager),
        ("market", "token", await market.token(), deployment.token),
        ("market", "beacon", await market.beacon(), deployment.beacon),
        ("stake manager", "market", await stakes.market(), deployment.market),
        ("stake manager", "token", await stakes.token(), deployment.token),
    )
    for holder, named, found, expected in links:
        if found != expected:
            raise _mismatch(f"the {holder} names {found} as its {named}, not {expected}")


def _mismatch(why: str) -> ConfigError:
    return ConfigError(
        f"The recorded deployment does not fit this chain: {why}.",
        hint="Deploy again, or give the deployment file of this chain.",
    )
