"""The fund's twin by itself; tests/differential holds it to the compiled contract."""

import pytest

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


def test_an_epoch_pays_at_most_its_part() -> None:
    fund = funded()
    fund.fund(20_000 * NVY, NOW)
    fund.pay(2_000 * NVY, NOW)
    fund.pay(2_000 * NVY, NOW)
    with pytest.raises(TwinRevert, match="OverLimit"):
        fund.pay(1, NOW)
    assert fund.epoch == Period(100, 20_000 * NVY, 4_000 * NVY)
    assert fund.trips == 0
    assert fund.left_wei(NOW + EPOCH_S) == 3_600 * NVY


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
    fund.pay(4_000 * NVY, NOW)
    assert fund.trips == 0
    fund.pay(1, NOW)
    assert fund.trips == 1
    with pytest.raises(TwinRevert, match="ZeroAmount"):
        fund.pay(0, NOW)
    with pytest.raises(TwinRevert, match="ZeroAmount"):
        fund.fund(0, NOW)
