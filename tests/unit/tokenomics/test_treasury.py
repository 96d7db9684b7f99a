import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.tokenomics.reverts import TwinRevert
from neurovoyance.tokenomics.treasury import DAY_S, TreasuryState

NOW_S = 1_800_000_000
HELD_WEI = 150_000_000 * 10**18


def funded() -> TreasuryState:
    state = TreasuryState()
    state.fund(HELD_WEI)
    return state


def test_each_pays_its_part_and_no_more() -> None:
    state = funded()
    limit = HELD_WEI * 2 // 100
    with pytest.raises(TwinRevert) as caught:
        state.pay("standard", limit + 1, 200, NOW_S)
    assert caught.value.name == "Treasury__OverLimit"
    assert caught.value.values == (limit + 1, limit)
    state.pay("standard", limit, 200, NOW_S)
    assert state.left_of("standard", 200, NOW_S) == 0
    assert state.left_of("constitutional", 1_000, NOW_S) == HELD_WEI // 10
    assert state.holdings_wei == HELD_WEI - limit


def test_a_payment_counts_for_its_day_and_thirty_more() -> None:
    state = funded()
    state.pay("standard", 10**18, 200, NOW_S)
    last_s = NOW_S - NOW_S % DAY_S + 31 * DAY_S
    assert state.paid_in_30_days("standard", last_s - 1) == 10**18
    assert state.paid_in_30_days("standard", last_s) == 0


def test_a_lowered_limit_leaves_nothing() -> None:
    state = funded()
    state.pay("standard", HELD_WEI * 2 // 100, 200, NOW_S)
    assert state.left_of("standard", 100, NOW_S) == 0


def test_a_grant_is_counted_once() -> None:
    state = TreasuryState()
    assert state.collect_grant("grant", 5) == 5
    assert state.collect_grant("grant", 8) == 3
    with pytest.raises(TwinRevert, match="Treasury__ZeroAmount"):
        state.collect_grant("grant", 8)
    assert state.holdings_wei == 8


def test_zero_is_refused() -> None:
    state = funded()
    with pytest.raises(TwinRevert, match="Treasury__ZeroAmount"):
        state.fund(0)
    with pytest.raises(TwinRevert, match="Treasury__ZeroAmount"):
        state.pay("standard", 0, 200, NOW_S)


@given(st.lists(st.integers(0, 20 * DAY_S), min_size=1, max_size=12))
def test_no_thirty_days_see_more_than_the_part(gaps_s: list[int]) -> None:
    state, now_s = funded(), NOW_S
    payments: list[tuple[int, int]] = []
    for gap_s in gaps_s:
        now_s += gap_s
        left = state.left_of("constitutional", 1_000, now_s)
        if left:
            state.pay("constitutional", left, 1_000, now_s)
            payments.append((now_s, left))
    for end_s, _ in payments:
        window = [paid for at_s, paid in payments if end_s - 30 * DAY_S <= at_s <= end_s]
        assert sum(window) <= HELD_WEI // 10
