"""What an auditor owes, as pure rules: (case, chain, time) -> the one thing to do now.

Place: the centre of the audit duty; ``auditing`` obeys, ``audit_book`` stores cases. A case is one
round of one slot for which our owner was drawn. The chain is read anew before every question, so a
restart, a redraw by others or a reorganisation needs no path of its own. Never: I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from neurovoyance.node.audit_slots import AWAITED, COLD, SlotView
from neurovoyance.protocol.audit import AuditFacts, SlotPhase
from neurovoyance.protocol.ids import JobId, hex_of
from neurovoyance.protocol.lifecycle import JobState

LIVE = frozenset(
    {JobState.AUDITED, JobState.COMMITTED, JobState.REVEALED, JobState.DISPUTED, JobState.DRAWN}
)
"""States in which votes of the job's audit cannot be closed yet."""

CHECKABLE = frozenset({JobState.REVEALED, JobState.DISPUTED, JobState.ACCEPTED, JobState.SETTLED})
"""States in which a forged answer can still be challenged."""


class AuditorAction(StrEnum):
    """What an auditor does. REPEAT and CHECK work here, the others send.

    REPEAT: compute the job and fix what to commit to. CHECK: compare the answer with the revealed
    output. SEAT and EXPIRE move a slot on that others left standing.
    """

    REPEAT = "audit_repeat"
    COMMIT = "audit_commit"
    REVEAL = "audit_reveal"
    SEAT = "audit_seat"
    EXPIRE = "audit_expire"
    CHECK = "audit_check"
    CLOSE_VOTES = "audit_close_votes"


LOCAL = frozenset({AuditorAction.REPEAT, AuditorAction.CHECK})


@dataclass(frozen=True, slots=True)
class CaseKey:
    """One round of one slot of one job."""

    job_id: JobId
    slot: int
    round: int


@dataclass(frozen=True, slots=True)
class Vote:
    """What we commit to, fixed before it is sent; ``z1`` is four words.

    Attributes:
        flags: 0; 2 if the inputs could not be had; 4 if our own output is not finite.
        salt: 32 random bytes.
        commitment: of all of it, 32 bytes.
    """

    z1: tuple[bytes, ...]
    flags: int
    salt: bytes
    commitment: bytes


@dataclass(frozen=True, slots=True)
class AuditCase:
    """A case as this node holds it, apart from the chain.

    Attributes:
        facts: of the audit, those that the chain holds now.
        vote: fixed here, under the facts' seed; None before our run has ended.
        answer: of the provider in our round, four words; None while unknown.
        is_revealed: whether the result of the job is public, as far as we heard.
        is_checked: whether answer and result were compared.
        is_hopeless: no vote will come from this node.
    """

    key: CaseKey
    facts: AuditFacts
    vote: Vote | None = None
    answer: tuple[bytes, ...] | None = None
    is_revealed: bool = False
    is_checked: bool = False
    is_hopeless: bool = False


@dataclass(frozen=True, slots=True)
class CaseView:
    """What the chain says about a case.

    Attributes:
        state: of the job, time-outs counted in.
        slot: as it stands now, in whatever round.
        is_vote_open: a vote of ours is recorded in the slot and its lock is not closed yet.
    """

    state: JobState
    slot: SlotView
    is_vote_open: bool = False


@dataclass(frozen=True, slots=True)
class AuditMargins:
    """Time in hand, in seconds.

    Attributes:
        commit_s: kept before the deadline of our commitment.
        patience_s: left to those concerned before we end a phase that somebody missed.
    """

    commit_s: int = 60
    patience_s: int = 30


def is_seated(case: AuditCase, view: CaseView, owner: str) -> bool:
    """Tell whether the slot is in our round and waits for somebody."""
    slot = view.slot
    is_ours = slot.round == case.key.round and slot.auditor == owner
    return is_ours and slot.phase in AWAITED


def wanted(
    case: AuditCase, view: CaseView, owner: str, time_s: int, margins: AuditMargins | None = None
) -> AuditorAction | None:
    """Return what to do now for a case, or None.

    Args:
        case: what is held here.
        view: what the chain says.
        owner: our owner's address.
        time_s: chain time.
        margins: see :class:`AuditMargins`.
    """
    margins = margins or AuditMargins()
    is_ours = is_seated(case, view, owner)
    if view.state is JobState.AUDITED:
        if is_ours and time_s <= view.slot.deadline_s:
            return _wanted_in_time(case, view.slot.phase)
        is_concerned = is_ours or view.is_vote_open
        return _wanted_of_others(view.slot, time_s, margins) if is_concerned else None
    if view.state not in LIVE and (is_ours or view.is_vote_open):
        return AuditorAction.CLOSE_VOTES
    return AuditorAction.CHECK if _is_checkable(case, view, owner) else None


def _wanted_in_time(case: AuditCase, phase: SlotPhase) -> AuditorAction | None:
    if phase is SlotPhase.COMMIT:
        if case.vote is not None:
            return AuditorAction.COMMIT
        return None if case.is_hopeless else AuditorAction.REPEAT
    if phase is SlotPhase.REVEAL and case.vote is not None and case.answer is not None:
        return AuditorAction.REVEAL
    return None  # the provider's answer is awaited, or its event


def _wanted_of_others(slot: SlotView, time_s: int, margins: AuditMargins) -> AuditorAction | None:
    """Our lock waits for the slot to go on, whoever is late."""
    if slot.phase is SlotPhase.SEATING:
        return AuditorAction.SEAT
    is_left = slot.phase in AWAITED and time_s > slot.deadline_s + margins.patience_s
    return AuditorAction.EXPIRE if is_left else None


def _is_checkable(case: AuditCase, view: CaseView, owner: str) -> bool:
    has_both = case.answer is not None and case.is_revealed and not case.is_checked
    return has_both and view.state in CHECKABLE and has_voted(case, view, owner)


def has_voted(case: AuditCase, view: CaseView, owner: str) -> bool:
    """Tell whether our part in the round was done: the vote is recorded, or closed the slot."""
    slot = view.slot
    closed_it = slot.phase in COLD and slot.round == case.key.round and slot.auditor == owner
    return view.is_vote_open or closed_it or slot.round > case.key.round


def is_over(case: AuditCase, view: CaseView, owner: str) -> bool:
    """Tell whether nothing is left to do for a case, and nothing can bring it back to us."""
    if is_seated(case, view, owner) or view.is_vote_open:
        return False
    if view.state in LIVE:
        if case.answer is None or case.vote is None:
            # Late or redrawn: the round went on without us.
            return view.slot.round > case.key.round or view.slot.phase in COLD
        return view.state in CHECKABLE and case.is_checked
    return case.is_checked or not _is_checkable(case, view, owner)


def is_due(case: AuditCase, view: CaseView, owner: str) -> bool:
    """Tell whether a missed deadline of ours would cost stake."""
    ours = (SlotPhase.COMMIT, SlotPhase.REVEAL)
    return (
        view.state is JobState.AUDITED
        and is_seated(case, view, owner)
        and view.slot.phase in ours
        and not case.is_hopeless
    )


def key_of(case: AuditCase, view: CaseView, action: AuditorAction, serial: int) -> str:
    """Return the idempotency key of an action: one key, one transaction."""
    key, slot = case.key, view.slot
    parts = [hex_of(key.job_id), action.value, f"{serial}", case.facts.seed0.hex()]
    parts += [f"{key.slot}", f"{key.round}"]
    if action in (AuditorAction.SEAT, AuditorAction.EXPIRE):
        parts += [f"{slot.round}", slot.phase.name.lower(), f"{slot.attempts}"]
    return ":".join(parts)
