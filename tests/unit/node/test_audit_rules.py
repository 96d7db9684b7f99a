"""What an auditor owes: cases, and random worlds in which the others do whatever they like."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.node.test_journal import FACTS

from neurovoyance.node.audit_rules import (
    CHECKABLE,
    LIVE,
    AuditCase,
    AuditMargins,
    AuditorAction,
    CaseKey,
    CaseView,
    Vote,
    has_voted,
    is_due,
    is_over,
    is_seated,
    key_of,
    wanted,
)
from neurovoyance.node.audit_slots import SlotView
from neurovoyance.protocol.audit import SlotPhase
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import FINAL, JobState

OURS, OTHER = "0xA", "0xB"
KEY = CaseKey(JobId(FACTS.job_id), 0, 1)
VOTE = Vote((bytes(32),) * 4, 0, b"\x01" * 32, b"\x02" * 32)
ANSWER = (b"\x03" * 32,) * 4
NOW_S = 1_000
SEATED = SlotView(SlotPhase.COMMIT, 1, NOW_S + 540, OURS)
CASE = AuditCase(KEY, FACTS)
DONE = replace(CASE, vote=VOTE, answer=ANSWER)


def seen(
    phase: SlotPhase,
    *,
    state: JobState = JobState.AUDITED,
    auditor: str = OURS,
    round_number: int = 1,
    deadline_s: int = NOW_S + 100,
    is_vote_open: bool = False,
) -> CaseView:
    return CaseView(state, SlotView(phase, round_number, deadline_s, auditor), is_vote_open)


def asked(case: AuditCase, view: CaseView, time_s: int = NOW_S) -> AuditorAction | None:
    return wanted(case, view, OURS, time_s)


def test_a_drawn_auditor_repeats_the_job_then_commits() -> None:
    view = seen(SlotPhase.COMMIT)
    assert asked(CASE, view) is AuditorAction.REPEAT
    assert asked(replace(CASE, vote=VOTE), view) is AuditorAction.COMMIT
    assert is_due(CASE, view, OURS)


def test_who_cannot_repeat_a_job_promises_nothing_and_nobody_waits_for_it() -> None:
    hopeless = replace(CASE, is_hopeless=True)
    assert asked(hopeless, seen(SlotPhase.COMMIT)) is None
    assert not is_due(hopeless, seen(SlotPhase.COMMIT), OURS)


def test_a_vote_fixed_before_the_fault_is_sent_all_the_same() -> None:
    assert (
        asked(replace(CASE, vote=VOTE, is_hopeless=True), seen(SlotPhase.COMMIT))
        is AuditorAction.COMMIT
    )


def test_the_vote_is_opened_only_with_the_providers_answer() -> None:
    view = seen(SlotPhase.REVEAL)
    assert asked(replace(CASE, vote=VOTE), view) is None
    assert asked(DONE, view) is AuditorAction.REVEAL


def test_a_call_in_the_second_of_the_deadline_is_in_time() -> None:
    view = seen(SlotPhase.COMMIT, deadline_s=NOW_S)
    assert asked(CASE, view) is AuditorAction.REPEAT
    assert asked(CASE, view, NOW_S + 1) is None


@pytest.mark.parametrize("phase", [SlotPhase.COMMIT, SlotPhase.ANSWER, SlotPhase.REVEAL])
def test_a_slot_that_others_left_is_moved_on_after_some_patience(phase: SlotPhase) -> None:
    view = seen(phase, deadline_s=NOW_S)
    late_s = NOW_S + AuditMargins().patience_s
    assert asked(DONE, view, late_s) is None
    assert asked(DONE, view, late_s + 1) is AuditorAction.EXPIRE


def test_an_open_vote_of_ours_keeps_us_interested_in_the_rounds_of_others() -> None:
    other = seen(SlotPhase.SEATING, auditor="", round_number=2, is_vote_open=True)
    assert asked(DONE, other) is AuditorAction.SEAT
    late = replace(other, slot=SlotView(SlotPhase.REVEAL, 2, NOW_S - 99, OTHER))
    assert asked(DONE, late) is AuditorAction.EXPIRE
    assert asked(DONE, replace(late, is_vote_open=False)) is None


@pytest.mark.parametrize("state", sorted(FINAL | {JobState.ACCEPTED}))
def test_an_open_vote_is_closed_once_the_job_is_over(state: JobState) -> None:
    view = seen(SlotPhase.PASSED, state=state, round_number=3, is_vote_open=True)
    assert asked(DONE, view) is AuditorAction.CLOSE_VOTES
    assert not is_over(DONE, view, OURS)


def test_a_slot_left_warm_by_a_job_that_ended_frees_us_too() -> None:
    view = seen(SlotPhase.COMMIT, state=JobState.AUDITOR_TIMEOUT)
    assert asked(CASE, view) is AuditorAction.CLOSE_VOTES


def test_an_answer_is_checked_against_the_revealed_result_once() -> None:
    view = seen(SlotPhase.PASSED, state=JobState.REVEALED)
    assert asked(DONE, view) is None
    revealed = replace(DONE, is_revealed=True)
    assert asked(revealed, view) is AuditorAction.CHECK
    assert not is_over(revealed, view, OURS)
    checked = replace(revealed, is_checked=True)
    assert asked(checked, view) is None
    assert is_over(checked, view, OURS)


def test_a_round_that_went_on_without_us_is_over() -> None:
    assert is_over(CASE, seen(SlotPhase.COMMIT, auditor=OTHER, round_number=2), OURS)
    assert is_over(CASE, seen(SlotPhase.SKIPPED), OURS)
    assert not is_over(CASE, seen(SlotPhase.COMMIT), OURS)
    assert not is_over(DONE, seen(SlotPhase.SEATING, auditor="", round_number=2), OURS)


def test_a_job_that_ended_unrevealed_leaves_nothing_to_check() -> None:
    view = seen(SlotPhase.PASSED, state=JobState.PROVIDER_REVEAL_TIMEOUT)
    assert is_over(DONE, view, OURS)


def test_keys_name_the_seed_the_round_and_where_others_stand() -> None:
    view = seen(SlotPhase.COMMIT)
    other_seed = replace(CASE, facts=replace(FACTS, seed0=bytes(32)))
    keys = {
        key_of(CASE, view, AuditorAction.COMMIT, 0),
        key_of(CASE, view, AuditorAction.COMMIT, 1),
        key_of(CASE, view, AuditorAction.REVEAL, 0),
        key_of(other_seed, view, AuditorAction.COMMIT, 0),
        key_of(replace(CASE, key=replace(KEY, round=2)), view, AuditorAction.COMMIT, 0),
        key_of(CASE, view, AuditorAction.EXPIRE, 0),
        key_of(CASE, seen(SlotPhase.REVEAL), AuditorAction.EXPIRE, 0),
    }
    assert len(keys) == 7
    later = seen(SlotPhase.COMMIT, deadline_s=9_999)
    assert key_of(CASE, view, AuditorAction.COMMIT, 0) == key_of(
        CASE, later, AuditorAction.COMMIT, 0
    )


def test_the_states_of_a_live_and_of_a_checkable_job_are_known_states() -> None:
    assert not LIVE & FINAL
    assert {JobState.SETTLED} == CHECKABLE & FINAL


# --- random worlds ---


@dataclass
class World:
    """The court for one slot in which we hold round 1; what we send has the effect it asks for."""

    state: JobState = JobState.AUDITED
    slot: SlotView = SEATED
    is_vote_open: bool = False
    case: AuditCase = CASE
    time_s: int = NOW_S
    votes: int = 0

    def view(self) -> CaseView:
        return CaseView(self.state, self.slot, self.is_vote_open)

    def to(self, phase: SlotPhase, *, more: int = 0, auditor: str | None = None) -> None:
        at = self.slot
        who = at.auditor if auditor is None else auditor
        self.slot = SlotView(phase, at.round + more, self.time_s + 900, who)

    def act(self, action: AuditorAction, how: int) -> None:
        in_time = self.time_s <= self.slot.deadline_s
        ours = self.slot.round == 1 and self.slot.auditor == OURS
        match action:
            case AuditorAction.REPEAT:
                if how % 4:
                    self.case = replace(self.case, vote=VOTE)
                else:
                    self.case = replace(self.case, is_hopeless=True)
            case AuditorAction.COMMIT if ours and in_time:
                assert self.case.vote is not None
                self.to(SlotPhase.ANSWER)
            case AuditorAction.REVEAL if ours and in_time:
                self.votes += 1
                if how % 2:
                    self.to(SlotPhase.PASSED)
                    self.state = JobState.COMMITTED
                else:
                    self.is_vote_open = True
                    self.to(SlotPhase.SEATING, more=1, auditor="")
            case AuditorAction.SEAT if self.slot.phase is SlotPhase.SEATING:
                self.to(SlotPhase.COMMIT, auditor=OTHER)
            case AuditorAction.EXPIRE if not in_time:
                self.expire()
            case AuditorAction.CLOSE_VOTES if self.state not in LIVE:
                self.is_vote_open = False
                self.to(SlotPhase.SKIPPED)
            case AuditorAction.CHECK:
                self.case = replace(self.case, is_checked=True)

    def expire(self) -> None:
        if self.slot.phase is SlotPhase.ANSWER:
            self.to(SlotPhase.SKIPPED)
            self.state = JobState.PROVIDER_ANSWER_TIMEOUT
        elif self.slot.round == 5:
            self.to(SlotPhase.SKIPPED)
            self.state = JobState.COMMITTED
        else:
            self.to(SlotPhase.SEATING, more=1, auditor="")

    def others(self, move: str) -> None:
        phase, in_time = self.slot.phase, self.time_s <= self.slot.deadline_s
        is_other = self.slot.auditor == OTHER
        if self.state is JobState.AUDITED:
            if move == "answer" and phase is SlotPhase.ANSWER and in_time:
                self.to(SlotPhase.REVEAL)
                if self.slot.round == 1:
                    self.case = replace(self.case, answer=ANSWER)
            elif move == "commit" and phase is SlotPhase.COMMIT and is_other and in_time:
                self.to(SlotPhase.ANSWER)
            elif move == "vote" and phase is SlotPhase.REVEAL and is_other and in_time:
                self.to(SlotPhase.PASSED)
                self.state = JobState.COMMITTED
            elif move == "expire" and phase in (SlotPhase.COMMIT, SlotPhase.ANSWER) and not in_time:
                self.expire()
        elif move == "reveal" and self.state is JobState.COMMITTED:
            self.state = JobState.REVEALED
            self.case = replace(self.case, is_revealed=True)
        elif move == "end" and self.state in (JobState.COMMITTED, JobState.REVEALED):
            revealed = self.state is JobState.REVEALED
            self.state = JobState.SETTLED if revealed else JobState.PROVIDER_REVEAL_TIMEOUT


MOVES = st.tuples(
    st.sampled_from(["time", "act", "act", "answer", "commit", "vote", "expire", "reveal", "end"]),
    st.integers(0, 700),
)


def _play(world: World, name: str, value: int) -> None:
    if name == "time":
        world.time_s += value
    elif name == "act":
        action = wanted(world.case, world.view(), OURS, world.time_s)
        if action is not None:
            world.act(action, value)
    else:
        world.others(name)


@given(st.lists(MOVES, max_size=60))
def test_any_world_votes_at_most_once_and_lets_the_case_end(
    moves: list[tuple[str, int]],
) -> None:
    world = World()
    for name, value in moves:
        _play(world, name, value)
        if is_over(world.case, world.view(), OURS):
            assert not world.is_vote_open, "no lock of ours is left behind"
            assert not is_seated(world.case, world.view(), OURS)
    assert world.votes <= 1
    for turn in range(60):
        if is_over(world.case, world.view(), OURS):
            return
        world.time_s += 300
        if turn > 40 and world.state is JobState.AUDITED:
            world.state = JobState.AUDITOR_TIMEOUT  # the backstop of an audit that nobody moves
        _play(world, "act", 1)
        for move in ("reveal", "end"):
            world.others(move)
    raise AssertionError(f"stuck with {world}")


def test_our_part_is_seen_as_done_by_the_slot_or_by_the_vote() -> None:
    assert has_voted(DONE, seen(SlotPhase.PASSED), OURS)
    assert has_voted(DONE, seen(SlotPhase.COMMIT, round_number=2, auditor=OTHER), OURS)
    assert not has_voted(DONE, seen(SlotPhase.REVEAL), OURS)
