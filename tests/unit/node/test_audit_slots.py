"""What the slots of an audit wait for."""

from __future__ import annotations

import pytest

from neurovoyance.node.audit_slots import (
    AWAITED,
    COLD,
    AuditView,
    SlotView,
    overdue,
    unanswered,
    unseated,
)
from neurovoyance.protocol.audit import SlotPhase

NOW_S = 1_000


def audit(*slots: tuple[SlotPhase, int]) -> AuditView:
    return AuditView(tuple(SlotView(phase, deadline_s=deadline_s) for phase, deadline_s in slots))


def test_every_phase_is_awaited_cold_or_seating() -> None:
    assert AWAITED | COLD | {SlotPhase.NONE, SlotPhase.SEATING} == frozenset(SlotPhase)
    assert not AWAITED & COLD


def test_the_answer_with_the_first_deadline_is_given_first() -> None:
    view = audit((SlotPhase.ANSWER, 1_200), (SlotPhase.COMMIT, 1_010), (SlotPhase.ANSWER, 1_100))
    assert unanswered(view, NOW_S) == 2
    assert unanswered(view, 1_101) == 0


def test_an_answer_in_the_second_of_its_deadline_is_in_time() -> None:
    view = audit((SlotPhase.ANSWER, NOW_S))
    assert (unanswered(view, NOW_S), overdue(view, NOW_S)) == (0, None)
    assert (unanswered(view, NOW_S + 1), overdue(view, NOW_S + 1)) == (None, 0)


@pytest.mark.parametrize("phase", sorted(AWAITED))
def test_whoever_is_late_is_seen(phase: SlotPhase) -> None:
    assert overdue(audit((SlotPhase.PASSED, 0), (phase, NOW_S - 1)), NOW_S) == 1


@pytest.mark.parametrize("phase", sorted(COLD | {SlotPhase.SEATING}))
def test_phases_without_a_deadline_are_never_late(phase: SlotPhase) -> None:
    assert overdue(audit((phase, 0)), NOW_S) is None


def test_a_slot_without_an_auditor_is_found() -> None:
    assert unseated(audit((SlotPhase.COMMIT, 9_999), (SlotPhase.SEATING, 0))) == 1
    assert unseated(audit((SlotPhase.COMMIT, 9_999))) is None
