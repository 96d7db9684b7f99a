"""Dates: whole days, the order of a proposal's life, and the steps of a long change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.governance.timeline import (
    EPOCH_S,
    GovernorTimes,
    if_proposed,
    next_epoch_s,
    path_to,
    timeline,
)
from neurovoyance.tokenomics.governing import COOLDOWN_S, check_change
from neurovoyance.tokenomics.votes import TICK_S

from .wishes import MOVABLE

DAY_S = 86_400
STANDARD = GovernorTimes(2 * DAY_S, 5 * DAY_S, 3 * DAY_S)
NOON_S = 1_000 * DAY_S + DAY_S // 2


def test_votes_begin_the_day_after_the_snapshot_and_end_with_a_day() -> None:
    dates = if_proposed(NOON_S, STANDARD)
    assert dates.snapshot_s == 1_002 * DAY_S
    assert dates.votes_from_s == 1_003 * DAY_S
    assert dates.votes_until_s == 1_008 * DAY_S
    assert dates.executable_s == 1_011 * DAY_S


def test_a_queued_proposal_has_its_own_date() -> None:
    assert timeline(0, DAY_S, 3 * DAY_S, eta_s=77).executable_s == 77


@given(st.integers(0, 10**10))
def test_a_change_applies_from_the_next_epoch(time_s: int) -> None:
    applies_s = next_epoch_s(time_s)
    assert 0 < applies_s - time_s <= EPOCH_S
    assert applies_s % EPOCH_S == 0


@given(st.data())
def test_the_contract_accepts_every_step_of_a_path(data: st.DataObject) -> None:
    parameter = data.draw(st.sampled_from(list(MOVABLE.values())))
    bounds = st.integers(parameter.min, parameter.max)
    current, target = data.draw(bounds), data.draw(bounds)
    now_s = NOON_S + data.draw(st.integers(0, 10**7))
    ready_at_s = data.draw(st.just(0) | st.integers(now_s - 10**7, now_s + 10**7))
    path = path_to(parameter, current, target, now_s=now_s, ready_at_s=ready_at_s, times=STANDARD)
    cooldown_s = COOLDOWN_S[parameter.governor]
    last_s = ready_at_s - cooldown_s if ready_at_s else None
    for step in path:
        assert step.propose_s >= now_s
        assert step.execute_s >= if_proposed(step.propose_s, STANDARD).executable_s
        assert check_change(parameter.key, current, step.value, last_s, step.execute_s) is None
        current, last_s = step.value, step.execute_s
    assert current == target
    assert len(path) <= 8 + 1


def test_a_second_step_is_voted_on_while_the_parameter_rests() -> None:
    path = path_to(MOVABLE["burnBps"], 400, 500, now_s=NOON_S, ready_at_s=0, times=STANDARD)
    first, second = path
    assert second.execute_s == first.execute_s + 7 * DAY_S
    assert second.propose_s < first.execute_s
    assert first.execute_s % TICK_S == 0
