"""The fund's twin by itself; tests/differential holds it to the compiled contract."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.tokenomics.insurance import EPOCH_S, POOL_FLOOR_WEI, InsuranceFund, Period
from neurovoyance.tokenomics.reverts import TwinRevert

NVY = 10**18
NOW = 100 * EPOCH_S


def funded() -> InsuranceFund:
    fund = InsuranceFund()
    fund.fund(20_000 * NVY, NOW - EPOCH_S)
    return fund


def test_nothing_is_paid_in_the_epoch_of_the_first_funding() -> None:
    assert funded().left_wei(NOW - 1) == 0
    assert funded().left_wei(NOW) == 2_000 * NVY


def claim(fund: InsuranceFund, amount_wei: int) -> None:
    fund.pay_verdict(len(fund.paid).to_bytes(32, "big"), amount_wei, NOW)


def test_an_epoch_pays_at_most_its_part() -> None:
    fund = funded()
    fund.fund(20_000 * NVY, NOW)
    claim(fund, 2_000 * NVY)
    claim(fund, 2_000 * NVY)
    with pytest.raises(TwinRevert, match="OverLimit"):
        claim(fund, 1)
    assert fund.epoch == Period(100, 20_000 * NVY, 4_000 * NVY)
    assert fund.trips == 0
    assert fund.left_wei(NOW + EPOCH_S) == 3_600 * NVY


def test_an_epoch_grants_at_most_a_hundredth_of_what_was_held() -> None:
    fund = funded()
    fund.fund(20_000 * NVY, NOW)
    fund.pay(150 * NVY, NOW)
    assert fund.grant_left_wei(NOW + EPOCH_S - 1) == 50 * NVY
    with pytest.raises(TwinRevert, match="OverGrantLimit") as refused:
        fund.pay(50 * NVY + 1, NOW)
    assert refused.value.values == (50 * NVY + 1, 50 * NVY)
    fund.pay(50 * NVY, NOW)
    assert fund.left_wei(NOW) == 2_000 * NVY
    assert fund.grant_left_wei(NOW) == 0
    assert fund.grant_left_wei(NOW + EPOCH_S) == fund.holdings_wei // 100


def test_a_grant_takes_no_more_than_claims_left() -> None:
    fund = funded()
    claim(fund, 2_000 * NVY)
    claim(fund, 2_000 * NVY - 7)
    assert fund.grant_left_wei(NOW) == 7
    with pytest.raises(TwinRevert, match="OverGrantLimit"):
        fund.pay(8, NOW)
    fund.pay(7, NOW)
    assert fund.epoch.paid_wei == 4_000 * NVY


@given(
    st.lists(st.tuples(st.integers(0, 10**30), st.sampled_from([0, 1, EPOCH_S // 3, EPOCH_S]))),
    st.data(),
)
def test_a_refused_grant_changes_nothing_and_epochs_keep_their_hundredth(
    steps: list[tuple[int, int]], data: st.DataObject
) -> None:
    fund, now_s = funded(), NOW
    held_wei, granted_wei = fund.holdings_wei, 0
    for amount_wei, wait_s in steps:
        if (now_s + wait_s) // EPOCH_S != now_s // EPOCH_S:
            held_wei, granted_wei = fund.holdings_wei, 0
        now_s += wait_s
        wish_wei = data.draw(st.sampled_from([amount_wei, fund.grant_left_wei(now_s)]))
        before = deepcopy(fund)
        try:
            fund.pay(wish_wei, now_s)
        except TwinRevert:
            assert fund == before
        else:
            granted_wei += wish_wei
        assert granted_wei <= held_wei // 100


def test_a_verdict_is_paid_once() -> None:
    fund = funded()
    assert fund.pay_verdict(b"1", 5, NOW) == 5
    with pytest.raises(TwinRevert, match="AlreadyPaid"):
        fund.pay_verdict(b"1", 5, NOW)
    with pytest.raises(TwinRevert, match="NoVerdict"):
        fund.pay_verdict(b"2", 0, NOW)


def test_the_pool_is_filled_as_far_as_possible() -> None:
    fund = funded()
    assert fund.top_up_pool(POOL_FLOOR_WEI - 7, NOW) == 7
    assert fund.top_up_pool(0, NOW) == 2_000 * NVY
    with pytest.raises(TwinRevert, match="PoolFull"):
        fund.top_up_pool(POOL_FLOOR_WEI, NOW)
    with pytest.raises(TwinRevert, match="OverLimit"):
        InsuranceFund().top_up_pool(0, NOW)


def test_much_in_a_day_trips_the_breaker() -> None:
    fund = funded()
    fund.values = {"insurancePerEventBps": 2_000, "insurancePerEpochBps": 3_000}
    claim(fund, 4_000 * NVY)
    assert fund.trips == 0
    claim(fund, 1)
    assert fund.trips == 1
    with pytest.raises(TwinRevert, match="ZeroAmount"):
        fund.pay(0, NOW)
    with pytest.raises(TwinRevert, match="ZeroAmount"):
        fund.fund(0, NOW)
