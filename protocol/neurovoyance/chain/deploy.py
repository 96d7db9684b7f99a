"""Put the contracts on a chain, record where they are, and tell whether a record still holds.

Place: used by ``cli`` and tests. StakeManager, JobMarket and the courts must know each other and
none can change it later, so their addresses are computed before they exist: they follow from the
deployer's address and nonce (RLP, EIP-161 accounts start at 0; the CREATE rule of the yellow
paper). After the deployment all are asked whom they point at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from neurovoyance.chain import wire
from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.courts import AuditPolicy
from neurovoyance.chain.deployment import Deployment, save_deployment
from neurovoyance.chain.wallet import Wallet
from neurovoyance.protocol.errors import ConfigError, ContractRevert, InternalError
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address

_Link: TypeAlias = tuple[str, str, Address, Address]

GENESIS_SUPPLY_WEI = 1_000_000_000 * 10**18


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """What the courts of a deployment are made with, for ever.

    Attributes:
        policy: see :class:`AuditPolicy`; a public network uses the protocol's parameters
            auditMinBps, auditFirstJobs, poolSeatsMin and poolOwnersMin.
        activation_delay_s: seconds between a model's registration and its first job
            (modelActivationS).
        arbiter: who suspends models and rules on challenged certificates; the deployer if None.
    """

    policy: AuditPolicy
    activation_delay_s: int
    arbiter: str | None = None

    @classmethod
    def local(cls, *, min_bps: int = 200, first_jobs: int = 2) -> AuditSettings:
        """Return settings for a network on one machine: few seats, models active at once."""
        return cls(AuditPolicy(min_bps, first_jobs, seats_min=1, owners_min=1), 0)


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
    path: Path | None = None,
) -> Deployment:
    """Deploy token, beacon, stake manager and market, and the courts if audits are wanted.

    Args:
        client: the chain.
        wallet: the deployer; it must send nothing else meanwhile and gets no power by this.
        insurance: who may collect the insurance share of slashes; the deployer if None.
        allocation_wei: who holds the whole supply at genesis; all to the deployer if None.
        audits: what the courts are deployed with; None for a market without audits.
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
    fixed = _Fixed.after(wallet.address, nonce, audits is not None)
    found = [
        await _create(
            client,
            wallet,
            "StakeManager",
            token,
            fixed.market,
            insurance or wallet.address,
            *fixed.courts,
        ),
        await _create(client, wallet, "JobMarket", token, fixed.stakes, beacon, *fixed.courts),
    ]
    if audits is not None:
        found += await _create_courts(client, wallet, fixed, token, beacon, audits)
    if found != fixed.deployed():
        raise ConfigError(
            f"The deployer {wallet.address} sent another transaction in between; the new "
            "contracts do not know each other and must not be used.",
            hint="Deploy again and send nothing else with this key meanwhile.",
        )
    deployment = Deployment(
        client.chain_id,
        client.genesis_hash,
        first_block,
        token,
        beacon,
        fixed.stakes,
        fixed.market,
        fixed.registry,
        *fixed.courts,
    )
    await verify_deployment(client, deployment)
    if path is not None:
        save_deployment(deployment, path)
    return deployment


@dataclass(frozen=True, slots=True)
class _Fixed:
    """Addresses known before the contracts are: stakes, market, registry, audits, disputes."""

    stakes: Address
    market: Address
    registry: Address = ZERO_ADDRESS
    audit_court: Address = ZERO_ADDRESS
    dispute_court: Address = ZERO_ADDRESS

    @classmethod
    def after(cls, deployer: str, nonce: int, has_audits: bool) -> _Fixed:
        count = 5 if has_audits else 2
        return cls(*(create_address(deployer, nonce + place) for place in range(count)))

    @property
    def courts(self) -> tuple[Address, Address]:
        return self.audit_court, self.dispute_court

    def deployed(self) -> list[Address]:
        everything = [self.stakes, self.market, self.registry, *self.courts]
        return [address for address in everything if address != ZERO_ADDRESS]


async def _create_courts(
    client: ChainClient,
    wallet: Wallet,
    fixed: _Fixed,
    token: Address,
    beacon: Address,
    audits: AuditSettings,
) -> list[Address]:
    arbiter = audits.arbiter or wallet.address
    named = (fixed.market, fixed.stakes, fixed.registry)
    return [
        await _create(client, wallet, "ModelRegistry", token, arbiter, audits.activation_delay_s),
        await _create(
            client, wallet, "AuditCourt", *named, fixed.dispute_court, tuple(audits.policy)
        ),
        await _create(client, wallet, "DisputeCourt", *named, fixed.audit_court, beacon),
    ]


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
    links: list[_Link] = [
        ("market", "stake manager", await market.stake_manager(), deployment.stake_manager),
        ("market", "token", await market.token(), deployment.token),
        ("market", "beacon", await market.beacon(), deployment.beacon),
        ("stake manager", "market", await stakes.market(), deployment.market),
        ("stake manager", "token", await stakes.token(), deployment.token),
        ("market", "audit court", await market.audit_court(), deployment.audit_court),
        ("market", "dispute court", await market.dispute_court(), deployment.dispute_court),
        ("stake manager", "audit court", await stakes.audit_court(), deployment.audit_court),
        ("stake manager", "dispute court", await stakes.dispute_court(), deployment.dispute_court),
    ]
    if deployment.has_audits:
        links += await _court_links(contracts)
    for holder, named, found, expected in links:
        if found != expected:
            raise _mismatch(f"the {holder} names {found} as its {named}, not {expected}")


async def _court_links(contracts: Contracts) -> list[_Link]:
    deployment, links = contracts.deployment, []
    named = {
        "market": deployment.market,
        "stakeManager": deployment.stake_manager,
        "registry": deployment.registry,
    }
    audits = {**named, "disputeCourt": deployment.dispute_court}
    disputes = {**named, "auditCourt": deployment.audit_court, "beacon": deployment.beacon}
    for holder, court, expected in (
        ("audit court", contracts.audits, audits),
        ("dispute court", contracts.disputes, disputes),
        ("registry", contracts.registry, {"token": deployment.token}),
    ):
        for name, address in expected.items():
            links.append((holder, name, await court.link(name), address))
    return links


def _mismatch(why: str) -> ConfigError:
    return ConfigError(
        f"The recorded deployment does not fit this chain: {why}.",
        hint="Deploy again, or give the deployment file of this chain.",
    )
