"""The state machine of one execution, driven by cases and by random worlds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.node.execution_world import C0, MOVES, NO, START_S, TERMS, World, answer, event_of

from neurovoyance.node.execution import ForbiddenEvent, begin, check_invariants, step
from neurovoyance.node.execution_values import (
    LOCAL,
    SENDS,
    Action,
    ActionDone,
    ActionFailed,
    ChainSeen,
    ChainView,
    CheckFailed,
    CheckPassed,
    Event,
    Execution,
    Instruction,
    Margins,
    Outcome,
    OutputSealed,
    OutputUnsound,
    Phase,
    Restarted,
    SlotGranted,
    SlotWithdrawn,
    Tick,
)
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState

JOB = JobId(b"\x07" * 32)


def view(
    state: JobState, *, ours: bool = True, deadline_s: int = 2_000, **more: object
) -> ChainView:
    return ChainView(stored=state, is_ours=ours, deadline_s=deadline_s, **more)  # type: ignore[arg-type]


OPEN = view(JobState.OPEN, ours=False)
ASSIGNED = view(JobState.ASSIGNED, is_lock_open=True)
COMMITTED = view(JobState.COMMITTED, round=9, is_lock_open=True)
READY = replace(COMMITTED, is_round_over=True)
DRAWN = view(JobState.COMMITTED, seed0=b"\x01" * 32, is_lock_open=True)
REVEALED = view(JobState.REVEALED, is_lock_open=True)
SETTLED = view(JobState.SETTLED)


def actions(instructions: tuple[Instruction, ...]) -> list[Action]:
    return [instruction.action for instruction in instructions]


def play(
    *events: Event, first: ChainView = OPEN, time_s: int = START_S
) -> tuple[Execution, list[Action]]:
    execution, instructions = begin(JOB, 60, first, time_s)
    for event in events:
        check_invariants(execution)
        execution, instructions = step(execution, event, time_s)
    check_invariants(execution)
    return execution, actions(instructions)


def test_a_listing_is_checked_first() -> None:
    execution, asked = play()
    assert (execution.phase, asked) == (Phase.SEEN, [Action.CHECK])


def test_a_checked_listing_waits_for_a_slot_and_is_then_accepted() -> None:
    execution, asked = play(CheckPassed(TERMS))
    assert (execution.phase, asked) == (Phase.HELD, [])
    execution, instructions = step(execution, SlotGranted(), START_S)
    assert (execution.phase, actions(instructions)) == (Phase.ACCEPTING, [Action.ACCEPT])


def test_a_refused_listing_ends_declined_and_lets_go() -> None:
    execution, asked = play(CheckFailed(NO))
    assert (execution.phase, execution.outcome) == (Phase.ENDED, Outcome.DECLINED)
    assert asked == [Action.RELEASE]


def test_a_lost_race_ends_the_execution() -> None:
    taken = view(JobState.ASSIGNED, ours=False)
    execution, asked = play(CheckPassed(TERMS), SlotGranted(), ActionDone(Action.ACCEPT, taken))
    assert (execution.outcome, asked) == (Outcome.LOST, [Action.RELEASE])


def test_a_mined_acceptance_starts_the_run_with_time_left_to_commit() -> None:
    execution, _ = play(CheckPassed(TERMS), SlotGranted())
    execution, instructions = step(execution, ActionDone(Action.ACCEPT, ASSIGNED), START_S)
    assert execution.phase is Phase.RUNNING
    assert instructions == (
        Instruction(Action.RUN, instructions[0].key, 2_000 - Margins().commit_s),
    )


def test_a_job_assigned_by_our_offer_runs_at_once() -> None:
    assert play(first=ASSIGNED)[1] == [Action.RUN]


def test_a_sealed_output_is_committed_drawn_revealed_settled() -> None:
    execution, asked = play(OutputSealed(C0), first=ASSIGNED)
    assert (execution.phase, asked) == (Phase.SEALED, [Action.COMMIT])
    execution, instructions = step(execution, ActionDone(Action.COMMIT, COMMITTED), START_S)
    assert (execution.phase, instructions) == (Phase.COMMITTED, ())
    execution, instructions = step(execution, ChainSeen(READY), START_S)
    assert actions(instructions) == [Action.DRAW_AND_REVEAL]
    execution, instructions = step(execution, ActionDone(Action.DRAW_AND_REVEAL, REVEALED), START_S)
    assert (execution.phase, instructions) == (Phase.REVEALED, ())
    execution, instructions = step(execution, Tick(), REVEALED.deadline_s + 1)
    assert (execution.phase, actions(instructions)) == (Phase.ACCEPTED, [Action.SETTLE])
    execution, instructions = step(
        execution, ActionDone(Action.SETTLE, SETTLED), REVEALED.deadline_s + 2
    )
    assert (execution.outcome, actions(instructions)) == (Outcome.SETTLED, [Action.RELEASE])


def test_the_key_stays_secret_where_an_audit_can_be_drawn() -> None:
    _, asked = play(first=replace(READY, is_audit_possible=True))
    assert asked == [Action.DRAW]


def test_a_seed_drawn_by_others_is_followed_by_a_reveal() -> None:
    assert play(first=DRAWN)[1] == [Action.REVEAL]
    assert play(first=replace(DRAWN, seed0=None))[1] == []


def test_a_draw_in_another_round_is_another_transaction() -> None:
    first, _ = begin(JOB, 60, READY, START_S)
    _, one = begin(JOB, 60, READY, START_S)
    _, two = begin(JOB, 60, replace(READY, round=300), START_S)
    assert first.phase is Phase.COMMITTED
    assert one[0].key != two[0].key


def test_a_non_finite_output_is_declared_and_never_committed() -> None:
    execution, asked = play(OutputUnsound(), first=ASSIGNED)
    assert (execution.phase, asked) == (Phase.UNSOUND, [Action.DECLARE_INVALID])
    execution, asked = play(
        OutputUnsound(),
        ActionDone(Action.DECLARE_INVALID, view(JobState.INVALID)),
        first=ASSIGNED,
    )
    assert (execution.outcome, asked) == (Outcome.INVALID, [Action.RELEASE])


def test_a_run_that_cannot_finish_is_not_started_and_the_job_is_handed_back() -> None:
    late_s = ASSIGNED.deadline_s - Margins().commit_s
    execution, asked = play(first=ASSIGNED, time_s=late_s)
    assert (execution.phase, asked) == (Phase.STRANDED, [Action.HAND_BACK])
    back, asked = play(
        ActionDone(Action.HAND_BACK, view(JobState.CANCELLED)), first=ASSIGNED, time_s=late_s
    )
    assert (back.outcome, asked) == (Outcome.HANDED_BACK, [Action.RELEASE])


def test_a_job_that_could_not_be_handed_back_expires_in_order() -> None:
    late_s = ASSIGNED.deadline_s - Margins().commit_s
    execution, asked = play(ActionFailed(Action.HAND_BACK), first=ASSIGNED, time_s=late_s)
    assert (execution.phase, asked) == (Phase.STRANDED, [])
    _, instructions = step(execution, Tick(), late_s + Margins().retry_s)
    assert actions(instructions) == [Action.HAND_BACK]
    execution, instructions = step(execution, Tick(), ASSIGNED.deadline_s + 1)
    assert (execution.phase, actions(instructions)) == (Phase.OVERDUE, [Action.EXPIRE])


def test_a_run_still_going_when_time_is_up_is_cancelled() -> None:
    execution, _ = play(first=ASSIGNED)
    execution, instructions = step(execution, Tick(), ASSIGNED.deadline_s - Margins().commit_s)
    assert execution.phase is Phase.STRANDED
    assert actions(instructions) == [Action.CANCEL, Action.HAND_BACK]


def test_an_output_sealed_while_its_job_is_handed_back_waits_for_the_answer() -> None:
    execution, _ = play(first=ASSIGNED)
    late_s = ASSIGNED.deadline_s - Margins().commit_s
    execution, _ = step(execution, Tick(), late_s)
    execution, instructions = step(execution, OutputSealed(C0), late_s)
    assert (execution.phase, actions(instructions)) == (Phase.SEALED, [])
    _, instructions = step(execution, ActionFailed(Action.HAND_BACK, retry_s=0), late_s)
    assert actions(instructions) == [Action.COMMIT]


def test_a_run_failed_too_often_or_for_good_is_handed_back_at_once() -> None:
    execution, asked = play(ActionFailed(Action.RUN, is_hopeless=True, retry_s=0), first=ASSIGNED)
    assert (execution.phase, asked) == (Phase.STRANDED, [Action.HAND_BACK])
    execution, _ = play(ActionFailed(Action.RUN, retry_s=0), first=ASSIGNED)
    assert execution.phase is Phase.RUNNING


RUNTIME_S = 60
UNSURE_S = ASSIGNED.deadline_s - RUNTIME_S - Margins().commit_s
"""The last moment at which a run of the longest kind would not surely fit any more."""


@pytest.mark.parametrize(
    ("time_s", "paused_s", "is_handed_back"),
    [
        (UNSURE_S, RUNTIME_S // 4, True),
        (UNSURE_S - 1, 10 * RUNTIME_S, False),
        (UNSURE_S, RUNTIME_S // 4 - 1, False),
        (UNSURE_S, 0, False),
    ],
)
def test_a_job_is_handed_back_once_its_owner_stays_and_time_grows_short(
    time_s: int, paused_s: int, is_handed_back: bool
) -> None:
    execution, _ = begin(JOB, RUNTIME_S, ASSIGNED, START_S)
    execution, instructions = step(execution, Tick(paused_s), time_s)
    wanted = [Action.CANCEL, Action.HAND_BACK] if is_handed_back else []
    assert actions(instructions) == wanted
    # The owner leaves again; what was promised to the client is kept.
    execution, _ = step(execution, Tick(), time_s)
    assert execution.phase is (Phase.STRANDED if is_handed_back else Phase.RUNNING)


def test_a_cancelled_run_is_no_failure() -> None:
    execution, _ = play(ActionFailed(Action.RUN, is_counted=False), first=ASSIGNED)
    assert execution.run_failures == 0


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (JobState.CANCELLED, Outcome.CANCELLED),
        (JobState.UNMATCHED, Outcome.UNMATCHED),
        (JobState.NONE, Outcome.VANISHED),
    ],
)
def test_an_end_made_by_others_is_an_end(state: JobState, outcome: Outcome) -> None:
    execution, asked = play(CheckPassed(TERMS), ChainSeen(view(state, ours=False)))
    assert (execution.outcome, asked) == (outcome, [Action.RELEASE])


def test_a_confirmation_by_the_client_ends_the_window_early() -> None:
    execution, _ = play(ChainSeen(SETTLED), first=REVEALED)
    assert execution.outcome is Outcome.SETTLED


def test_a_lock_left_open_is_closed_before_letting_go() -> None:
    execution, asked = play(first=replace(SETTLED, is_lock_open=True))
    assert asked == [Action.CLOSE_LOCK]
    _, instructions = step(execution, ActionDone(Action.CLOSE_LOCK, SETTLED), START_S)
    assert actions(instructions) == [Action.RELEASE]


def test_an_effect_that_does_not_show_yet_is_waited_for_and_others_are_not() -> None:
    execution, _ = begin(JOB, 60, READY, START_S)
    lagging = ActionDone(Action.DRAW_AND_REVEAL, READY)
    execution, instructions = step(execution, lagging, START_S)
    assert instructions == ()
    _, instructions = step(execution, Tick(), START_S + Margins().retry_s)
    assert actions(instructions) == [Action.DRAW_AND_REVEAL]
    # The acceptance was seen in an event before its own answer came back.
    execution, _ = play(CheckPassed(TERMS), SlotGranted(), ChainSeen(ASSIGNED))
    execution, _ = step(execution, ActionDone(Action.ACCEPT, ASSIGNED), START_S)
    _, instructions = step(execution, OutputSealed(C0), START_S)
    assert actions(instructions) == [Action.COMMIT]


def test_a_reorganisation_brings_back_what_ended() -> None:
    execution, _ = play(CheckPassed(TERMS), ChainSeen(view(JobState.CANCELLED, ours=False)))
    execution, instructions = step(execution, ActionDone(Action.RELEASE), START_S)
    execution, instructions = step(execution, ChainSeen(OPEN), START_S + 60)
    assert (execution.phase, actions(instructions)) == (Phase.SEEN, [Action.CHECK])
    assert execution.outcome is None


def test_an_undone_commitment_is_sent_again_unchanged() -> None:
    execution, _ = play(OutputSealed(C0), ActionDone(Action.COMMIT, COMMITTED), first=ASSIGNED)
    execution, instructions = step(execution, ChainSeen(ASSIGNED), START_S)
    assert (execution.commitment, actions(instructions)) == (C0, [Action.COMMIT])


def test_a_restart_asks_again_with_the_same_keys() -> None:
    execution, instructions = begin(JOB, 60, ASSIGNED, START_S)
    _, again = step(execution, Restarted(), START_S)
    assert again == instructions


def test_a_restart_begins_work_once_wherever_the_chain_stands_by_now() -> None:
    execution, _ = play(CheckPassed(TERMS), SlotGranted(), first=OPEN)
    assert Action.ACCEPT in execution.pending
    execution, instructions = step(execution, Restarted(ASSIGNED), START_S)
    assert (execution.view, actions(instructions)) == (ASSIGNED, [Action.RUN])
    assert execution.pending == {Action.RUN}


def test_a_revert_uses_up_the_key_and_a_lost_endpoint_does_not() -> None:
    execution, first = step(begin(JOB, 60, REVEALED, 1_999)[0], Tick(), 2_001)
    kept, _ = step(execution, ActionFailed(Action.SETTLE, retry_s=0), 2_001)
    used, _ = step(execution, ActionFailed(Action.SETTLE, is_key_used=True, retry_s=0), 2_001)
    assert (kept.serial, used.serial) == (0, 1)
    assert first[0].action is Action.SETTLE


def test_a_send_that_fails_again_and_again_is_repeated_ever_more_seldom() -> None:
    execution, _ = begin(JOB, 60, REVEALED, START_S)
    time_s, waits = REVEALED.deadline_s + 1, []
    execution, asked = step(execution, Tick(), time_s)
    for _ in range(5):
        assert actions(asked) == [Action.SETTLE]
        execution, _ = step(execution, ActionFailed(Action.SETTLE), time_s)
        waits.append(execution.not_before_s - time_s)
        time_s = execution.not_before_s
        execution, asked = step(execution, Tick(), time_s)
    assert waits == [3, 6, 12, 24, 24]
    execution, _ = step(execution, ActionDone(Action.SETTLE, SETTLED), time_s)
    assert execution.send_failures == 0


@pytest.mark.parametrize(
    "event",
    [
        OutputSealed(C0),
        OutputUnsound(),
        CheckPassed(TERMS),
        CheckFailed(NO),
        SlotGranted(),
        SlotWithdrawn(),
        ActionDone(Action.COMMIT),
        ActionFailed(Action.RUN),
    ],
)
def test_an_answer_to_nothing_asked_is_refused(event: Event) -> None:
    execution, _ = begin(JOB, 60, REVEALED, START_S)
    with pytest.raises(ForbiddenEvent) as caught:
        step(execution, event, START_S)
    assert caught.value.context["phase"] == "revealed"


def test_a_second_different_commitment_is_refused() -> None:
    execution, _ = play(OutputSealed(C0), first=ASSIGNED)
    forged = replace(execution, pending=execution.pending | {Action.RUN})
    with pytest.raises(ForbiddenEvent):
        step(forged, OutputSealed(b"\xff" * 32), START_S)


# --- random worlds ---


@given(st.lists(MOVES, max_size=60))
def test_any_world_keeps_the_invariants_commits_once_and_has_a_way_out(
    moves: list[tuple[str, int]],
) -> None:
    world = World()
    saved = replace(world)
    execution, instructions = begin(JOB, 60, world.view(), world.time_s)
    for name, value in moves:
        if name == "save":
            saved = replace(world)
            continue
        event = event_of(world, saved, execution, name, value)
        if event is None:
            continue
        before = execution
        execution, instructions = step(execution, event, world.time_s)
        check_invariants(execution)
        assert not {i.action for i in instructions} & before.pending or isinstance(
            event, ActionDone | ActionFailed | Restarted
        )
        if Action.COMMIT in actions(instructions):
            # Never again while the chain, as last seen, holds a commitment already.
            assert execution.view.stored is JobState.ASSIGNED
            assert execution.commitment == C0
    assert world.commits <= 1
    _assert_way_out(world, execution)


def _assert_way_out(world: World, execution: Execution) -> None:
    execution, _ = step(execution, Restarted(), world.time_s)
    for _ in range(60):
        if execution.phase is Phase.ENDED and execution.is_released and not execution.pending:
            return
        world.others("beacon")
        if execution.phase is Phase.HELD:
            execution, _ = step(execution, SlotGranted(), world.time_s)
        for action in sorted(execution.pending):
            if action in execution.pending:
                execution, _ = step(execution, answer(world, action, 1), world.time_s)
        world.time_s += 120
        execution, _ = step(execution, ChainSeen(world.view()), world.time_s)
        check_invariants(execution)
    raise AssertionError(f"stuck in {execution}")


def test_every_action_is_either_local_or_sent() -> None:
    assert frozenset(Action) == SENDS | LOCAL
    assert not SENDS & LOCAL
