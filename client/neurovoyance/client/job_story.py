"""What the chain says about one job, as facts that anybody can check.

Place: under :mod:`.receipts` and ``neurovoyance audit explain``. Data flow: chain history of the
job, its disputes and its slash -> plain JSON values (wei and other large numbers as decimal
strings). Nothing of it comes from a journal, a provider or a belief of this client, so whoever
reads the same chain gets the same facts. Never: a judgement of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from neurovoyance.chain import events as on_chain
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.chain.history import history
from neurovoyance.ipfs.cid import Cid
from neurovoyance.protocol.audit import DisputeFacts, Outcome
from neurovoyance.protocol.errors import RequestError
from neurovoyance.protocol.ids import JobId, hex_of
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.lifecycle import FINAL, JobState
from neurovoyance.verification.tolerance import Comparison

Facts = dict[str, Any]
E = TypeVar("E", bound=ChainEvent)

_NEAR_TIE = (500, 2_000)
"""Distances from 0.5 to 2 times the tolerance, in thousandths, are flagged as near ties."""


async def job_facts(contracts: Contracts, job_id: JobId) -> Facts:
    """Return every fact that the chain holds about a job.

    Raises:
        RequestError: no such job was ever posted on this chain.
        RpcError: the chain could not be read.
    """
    events = await _history(contracts, job_id)
    posted = _last(events, on_chain.JobPosted)
    if posted is None:
        raise RequestError(
            f"There is no job {hex_of(job_id)[:18]} on this chain.",
            hint="Check the id and the network; `neurovoyance job list` shows your jobs.",
        )
    disputes = [
        await _dispute(contracts, opened) for opened in _all(events, on_chain.DisputeOpened)
    ]
    state = await contracts.market.state_of(job_id)
    return {
        "job_id": hex_of(job_id),
        "chain_id": contracts.client.chain_id,
        "market": contracts.deployment.market,
        "state": state.label,
        "client": posted.client,
        "salt": hex_of(posted.salt),
        "spec": posted.spec.checked().model_dump(mode="json"),
        **_assignment(events),
        **_result(events),
        "audit": _audit(events),
        "disputes": disputes,
        "money": _money(events),
        "slashes": _slashes(events),
        "steps": await _steps(contracts, events),
    }


async def _history(contracts: Contracts, subject: bytes | int) -> list[ChainEvent]:
    deployment = contracts.deployment
    return await history(
        contracts.client,
        deployment.contract_addresses(),
        subject,
        start_block=deployment.deploy_block,
    )


def _all(events: Iterable[ChainEvent], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def _last(events: Iterable[ChainEvent], kind: type[E]) -> E | None:
    found = _all(events, kind)
    return found[-1] if found else None


def _assignment(events: Sequence[ChainEvent]) -> Facts:
    assigned = _last(events, on_chain.JobAssigned)
    frozen = _last(events, on_chain.AuditTermsFrozen)
    return {
        "provider": assigned.provider if assigned else "",
        "price_wei": str(assigned.price_wei) if assigned else "0",
        "lock_wei": str(assigned.lock_wei) if assigned else "0",
        "audit_bps": frozen.p_bps if frozen else 0,
        "audit_paid_by_client_bps": frozen.p_econ_bps if frozen else 0,
    }


def _result(events: Sequence[ChainEvent]) -> Facts:
    committed = _last(events, on_chain.JobCommitted)
    drawn = _last(events, on_chain.SeedDrawn)
    shown = _last(events, on_chain.JobRevealed) or _last(events, on_chain.AuditContested)
    return {
        "commitment": hex_of(committed.commitment) if committed else "",
        "shift": committed.shift if committed else 0,
        "seed0": hex_of(drawn.seed0) if drawn else "",
        "is_audited": bool(drawn and drawn.audited),
        "out_root": hex_of(shown.out_root) if shown else "",
        "result_cid": str(Cid.from_bytes(shown.envelope_cid)) if shown else "",
    }


def _audit(events: Sequence[ChainEvent]) -> Facts | None:
    opened = _last(events, on_chain.AuditOpened)
    if opened is None:
        return None
    facts = opened.facts
    closed = _last(events, on_chain.AuditClosed)
    return {
        "model_id": hex_of(facts.model_id),
        "job_class": JobClass(facts.job_class).name,
        "tau_sq": str(facts.tau_sq),
        "pool": hex_of(facts.pool),
        "slots": facts.slots,
        "outcome": closed.outcome.name if closed else "",
        "conceded": _last(events, on_chain.AuditConceded) is not None,
        "contested": _last(events, on_chain.AuditContested) is not None,
        "rounds": [
            _round(event, facts.tau_sq, facts.job_class == JobClass.EXACT)
            for event in _all(events, on_chain.AuditRevealed)
        ],
        "late": [
            {
                "slot": event.slot,
                "round": event.round,
                "auditor": event.auditor,
                "slashed_wei": str(event.slashed_wei),
            }
            for event in _all(events, on_chain.AuditorLate)
        ],
        "skipped_slots": [event.slot for event in _all(events, on_chain.SlotSkipped)],
        "votes": [
            {
                "slot": event.slot,
                "auditor": event.auditor,
                "was_right": event.is_right,
                "slashed_wei": str(event.slashed_wei),
            }
            for event in _all(events, on_chain.VoteClosed)
        ],
    }


def _round(event: on_chain.AuditRevealed, tau_sq: int, is_exact: bool) -> Facts:
    facts = {
        "slot": event.slot,
        "round": event.round,
        "auditor": event.auditor,
        "outcome": event.outcome.name,
        "flags": event.flags,
        "distance_sq": str(event.distance_sq),
        "norm_sq": str(event.norm_sq),
        "paid_wei": str(event.paid_wei),
    }
    if not is_exact and event.flags == 0:
        compared = Comparison(event.outcome, event.distance_sq, event.norm_sq, tau_sq, event.flags)
        facts["distance_in_tau"] = compared.in_tau()
        facts["is_near_tie"] = _is_near_tie(compared.in_tau())
    return facts


def _is_near_tie(in_tau: str) -> bool:
    if in_tau == "inf":
        return False
    thousandths = int(in_tau.replace(".", ""))
    return _NEAR_TIE[0] <= thousandths <= _NEAR_TIE[1]


async def _dispute(contracts: Contracts, opened: on_chain.DisputeOpened) -> Facts:
    facts: DisputeFacts = opened.facts
    events = await _history(contracts, opened.dispute_id)
    pointed = _last(events, on_chain.Pointed)
    closed = _last(events, on_chain.DisputeClosed)
    return {
        "dispute_id": opened.dispute_id,
        "kind": facts.kind.name,
        "challenger": facts.challenger,
        "bond_wei": str(facts.bond_wei),
        "is_contest": facts.is_contest,
        "pointed_at": {"kind": pointed.kind.name, "row": pointed.row.index} if pointed else None,
        "levels": [
            {
                "level": event.level,
                "verdict": event.verdict.name,
                "guilty": event.guilty,
                "clear": event.clear,
                "abstain": event.abstain,
            }
            for event in _all(events, on_chain.Tallied)
        ],
        "appeals": len(_all(events, on_chain.Appealed)),
        "ended": closed.phase.name if closed else "",
        "referees": [
            {
                "referee": event.referee,
                "paid_wei": str(event.paid_wei),
                "slashed_wei": str(event.slashed_wei),
            }
            for event in _all(events, on_chain.RefereePaid)
        ],
    }


def _money(events: Sequence[ChainEvent]) -> Facts:
    settled = _last(events, on_chain.JobSettled)
    fees = _all(events, on_chain.AuditFeesPaid)
    refunds = [
        event.refund_wei
        for event in events
        if isinstance(
            event,
            on_chain.JobExpired | on_chain.JobCancelled | on_chain.JobInvalid | on_chain.JobMoved,
        )
    ]
    shares = [event.amount_wei for event in _all(events, on_chain.SlashShareCredited)]
    shares += [event.to_client_wei for event in _all(events, on_chain.SlashSplit)]
    return {
        "paid_wei": str(settled.paid_wei if settled else 0),
        "refunded_wei": str(sum(refunds)),
        "audit_pool_wei": str(sum(event.to_pool_wei for event in fees)),
        "surcharge_wei": str(sum(event.surcharge_wei for event in fees)),
        "returned_wei": str(sum(event.returned_wei for event in fees)),
        "compensation_wei": str(sum(shares)),
    }


def _slashes(events: Sequence[ChainEvent]) -> list[Facts]:
    found = []
    for event in events:
        if isinstance(event, on_chain.Slashed):
            found.append(
                {
                    "provider": event.provider,
                    "why": "a deadline was missed",
                    "amount_wei": str(event.amount_wei),
                    "burned_wei": str(event.burned_wei),
                    "to_client_wei": str(event.to_client_wei),
                    "to_insurance_wei": str(event.to_insurance_wei),
                }
            )
        elif isinstance(event, on_chain.SlashBooked):
            found.append(_verdict_slash(events, event))
    return found


def _verdict_slash(events: Sequence[ChainEvent], booked: on_chain.SlashBooked) -> Facts:
    split = _last(events, on_chain.SlashSplit)
    final = _last(events, on_chain.SlashFinalized)
    facts: Facts = {
        "provider": booked.provider,
        "why": "a verdict found the result wrong",
        "amount_wei": str(booked.amount_wei),
        "split_from_s": booked.ready_at_s,
    }
    if final is not None and split is not None:
        facts |= {
            "burned_wei": str(final.burned_wei),
            "to_client_wei": str(final.to_client_wei),
            "to_finder_wei": str(final.to_finder_wei),
            "finder": split.finder,
            "to_judges_wei": str(final.to_judges_wei),
            "to_insurance_wei": str(final.to_insurance_wei),
        }
    return facts


async def _steps(contracts: Contracts, events: Sequence[ChainEvent]) -> list[Facts]:
    times: dict[int, int] = {}
    for event in events:
        number = event.meta.block_number
        if number not in times:
            times[number] = (await contracts.client.block(number)).timestamp_s
    return [
        {
            "event": type(event).__name__,
            "time_s": times[event.meta.block_number],
            "block": event.meta.block_number,
            "tx": event.meta.tx_hash,
        }
        for event in events
    ]


def is_over(facts: Facts) -> bool:
    """Return whether nothing about the job can change any more but the split of a slash."""
    return facts.get("state") in {state.label for state in FINAL}


def was_found_wrong(facts: Facts) -> bool:
    """Return whether auditors or referees found the result wrong."""
    audit = facts["audit"]
    return facts["state"] == JobState.REJECTED.label or bool(
        audit and audit["outcome"] == Outcome.FAIL.name
    )
