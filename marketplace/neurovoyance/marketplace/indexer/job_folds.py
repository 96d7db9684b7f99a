"""What events of jobs, audits and disputes make of their rows.

Place: pure folds under ``folding``; state follows the contracts' own events, never a clock.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from neurovoyance.chain import events as on_chain
from neurovoyance.marketplace.indexer.encoding import plain
from neurovoyance.marketplace.indexer.schema import AUDIT, DISPUTE, JOB, PRICE, PROVIDER
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.lifecycle import JobState

if TYPE_CHECKING:
    from neurovoyance.marketplace.indexer.rows import Row, Rows

_MISSED = frozenset(
    {
        JobState.PROVIDER_COMMIT_TIMEOUT,
        JobState.PROVIDER_REVEAL_TIMEOUT,
        JobState.PROVIDER_ANSWER_TIMEOUT,
        JobState.PROVIDER_TRACE_TIMEOUT,
    }
)


def posted(rows: Rows, event: on_chain.JobPosted) -> None:
    """A job was listed, or opened with an offer."""
    rows.change(
        JOB,
        hex_of(event.job_id),
        client=event.client,
        state=int(JobState.OPEN),
        model_id=hex_of(event.spec.model_id),
        job_class=event.spec.job_class,
        batch=event.spec.batch,
        max_price_wei=event.max_price_wei,
        price_wei=event.max_price_wei,
        deadline_s=event.deadline_s,
        spec_json=json.dumps(plain(event.spec), separators=(",", ":")),
    )


def assigned(rows: Rows, event: on_chain.JobAssigned) -> None:
    """A provider took it at a price."""
    job = rows.change(
        JOB,
        hex_of(event.job_id),
        provider=event.provider,
        state=int(JobState.ASSIGNED),
        price_wei=event.price_wei,
        lock_wei=event.lock_wei,
        deadline_s=event.deadline_s,
    )
    _count(rows, event.provider, "jobs_taken")
    rows.grow(
        PRICE,
        {
            "born": rows.born,
            "block_number": event.meta.block_number,
            "time_s": rows.time_s,
            "job_id": job["job_id"],
            "model_id": job["model_id"],
            "provider": event.provider,
            "batch": job["batch"],
            "price_wei": event.price_wei,
        },
    )


def _count(rows: Rows, provider: str, column: str) -> None:
    row = rows.change(PROVIDER, provider)
    row[column] += 1


def _moved(rows: Rows, job_id: bytes, state: JobState, deadline_s: int = 0) -> Row:
    return rows.change(JOB, hex_of(job_id), state=int(state), deadline_s=deadline_s)


def committed(rows: Rows, event: on_chain.JobCommitted) -> None:
    """The provider committed to a result."""
    _moved(rows, event.job_id, JobState.COMMITTED, event.deadline_s)


def drawn(rows: Rows, event: on_chain.SeedDrawn) -> None:
    """The seed is known; an audited job waits."""
    if event.audited:
        _moved(rows, event.job_id, JobState.DRAWN, event.deadline_s)["is_audited"] = True
    else:
        rows.change(JOB, hex_of(event.job_id), deadline_s=event.deadline_s)


def revealed(rows: Rows, event: on_chain.JobRevealed) -> None:
    """The result can be read."""
    _moved(rows, event.job_id, JobState.REVEALED, event.deadline_s)


def confirmed(rows: Rows, event: on_chain.JobConfirmed) -> None:
    """The client accepted; settlement follows in the same transaction."""
    _moved(rows, event.job_id, JobState.ACCEPTED)


def settled(rows: Rows, event: on_chain.JobSettled) -> None:
    """The provider was paid."""
    _moved(rows, event.job_id, JobState.SETTLED)["paid_wei"] = event.paid_wei
    _count(rows, event.provider, "jobs_settled")


def _refunded(rows: Rows, job_id: bytes, state: JobState, refund_wei: int, deadline_s: int) -> None:
    job = _moved(rows, job_id, state, deadline_s)
    job["refunded_wei"] += refund_wei
    # One that has a provider and is cancelled was handed back: not delivered, as when time ran out.
    is_missed = state in _MISSED or state is JobState.CANCELLED
    if (is_missed or state is JobState.REJECTED) and job["provider"]:
        _count(rows, job["provider"], "jobs_failed")
        if is_missed:
            _count(rows, job["provider"], "jobs_missed")


def expired(rows: Rows, event: on_chain.JobExpired) -> None:
    """Somebody missed a deadline."""
    _refunded(rows, event.job_id, event.state, event.refund_wei, 0)


def invalid(rows: Rows, event: on_chain.JobInvalid) -> None:
    """The job could not be computed."""
    _refunded(rows, event.job_id, JobState.INVALID, event.refund_wei, 0)


def cancelled(rows: Rows, event: on_chain.JobCancelled) -> None:
    """The client withdrew the listing, or the provider handed the job back."""
    _refunded(rows, event.job_id, JobState.CANCELLED, event.refund_wei, 0)


def moved(rows: Rows, event: on_chain.JobMoved) -> None:
    """A court moved the job."""
    _refunded(rows, event.job_id, event.to, event.refund_wei, event.deadline_s)


def _audit(rows: Rows, event: Any, **values: Any) -> None:
    job_id = hex_of(event.job_id)
    key = f"{job_id}:{event.slot}:{event.round}"
    rows.change(AUDIT, key, job_id=job_id, slot=event.slot, round=event.round, **values)


def auditor_drawn(rows: Rows, event: on_chain.AuditorDrawn) -> None:
    """An auditor was drawn for a slot."""
    _audit(rows, event, auditor=event.auditor)


def auditor_late(rows: Rows, event: on_chain.AuditorLate) -> None:
    """The auditor missed its deadline."""
    _audit(rows, event, auditor=event.auditor, is_late=True)


def audit_revealed(rows: Rows, event: on_chain.AuditRevealed) -> None:
    """The auditor's finding."""
    _audit(
        rows,
        event,
        auditor=event.auditor,
        outcome=int(event.outcome),
        paid_wei=event.paid_wei,
    )


def dispute_opened(rows: Rows, event: on_chain.DisputeOpened) -> None:
    """Somebody claims that a result is wrong."""
    rows.change(
        DISPUTE,
        str(event.dispute_id),
        job_id=hex_of(event.job_id),
        challenger=event.challenger,
        provider=event.facts.provider,
        kind=int(event.facts.kind),
        bond_wei=event.facts.bond_wei,
    )


def dispute_closed(rows: Rows, event: on_chain.DisputeClosed) -> None:
    """A dispute ended."""
    rows.change(DISPUTE, str(event.dispute_id), phase=int(event.phase), deadline_s=0)


def tallied(rows: Rows, event: on_chain.Tallied) -> None:
    """A level of referees was counted."""
    rows.change(
        DISPUTE,
        str(event.dispute_id),
        level=event.level,
        verdict=int(event.verdict),
        deadline_s=event.deadline_s,
    )


FOLDS: dict[type[Any], Any] = {
    on_chain.JobPosted: posted,
    on_chain.JobAssigned: assigned,
    on_chain.JobCommitted: committed,
    on_chain.SeedDrawn: drawn,
    on_chain.JobRevealed: revealed,
    on_chain.JobConfirmed: confirmed,
    on_chain.JobSettled: settled,
    on_chain.JobExpired: expired,
    on_chain.JobInvalid: invalid,
    on_chain.JobCancelled: cancelled,
    on_chain.JobMoved: moved,
    on_chain.AuditorDrawn: auditor_drawn,
    on_chain.AuditorLate: auditor_late,
    on_chain.AuditRevealed: audit_revealed,
    on_chain.DisputeOpened: dispute_opened,
    on_chain.DisputeClosed: dispute_closed,
    on_chain.Tallied: tallied,
}
