"""What is due for a canary follows from its record, its job and the time alone."""

from __future__ import annotations

import pytest

from neurovoyance.chain.emission import CanaryRecord, CanaryState
from neurovoyance.node.canary_rules import (
    RESERVE_S,
    SPREAD_S,
    CanaryAction,
    is_over,
    own_wait_s,
    wanted,
)
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.lifecycle import JobState

OWNER = Address("0x" + "11" * 20)
OTHER = Address("0x" + "22" * 20)
TAKE_BY_S = 5_000


def record(state: CanaryState, provider: Address = OWNER) -> CanaryRecord:
    return CanaryRecord(
        7, 1_000, TAKE_BY_S, 3, state, 1, provider, 4, 60, bytes(32), bytes(32), bytes(32)
    )


@pytest.mark.parametrize(
    ("time_s", "action"),
    [
        (0, CanaryAction.TAKE),
        (TAKE_BY_S - RESERVE_S, CanaryAction.TAKE),
        (TAKE_BY_S - RESERVE_S + 1, None),
        (TAKE_BY_S, None),
        (TAKE_BY_S + 1, CanaryAction.MISS),
    ],
)
def test_a_drawn_canary_is_taken_in_time_or_missed(
    time_s: int, action: CanaryAction | None
) -> None:
    assert wanted(record(CanaryState.DRAWN), None, time_s) is action


@pytest.mark.parametrize("state", list(JobState))
def test_a_taken_one_is_scored_when_its_job_is_over(state: JobState) -> None:
    found = wanted(record(CanaryState.TAKEN), state, TAKE_BY_S + 9)
    expected = CanaryAction.SCORE if state.is_final or state is JobState.ACCEPTED else None
    assert found is expected
    assert wanted(record(CanaryState.TAKEN), None, 0) is None


@pytest.mark.parametrize("state", list(CanaryState))
def test_it_is_over_when_cold_or_anothers(state: CanaryState) -> None:
    is_open = state in (CanaryState.NONE, CanaryState.REQUESTED)
    assert is_over(record(state), OWNER) is state.is_cold
    assert is_over(record(state, OTHER), OWNER) is not is_open
    if state not in (CanaryState.DRAWN, CanaryState.TAKEN):
        assert wanted(record(state), JobState.SETTLED, 0) is None


def test_nodes_wait_differently() -> None:
    waits = {own_wait_s(OWNER, number) for number in range(50)}
    assert len(waits) > 20
    assert all(0 <= wait_s < SPREAD_S for wait_s in waits)
    assert own_wait_s(OWNER, 1) == own_wait_s(OWNER.upper(), 1)
    assert [own_wait_s(OWNER, n) for n in range(9)] != [own_wait_s(OTHER, n) for n in range(9)]
