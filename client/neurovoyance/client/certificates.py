"""Models on chain: register a manifest with a bond, read where it stands, challenge it.

Place: stage 1, once a model; over ``session``. The document's keccak256 is the model id, so whoever
registers it changes nothing about it. Never: a second bond for a model that is registered, or an
allowance beyond one bond.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from neurovoyance.chain.contracts import Contracts, PoolRecord
from neurovoyance.chain.courts import AuditPolicy
from neurovoyance.chain.events import ModelRegistered
from neurovoyance.chain.history import history
from neurovoyance.chain.registry import ModelRecord, ModelState
from neurovoyance.chain.reverts import ModelRegistryAlreadyRegistered
from neurovoyance.client.session import Session
from neurovoyance.ipfs.cid import Cid
from neurovoyance.protocol.certificate import NO_POOL, Certificate
from neurovoyance.protocol.errors import ConfigError, InsufficientFunds, SpecError
from neurovoyance.protocol.ids import Address, ModelId, hex_of
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.manifest import ModelManifest, parse_manifest
from neurovoyance.protocol.units import format_nvy
from neurovoyance.tokenomics.params import default_of

OnBond = Callable[[int], None]
"""Told the amount in wei before money is bound."""


@dataclass(frozen=True, slots=True)
class PoolView:
    """The auditors of one job class of a model.

    Attributes:
        pool: 12 bytes.
        record: live seats and owners.
        policy: how many of both jobs need.
    """

    job_class: JobClass
    pool: bytes
    record: PoolRecord
    policy: AuditPolicy

    @property
    def is_enough(self) -> bool:
        """Whether jobs find enough auditors."""
        found, needed = self.record, self.policy
        return found.live_seats >= needed.seats_min and found.owners >= needed.owners_min

    @property
    def name(self) -> str:
        """The pool for people: its name, or its bytes in hexadecimal."""
        text = self.pool.rstrip(b"\0")
        return text.decode("ascii") if text.isascii() else hex_of(self.pool)


@dataclass(frozen=True, slots=True)
class Registration:
    """Where a model stands on chain.

    Attributes:
        record: state, terms, and from when it takes jobs.
        registrant: who bonded for it; the zero address if nobody did.
        bond_wei: of the registrant, as far as it is still held.
        pools: one for each job class that the certificate covers.
        time_s: chain time of the reading, unix seconds.
    """

    model_id: ModelId
    record: ModelRecord
    registrant: Address
    bond_wei: int
    pools: tuple[PoolView, ...]
    time_s: int

    @property
    def is_registered(self) -> bool:
        """Whether the chain knows the model."""
        return self.record.state is not ModelState.NONE

    @property
    def is_active(self) -> bool:
        """Whether the registry lets the model take jobs now."""
        is_open = self.record.state in (ModelState.REGISTERED, ModelState.CHALLENGED)
        return is_open and self.time_s >= self.record.active_at_s

    def job_classes(self) -> tuple[JobClass, ...]:
        """Return the classes in which a job can be posted now."""
        return tuple(pool.job_class for pool in self.pools if self.is_active and pool.is_enough)


async def registration_of(contracts: Contracts, model_id: ModelId) -> Registration:
    """Return where a model stands.

    Raises:
        ConfigError: the deployment has no registry.
        RpcError: the chain cannot be asked.
    """
    _require_registry(contracts)
    record = await contracts.registry.model(model_id)
    policy = await contracts.audits.policy()
    classes = ((JobClass.TENSOR, record.tensor_pool), (JobClass.EXACT, record.exact_pool))
    pools = [
        PoolView(job_class, pool, await contracts.stakes.pool_of(pool), policy)
        for job_class, pool in classes
        if pool not in (NO_POOL, b"")
    ]
    return Registration(
        model_id,
        record,
        await contracts.registry.registrant_of(model_id),
        await contracts.registry.bond_of_wei(model_id),
        tuple(pools),
        await contracts.client.time_s(),
    )


async def register(
    session: Session, manifest: ModelManifest, on_bond: OnBond | None = None
) -> bool:
    """Register a certified model; return False if somebody has registered it already.

    Repeating it changes nothing: the document is sent under one key, and a bond is taken with the
    registration or not at all.

    Args:
        on_bond: told the bond before anything is signed.

    Raises:
        ConfigError: the deployment has no registry.
        SpecError: the manifest carries no certificate.
        InsufficientFunds: the account does not hold the bond; nothing was sent.
        ContractRevert: the registry refused; no money moved.
    """
    _require_registry(session.contracts)
    require_certificate(manifest)
    document, model_id = manifest.canonical_bytes(), manifest.model_id()
    contracts = session.contracts
    if (await contracts.registry.model(model_id)).state is not ModelState.NONE:
        return False
    async with session.money_lock:
        await _bond(session, f"register:{hex_of(model_id)}", on_bond)
        try:
            await contracts.registry.register(
                session.wallet, document, idempotency_key=f"register:{hex_of(model_id)}"
            )
        except ModelRegistryAlreadyRegistered:
            return False
    return True


async def challenge(
    session: Session, model_id: ModelId, evidence: bytes, on_bond: OnBond | None = None
) -> Cid:
    """Claim that a certificate does not hold; return the CID of the evidence on chain.

    The evidence is stored and offered to peers first, so that the arbiter can read it.

    Raises:
        ConfigError: the deployment has no registry.
        InsufficientFunds: the account does not hold the bond; nothing was sent.
        ContractRevert: the model is not registered, or challenged already; no money moved.
    """
    _require_registry(session.contracts)
    cid = await session.storage.add(evidence, pin_name=f"evidence:{hex_of(model_id)[:18]}")
    await session.storage.provide(cid)
    key = f"challenge:{hex_of(model_id)}:{cid}"
    async with session.money_lock:
        await _bond(session, key, on_bond)
        await session.contracts.registry.challenge(
            session.wallet, model_id, cid.to_bytes(), idempotency_key=key
        )
    return cid


async def registered_manifest(session: Session, model_id: ModelId) -> ModelManifest | None:
    """Return the document that was registered under a model id, from the chain; None if none was.

    Raises:
        SpecError: the document on chain is no manifest.
        RpcError: the chain cannot be asked.
    """
    deployment = session.deployment
    events: list[Any] = await history(
        session.chain, [deployment.registry], model_id, start_block=deployment.deploy_block
    )
    for event in events:
        if isinstance(event, ModelRegistered):
            return parse_manifest(event.document, model_id)
    return None


def require_certificate(manifest: ModelManifest) -> Certificate:
    """Return the certificate of a model.

    Raises:
        SpecError: there is none.
    """
    if manifest.certificate is None:
        raise SpecError(
            "The model carries no certificate, so it can be neither registered nor verified.",
            hint="Measure it with `neurovoyance model calibrate`; nothing was sent.",
        )
    return manifest.certificate


async def _bond(session: Session, key: str, on_bond: OnBond | None) -> None:
    """Allow the registry to take one bond."""
    bond_wei = default_of("registrantBondWei")
    token, registry = session.contracts.token, session.deployment.registry
    held_wei = await token.balance_of_wei(session.address)
    if held_wei < bond_wei:
        raise InsufficientFunds(
            f"The bond is {format_nvy(bond_wei)} NVY and the wallet holds "
            f"{format_nvy(held_wei)}. Nothing was sent.",
            hint=f"Send NVY to {session.address}. The bond returns unless a challenge is upheld.",
            needed_wei=str(bond_wei),
            held_wei=str(held_wei),
        )
    if on_bond is not None:
        on_bond(bond_wei)
    if await token.allowance_wei(session.address, registry) < bond_wei:
        await token.approve(session.wallet, registry, bond_wei, idempotency_key=f"allow:{key}")


def _require_registry(contracts: Contracts) -> None:
    if not contracts.has_audits:
        raise ConfigError(
            "This deployment has no registry of models: its jobs are never audited.",
            hint="Use a deployment with audits; nothing was sent.",
            faults=["deployment: without audits"],
        )
