"""What the slots of an audit wait for, whoever looks: the rules that provider and auditor share.

Place: pure, under ``execution`` (the provider's side) and ``audit_rules`` (the auditor's). Times
are chain time in unix seconds; a call in the deadline's own second is still in time. Never: I/O.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurovoyance.protocol.audit import SlotPhase

AWAITED = frozenset({SlotPhase.COMMIT, SlotPhase.ANSWER, SlotPhase.REVEAL})
"""Phases with a deadline that somebody has to keep."""

COLD = frozenset({SlotPhase.PASSED, SlotPhase.FAILED, SlotPhase.INVALID, SlotPhase.SKIPPED})


@dataclass(frozen=True, slots=True)
class SlotView:
    """One audit slot as the chain holds it.

    Attributes:
        auditor: owner drawn in the present round; the zero address while seating.
        deadline_s: of the present phase.
        round: r, from 0.
        attempts: seats looked at in this round.
    """

    phase: SlotPhase
    round: int = 0
    deadline_s: int = 0
    auditor: str = ""
    attempts: int = 0

    def is_late(self, time_s: int) -> bool:
        """Tell whether somebody missed the deadline of the phase, so that it can be ended."""
        return self.phase in AWAITED and time_s > self.deadline_s


@dataclass(frozen=True, slots=True)
class AuditView:
    """An open audit as the chain holds it.

    Attributes:
        slots: in order.
        contest_deadline_s: last second to contest a failed audit; 0 if there is none.
    """

    slots: tuple[SlotView, ...]
    contest_deadline_s: int = 0


def unanswered(audit: AuditView, time_s: int) -> int | None:
    """Return the slot whose answer is due first, or None; late ones cannot be answered any more."""
    due = [
        (slot.deadline_s, index)
        for index, slot in enumerate(audit.slots)
        if slot.phase is SlotPhase.ANSWER and time_s <= slot.deadline_s
    ]
    return min(due)[1] if due else None


def unseated(audit: AuditView) -> int | None:
    """Return the first slot that has no auditor yet, or None."""
    found = (i for i, slot in enumerate(audit.slots) if slot.phase is SlotPhase.SEATING)
    return next(found, None)


def overdue(audit: AuditView, time_s: int) -> int | None:
    """Return the first slot whose deadline somebody missed, or None."""
    return next((i for i, slot in enumerate(audit.slots) if slot.is_late(time_s)), None)
