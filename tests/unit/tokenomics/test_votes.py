import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.tokenomics.reverts import TwinRevert
from neurovoyance.tokenomics.votes import TICK_S, VotesState, clock_at, whole_ticks

NOW_S = 1_800_000_000
TODAY_S = clock_at(NOW_S)
NAMES = ("alice", "bob", "carol")


def test_the_clock_ticks_once_a_day() -> None:
    assert TODAY_S % 86_400 == 0
    assert clock_at(TODAY_S + 86_399) == TODAY_S
    assert clock_at(TODAY_S + 86_400) == TODAY_S + 86_400
    assert [whole_ticks(time_s) for time_s in (0, 1, 86_400, 86_401)] == [
        0,
        86_400,
        86_400,
        172_800,
    ]


def test_stake_of_a_day_counts_for_its_timepoint_when_the_day_is_over() -> None:
    state = VotesState()
    state.delegate("alice", "alice", NOW_S)
    state.move("alice", 5, NOW_S)
    with pytest.raises(TwinRevert) as caught:
        state.past_votes("alice", TODAY_S, NOW_S)
    assert caught.value.values == (TODAY_S, TODAY_S)
    assert state.past_votes("alice", TODAY_S - 1, NOW_S) == 0
    assert state.past_votes("alice", TODAY_S, NOW_S + TICK_S) == 5
    assert state.past_total(TODAY_S, NOW_S + TICK_S) == 5


def test_in_and_out_on_one_day_leaves_nothing() -> None:
    state = VotesState()
    state.delegate("alice", "alice", TODAY_S)
    state.move("alice", 5, TODAY_S)
    state.move("alice", -5, TODAY_S + TICK_S - 1)
    assert state.past_votes("alice", TODAY_S, TODAY_S + TICK_S) == 0


def test_more_than_is_there_cannot_be_taken() -> None:
    state = VotesState()
    state.move("alice", 5, NOW_S)
    with pytest.raises(TwinRevert) as caught:
        state.move("alice", -6, NOW_S)
    assert caught.value.name == "VotingPower__TooFewUnits"
    assert caught.value.values == ("alice", 5, 6)


def test_delegating_moves_all_units_and_only_those() -> None:
    state = VotesState()
    state.move("alice", 5, NOW_S)
    state.move("bob", 7, NOW_S)
    state.delegate("alice", "bob", NOW_S)
    assert (state.votes_of("alice"), state.votes_of("bob")) == (0, 5)
    state.delegate("alice", "bob", NOW_S)
    assert state.votes_of("bob") == 5
    state.delegate("alice", None, NOW_S)
    assert state.votes_of("bob") == 0
    assert state.past_total(TODAY_S, NOW_S + TICK_S) == 12


STEPS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.one_of(st.integers(-(10**6), 10**6), st.sampled_from((*NAMES, None))),
        st.integers(0, 2 * TICK_S),
    )
)


@given(STEPS)
def test_totals_are_sums(steps: list[tuple[str, int | str | None, int]]) -> None:
    state, now_s = VotesState(), NOW_S
    for account, what, gap_s in steps:
        now_s += gap_s
        if isinstance(what, int):
            state.move(account, max(what, -state.units.get(account, 0)), now_s)
        else:
            state.delegate(account, what, now_s)
    delegated = sum(state.units.get(name, 0) for name in state.delegates)
    assert sum(state.votes_of(name) for name in NAMES) == delegated
    assert state.past_total(clock_at(now_s), now_s + TICK_S) == sum(state.units.values())
