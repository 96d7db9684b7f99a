"""The audit court, typed: one method per function of ``AuditCourt``; and the dispute court.

Place: facades over ``client``; they hold no rule. Facts are passed as they stood in the event
``AuditOpened``. Amounts are wei, times unix seconds of the chain.
"""

from __future__ import annotations

from typing import NamedTuple

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.disputes import DisputeRecord, Disputes, RefereeRecord, Words
from neurovoyance.chain.facade import Facade
from neurovoyance.chain.wallet import Wallet
from neurovoyance.protocol.audit import (
    AuditFacts,
    Outcome,
    SlotPhase,
)
from neurovoyance.protocol.ids import Address, JobId
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.result import Opening


class AuditPolicy(NamedTuple):
    """What a deployment fixes for its audits; mirrors ``IAuditCourt.Policy``.

    Attributes:
        min_bps: smallest audit probability; 10,000 audits every job.
        first_jobs: passed audits of a provider with a model before its probability falls.
        seats_min: live seats a pool needs.
        owners_min: owners a pool needs.
    """

    min_bps: int
    first_jobs: int
    seats_min: int
    owners_min: int


class SlotRecord(NamedTuple):
    """Where one audit slot stands; mirrors ``AuditSlot``."""

    auditor: Address
    deadline_s: int
    round: int
    phase: SlotPhase
    attempts: int
    passes: int
    fails: int
    non_finites: int


class VoteRecord(NamedTuple):
    """One auditor's vote in a slot that needed more than one; mirrors ``AuditVote``."""

    auditor: Address
    round: int
    outcome: Outcome
    is_closed: bool


class AuditTerms(NamedTuple):
    """Audit probabilities of a job: what the client pays for, and what the draw uses."""

    p_econ_bps: int
    p_bps: int


class Audits(Facade):
    """``AuditCourt``: drawn audits."""

    contract = "AuditCourt"

    async def open_audit(
        self,
        wallet: Wallet,
        job_id: JobId,
        spec: JobSpec,
        salt: bytes,
        commitment: bytes,
        seed0: bytes,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Open the audit of a drawn job and draw its auditors; anyone."""
        args = (job_id, spec.as_abi(), salt, commitment, seed0)
        return await self._send(wallet, idempotency_key, "openAudit", *args)

    async def draw_and_open(
        self,
        wallet: Wallet,
        job_id: JobId,
        spec: JobSpec,
        salt: bytes,
        commitment: bytes,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """As :meth:`open_audit`, drawing the seed first; reverts where no audit is drawn."""
        args = (job_id, spec.as_abi(), salt, commitment)
        return await self._send(wallet, idempotency_key, "drawAndOpen", *args)

    async def seat(
        self, wallet: Wallet, facts: AuditFacts, slot: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Look at further seats for a slot without an auditor; anyone."""
        return await self._send(wallet, idempotency_key, "seat", facts.as_abi(), slot)

    async def commit_audit(
        self,
        wallet: Wallet,
        facts: AuditFacts,
        slot: int,
        commitment: bytes,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Bind the drawn auditor, as its operator."""
        args = (facts.as_abi(), slot, commitment)
        return await self._send(wallet, idempotency_key, "commitAudit", *args)

    async def answer(
        self,
        wallet: Wallet,
        facts: AuditFacts,
        slot: int,
        z0: Words,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Give the provider's projection, as its operator."""
        args = (facts.as_abi(), slot, tuple(z0))
        return await self._send(wallet, idempotency_key, "answer", *args)

    async def reveal_audit(
        self,
        wallet: Wallet,
        facts: AuditFacts,
        slot: int,
        z1: Words,
        flags: int,
        salt: bytes,
        z0: Words,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Open the auditor's projection; ``z0`` as the provider answered it."""
        args = (facts.as_abi(), slot, tuple(z1), flags, salt, tuple(z0))
        return await self._send(wallet, idempotency_key, "revealAudit", *args)

    async def expire(
        self, wallet: Wallet, facts: AuditFacts, slot: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """End a phase of a slot whose deadline passed; anyone."""
        return await self._send(wallet, idempotency_key, "expire", facts.as_abi(), slot)

    async def concede(
        self, wallet: Wallet, facts: AuditFacts, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Admit a failed audit, as the provider's operator: refund and slash at once."""
        return await self._send(wallet, idempotency_key, "concede", facts.as_abi())

    async def contest(
        self,
        wallet: Wallet,
        facts: AuditFacts,
        opening: Opening,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Publish the result and dispute every failing auditor, as the provider's operator."""
        args = (facts.as_abi(), opening.as_abi())
        return await self._send(wallet, idempotency_key, "contest", *args)

    async def expire_contest(
        self, wallet: Wallet, facts: AuditFacts, *, idempotency_key: str | None = None
    ) -> Receipt:
        """End a failed audit that was not contested in time; anyone."""
        return await self._send(wallet, idempotency_key, "expireContest", facts.as_abi())

    async def close_votes(
        self, wallet: Wallet, facts: AuditFacts, slot: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Free or slash the locks of a slot's auditors by how the job ended; anyone."""
        return await self._send(wallet, idempotency_key, "closeVotes", facts.as_abi(), slot)

    async def book_slash(
        self, wallet: Wallet, facts: AuditFacts, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Repeat booking the slash of a rejected job if that failed; anyone."""
        return await self._send(wallet, idempotency_key, "bookSlash", facts.as_abi())

    async def void_job(
        self,
        wallet: Wallet,
        job_id: JobId,
        spec: JobSpec,
        salt: bytes,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """End a live job of a suspended model: refund, nobody slashed; anyone."""
        args = (job_id, spec.as_abi(), salt)
        return await self._send(wallet, idempotency_key, "voidJob", *args)

    async def fund_pool(
        self, wallet: Wallet, amount_wei: int, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Move free balance of the caller into the audit pool."""
        return await self._send(wallet, idempotency_key, "fundPool", amount_wei)

    async def terms(
        self,
        model_id: bytes,
        job_class: JobClass,
        provider: str,
        *,
        price_wei: int,
        lock_wei: int,
        declared_gain_wei: int,
        slots: int,
    ) -> AuditTerms:
        """Return the audit probabilities that a job would get; reverts where it may not be."""
        args = (model_id, int(job_class), provider, price_wei, lock_wei, declared_gain_wei, slots)
        found = await self.client.call(self.prepare("terms", *args))
        return AuditTerms(*(int(value) for value in found))

    async def policy(self) -> AuditPolicy:
        """Return what the deployment fixed."""
        return AuditPolicy(*await self._read("policy"))

    async def audit_of(self, job_id: JobId) -> bytes:
        """Return the hash of an audit's facts, 32 bytes; zeros if none was opened."""
        return bytes(await self._read("auditOf", job_id))

    async def slot_of(self, job_id: JobId, slot: int) -> SlotRecord:
        """Return where a slot stands."""
        raw = SlotRecord(*await self._read("slotOf", job_id, slot))
        return raw._replace(phase=SlotPhase(raw.phase))

    async def votes_of(self, job_id: JobId, slot: int) -> list[VoteRecord]:
        """Return the votes kept for a slot, in order."""
        found = [VoteRecord(*vote) for vote in await self._read("votesOf", job_id, slot)]
        return [vote._replace(outcome=Outcome(vote.outcome)) for vote in found]

    async def contest_deadline_of(self, job_id: JobId) -> int:
        """Return the last second to contest a failed audit; 0 if there is none."""
        return int(await self._read("contestDeadlineOf", job_id))

    async def was_drawn(self, job_id: JobId, owner: str) -> bool:
        """Return whether an owner was drawn as an auditor of a job, in any round."""
        return bool(await self._read("wasDrawn", job_id, owner))

    async def streak_of(self, provider: str, model_id: bytes) -> int:
        """Return the passed audits in a row of a provider with a model."""
        return int(await self._read("streakOf", provider, model_id))

    async def missed_of(self, owner: str, epoch: int) -> int:
        """Return the audits that an owner was late with, as an epoch found; they cost its score."""
        return int(await self._read("missedOf", owner, epoch))


__all__ = [
    "AuditPolicy",
    "AuditTerms",
    "Audits",
    "DisputeRecord",
    "Disputes",
    "RefereeRecord",
    "SlotRecord",
    "VoteRecord",
    "Words",
]
