"""What an audited execution wants: cases, and random worlds in which any party may vanish."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.node.test_execution import C0, JOB, START_S, actions, view

from neurovoyance.node.audit_slots import COLD, AuditView, SlotView
from neurovoyance.node.execution import begin, check_invariants, effective, step
from neurovoyance.node.execution_values import (
    SENDS,
    Action,
    ActionDone,
    ActionFailed,
    ChainSeen,
    ChainView,
    Event,
    Execution,
    Instruction,
    Margins,
    Outcome,
    Phase,
    Rechecked,
    Restarted,
    Tick,
)
from neurovoyance.protocol.audit import SlotPhase
from neurovoyance.protocol.lifecycle import JobState

SEED = b"\x05" * 32
READY = view(JobState.COMMITTED, round=9, is_round_over=True, is_audit_possible=True)
SELECTED = view(JobState.DRAWN, seed0=SEED)


def audited(*slots: SlotView, contest_deadline_s: int = 0) -> ChainView:
    return view(
        JobState.AUDITED,
        deadline_s=9_000,
        seed0=SEED,
        audit=AuditView(slots, contest_deadline_s),
    )


def asked_of(
    seen: ChainView, *events: Event, time_s: int = START_S
) -> tuple[Execution, tuple[Instruction, ...]]:
    execution, instructions = begin(JOB, 60, seen, time_s)
    for event in events:
        execution, instructions = step(execution, event, time_s)
        check_invariants(execution)
    return execution, instructions


@pytest.mark.parametrize(
    ("foreseen", "action"),
    [
        (None, Action.DRAW),
        (True, Action.DRAW_AND_OPEN),
        (False, Action.DRAW_AND_REVEAL),
    ],
)
def test_the_key_is_published_in_the_draw_only_where_no_audit_will_be_drawn(
    foreseen: bool | None, action: Action
) -> None:
    _, asked = asked_of(replace(READY, foreseen=foreseen))
    assert actions(asked) == [action]


def test_a_drawn_audit_is_opened_once_its_seed_is_known() -> None:
    execution, asked = asked_of(SELECTED)
    assert (execution.phase, actions(asked)) == (Phase.SELECTED, [Action.OPEN_AUDIT])
    assert asked_of(replace(SELECTED, seed0=None))[1] == ()


def test_an_audit_that_was_not_opened_in_time_is_expired() -> None:
    execution, asked = asked_of(SELECTED, time_s=SELECTED.deadline_s + 1)
    assert (execution.phase, actions(asked)) == (Phase.OVERDUE, [Action.EXPIRE])


def test_a_question_is_answered_before_anything_else_is_moved() -> None:
    slots = (
        SlotView(SlotPhase.SEATING),
        SlotView(SlotPhase.REVEAL, deadline_s=START_S - 1),
        SlotView(SlotPhase.ANSWER, deadline_s=START_S + 5),
    )
    execution, asked = asked_of(audited(*slots))
    assert execution.phase is Phase.AUDITED
    assert [(i.action, i.slot) for i in asked] == [(Action.ANSWER, 2)]
    _, asked = asked_of(audited(*slots[:2]))
    assert [(i.action, i.slot) for i in asked] == [(Action.SEAT, 0)]
    _, asked = asked_of(audited(slots[1]))
    assert [(i.action, i.slot) for i in asked] == [(Action.EXPIRE_SLOT, 0)]


def test_an_auditor_within_its_time_is_waited_for() -> None:
    assert asked_of(audited(SlotView(SlotPhase.COMMIT, deadline_s=START_S + 1)))[1] == ()


def test_an_audit_whose_facts_are_not_known_yet_is_waited_for() -> None:
    waiting = replace(audited(), audit=None)
    assert asked_of(waiting) == (asked_of(waiting)[0], ())
    execution, asked = asked_of(waiting, time_s=9_001)
    assert (execution.phase, actions(asked)) == (Phase.OVERDUE, [Action.EXPIRE])


def test_another_round_or_another_seed_is_another_transaction() -> None:
    question = SlotView(SlotPhase.ANSWER, deadline_s=START_S + 5)
    keys = {
        asked_of(seen)[1][0].key
        for seen in (
            audited(question),
            audited(replace(question, round=1)),
            replace(audited(question), seed0=bytes(32)),
            audited(SlotView(SlotPhase.PASSED), question),
        )
    }
    assert len(keys) == 4


def test_after_a_passed_audit_the_job_is_revealed() -> None:
    passed = view(JobState.COMMITTED, seed0=SEED)
    waiting = audited(SlotView(SlotPhase.REVEAL, deadline_s=START_S))
    execution, asked = asked_of(waiting, ChainSeen(passed))
    assert (execution.phase, actions(asked)) == (Phase.DRAWN, [Action.REVEAL])


def failed(deadline_s: int = START_S + 1_800) -> ChainView:
    return audited(SlotView(SlotPhase.FAILED), contest_deadline_s=deadline_s)


def test_a_failed_audit_is_checked_before_it_is_contested() -> None:
    execution, asked = asked_of(failed())
    assert (execution.phase, actions(asked)) == (Phase.FAILED, [Action.RECHECK])
    assert asked[0].finish_by_s == START_S + 1_800 - Margins().contest_s


@pytest.mark.parametrize(("stands", "action"), [(True, Action.CONTEST), (False, Action.CONCEDE)])
def test_what_stands_is_contested_and_what_does_not_is_conceded(
    stands: bool, action: Action
) -> None:
    execution, asked = asked_of(failed(), Rechecked(stands))
    assert (execution.stands, actions(asked)) == (stands, [action])


def test_a_check_that_cannot_be_made_in_time_leads_to_a_concession() -> None:
    late_s = START_S + 1_800 - Margins().contest_s
    assert actions(asked_of(failed(), time_s=late_s)[1]) == [Action.CONCEDE]
    _, asked = asked_of(failed(), ActionFailed(Action.RECHECK, is_hopeless=True, retry_s=0))
    assert actions(asked) == [Action.CONCEDE]


def test_a_contest_missed_is_expired() -> None:
    _, asked = asked_of(failed(), time_s=START_S + 1_801)
    assert actions(asked) == [Action.EXPIRE_CONTEST]


def test_a_disputed_job_is_left_to_the_disputes_and_expired_when_they_never_end() -> None:
    disputed = view(JobState.DISPUTED)
    execution, asked = asked_of(disputed)
    assert (execution.phase, asked) == (Phase.DISPUTED, ())
    execution, asked = asked_of(disputed, time_s=disputed.deadline_s + 1)
    assert (execution.phase, actions(asked)) == (Phase.OVERDUE, [Action.EXPIRE])
    execution, _ = asked_of(disputed, ChainSeen(view(JobState.REVEALED)))
    assert execution.phase is Phase.REVEALED


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (JobState.REJECTED, Outcome.REJECTED),
        (JobState.INVALID, Outcome.INVALID),
        (JobState.PROVIDER_ANSWER_TIMEOUT, Outcome.ANSWER_TIMEOUT),
        (JobState.PROVIDER_TRACE_TIMEOUT, Outcome.TRACE_TIMEOUT),
        (JobState.AUDITOR_TIMEOUT, Outcome.AUDITOR_TIMEOUT),
        (JobState.REFEREE_TIMEOUT, Outcome.REFEREE_TIMEOUT),
    ],
)
def test_every_end_of_the_courts_is_an_end(state: JobState, outcome: Outcome) -> None:
    execution, asked = asked_of(view(state))
    assert (execution.outcome, actions(asked)) == (outcome, [Action.RELEASE])


# --- random worlds: an audited job; auditors, time and this node do whatever they like ---


@dataclass
class World:
    """Market and court for one job of two slots; sends succeed only where they allow them."""

    state: JobState = JobState.COMMITTED
    deadline_s: int = START_S + 3_600
    round: int = 9
    foreseen: bool = True
    slots: list[SlotView] = field(default_factory=list)
    contest_deadline_s: int = 0
    lock_open: bool = True
    time_s: int = START_S

    def view(self) -> ChainView:
        is_open = self.state is JobState.AUDITED
        return ChainView(
            stored=self.state,
            is_ours=True,
            deadline_s=self.deadline_s,
            is_audit_possible=True,
            round=self.round,
            is_round_over=True,
            foreseen=self.foreseen,
            seed0=None if self.round else SEED,
            audit=AuditView(tuple(self.slots), self.contest_deadline_s) if is_open else None,
            is_lock_open=self.lock_open and self.state.is_final,
        )

    def to(self, state: JobState, period_s: int) -> None:
        self.state, self.deadline_s = state, self.time_s + period_s

    def end(self, state: JobState) -> None:
        self.state, self.lock_open = state, False

    def set_slot(self, index: int, phase: SlotPhase, period_s: int = 900, more: int = 0) -> None:
        self.slots[index] = SlotView(
            phase, self.slots[index].round + more, self.time_s + period_s, "a"
        )
        if all(slot.phase in COLD for slot in self.slots):
            self.close()

    def close(self) -> None:
        phases = {slot.phase for slot in self.slots}
        if SlotPhase.FAILED in phases:
            self.contest_deadline_s = self.time_s + 1_800
        else:
            self.to(JobState.COMMITTED, 900)

    def open(self) -> None:
        self.round = 0
        self.to(JobState.AUDITED, 100_000)
        self.slots = [
            SlotView(SlotPhase.COMMIT, 0, self.time_s + 540, "a"),
            SlotView(SlotPhase.SEATING),
        ]

    def send(self, action: Action, slot: int) -> bool:
        """Apply a transaction; False when the contracts refuse it."""
        now = effective(self.view(), self.time_s)
        if now is JobState.AUDITED:
            return self._send_to_court(action, slot)
        match action, now:
            case Action.DRAW_AND_REVEAL, JobState.COMMITTED if self.round and not self.foreseen:
                self.to(JobState.REVEALED, 600)
                self.round = 0
            case Action.DRAW_AND_OPEN, JobState.COMMITTED if self.round and self.foreseen:
                self.open()
            case Action.OPEN_AUDIT, JobState.DRAWN:
                self.open()
            case Action.REVEAL, JobState.COMMITTED if not self.round:
                self.to(JobState.REVEALED, 600)
            case Action.SETTLE, JobState.ACCEPTED:
                self.end(JobState.SETTLED)
            case Action.EXPIRE, _ if now is not self.state:
                self.end(now)
            case _:
                return False
        return True

    def _send_to_court(self, action: Action, slot: int) -> bool:
        found = self.slots[slot]
        in_time = self.time_s <= found.deadline_s
        match action, found.phase:
            case Action.SEAT, SlotPhase.SEATING:
                self.set_slot(slot, SlotPhase.COMMIT, 540)
            case Action.ANSWER, SlotPhase.ANSWER if in_time:
                self.set_slot(slot, SlotPhase.REVEAL)
            case Action.EXPIRE_SLOT, SlotPhase.ANSWER if not in_time:
                self.end(JobState.PROVIDER_ANSWER_TIMEOUT)
            case Action.EXPIRE_SLOT, SlotPhase.COMMIT | SlotPhase.REVEAL if not in_time:
                last = found.round == 5
                self.set_slot(slot, SlotPhase.SKIPPED if last else SlotPhase.SEATING, more=1)
            case Action.CONTEST, _ if 0 < self.time_s <= self.contest_deadline_s:
                self.to(JobState.DISPUTED, 432_000)
            case Action.CONCEDE, _ if self.time_s <= self.contest_deadline_s:
                self.end(JobState.REJECTED)
            case Action.EXPIRE_CONTEST, _ if 0 < self.contest_deadline_s < self.time_s:
                self.end(JobState.REJECTED)
            case _:
                return False
        return True

    def others(self, move: str, slot: int) -> None:
        now = effective(self.view(), self.time_s)
        if move == "draw" and now is JobState.COMMITTED and self.round:
            self.round = 0
            self.to(JobState.DRAWN if self.foreseen else JobState.COMMITTED, 3_600)
        if now is JobState.DISPUTED and move == "pass":
            self.to(JobState.REVEALED, 600)
        if now is JobState.DISPUTED and move == "fail":
            self.end(JobState.REJECTED)
        if now is not JobState.AUDITED or self.time_s > self.slots[slot].deadline_s:
            return
        phase = self.slots[slot].phase
        if move == "commit" and phase is SlotPhase.COMMIT:
            self.set_slot(slot, SlotPhase.ANSWER)
        if move in ("pass", "fail") and phase is SlotPhase.REVEAL:
            self.set_slot(slot, SlotPhase.PASSED if move == "pass" else SlotPhase.FAILED)


MOVES = st.tuples(
    st.sampled_from(
        ["time", "answer", "answer", "commit", "pass", "fail", "draw", "see", "see", "restart"]
    ),
    st.integers(0, 700),
)


def report(world: World, execution: Execution, action: Action, how: int, slot: int) -> Event:
    if action is Action.RECHECK:
        found: list[Event] = [Rechecked(True), Rechecked(False), ActionFailed(action)]
        return found[how % 3]
    if action not in SENDS:
        return ActionDone(action)
    if how % 7 == 6:
        return ActionFailed(action)
    if not world.send(action, slot):
        return ActionFailed(action, is_key_used=True)
    return ActionDone(action, world.view())


@given(st.booleans(), st.lists(MOVES, max_size=80))
def test_any_audited_world_keeps_the_rules_and_has_a_way_out(
    foreseen: bool, moves: list[tuple[str, int]]
) -> None:
    world = World(foreseen=foreseen)
    execution, instructions = begin(JOB, 60, world.view(), world.time_s)
    execution = replace(execution, commitment=C0)
    slots: dict[Action, int] = {i.action: i.slot for i in instructions}
    for name, value in moves:
        event: Event | None = None
        if name == "time":
            world.time_s += value
            event = Tick()
        elif name == "answer" and execution.pending:
            waiting = sorted(execution.pending)
            action = waiting[value % len(waiting)]
            event = report(world, execution, action, value, slots.get(action, 0))
        elif name == "see":
            event = ChainSeen(world.view())
        elif name == "restart":
            event = Restarted()
        else:
            world.others(name, value % 2)
        if event is not None:
            execution, instructions = step(execution, event, world.time_s)
            slots.update({i.action: i.slot for i in instructions})
            check_invariants(execution)
    _assert_way_out(world, execution)


def _assert_way_out(world: World, execution: Execution) -> None:
    """With every auditor gone and time passing, the execution ends, never by our own delay."""
    was_answered = world.state is not JobState.PROVIDER_ANSWER_TIMEOUT
    was_in_time = all(
        slot.phase is not SlotPhase.ANSWER or world.time_s + 300 < slot.deadline_s
        for slot in world.slots
    )
    execution, instructions = step(execution, Restarted(), world.time_s)
    slots = {i.action: i.slot for i in instructions}
    for _ in range(400):
        if execution.phase is Phase.ENDED and execution.is_released and not execution.pending:
            break
        for action in sorted(execution.pending):
            if action in execution.pending:
                event = report(world, execution, action, 0, slots.get(action, 0))
                execution, instructions = step(execution, event, world.time_s)
                slots.update({i.action: i.slot for i in instructions})
        world.time_s += 120 if world.state is not JobState.DISPUTED else 86_400
        execution, instructions = step(execution, ChainSeen(world.view()), world.time_s)
        slots.update({i.action: i.slot for i in instructions})
        check_invariants(execution)
    else:
        raise AssertionError(f"stuck in {execution}")
    if was_answered and was_in_time:
        assert execution.outcome is not Outcome.ANSWER_TIMEOUT
