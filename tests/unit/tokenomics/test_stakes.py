"""Stakes by themselves; tests/differential holds them to the compiled contract."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.tokenomics.reverts import TwinRevert
from neurovoyance.tokenomics.stakes import EPOCH_S, Stakes, more
from neurovoyance.tokenomics.staking import Stake

NVY = 10**18
START = 100 * EPOCH_S + 5


def staked(amount_wei: int = 1_000 * NVY) -> Stakes:
    stakes = Stakes(has_votes=True, registered={"p"})
    stakes.stake("p", amount_wei, START)
    return stakes


def test_more_adds_own_stake_alone() -> None:
    assert more(Stake(3, 2, 1), 4) == Stake(7, 2, 1)


def test_strangers_cannot_stake_nor_be_delegated_to() -> None:
    with pytest.raises(TwinRevert, match="NotRegistered"):
        Stakes().stake("p", 1, START)
    with pytest.raises(TwinRevert, match="NotRegistered"):
        Stakes().delegate("p", "d", 1, START)


@given(st.integers(0, 10**9), st.integers(1, 10**26))
def test_adding_stake_averages_the_age(age_s: int, amount_wei: int) -> None:
    stakes = staked()
    stakes.stake("p", amount_wei, START + age_s)
    whole_wei = 1_000 * NVY + amount_wei
    assert stakes.age_of("p", START + age_s) == age_s * 1_000 * NVY // whole_wei


def test_full_unbonding_resets_the_age() -> None:
    stakes = staked()
    stakes.request_unbonding("p", 1_000 * NVY, START + 90)
    stakes.stake("p", 1, START + 91)
    assert stakes.age_of("p", START + 92) == 1


def test_unbonding_is_paid_at_its_second_and_not_before() -> None:
    stakes = staked()
    ready_at_s = stakes.request_unbonding("p", 7, START)
    with pytest.raises(TwinRevert, match="UnbondingNotFinished"):
        stakes.withdraw_unbonded("p", ready_at_s - 1)
    assert stakes.withdraw_unbonded("p", ready_at_s) == 7
    with pytest.raises(TwinRevert, match="NothingUnbonding"):
        stakes.withdraw_unbonded("p", ready_at_s)


def test_what_backs_seats_cannot_unbond() -> None:
    stakes = staked(1_500 * NVY)
    stakes.account("p").seats = 1
    with pytest.raises(TwinRevert, match="SeatsTaken"):
        stakes.request_unbonding("p", 501 * NVY, START)
    stakes.request_unbonding("p", 500 * NVY, START)


def test_locks_need_free_stake_and_jobs_the_minimum() -> None:
    stakes = staked(999 * NVY)
    with pytest.raises(TwinRevert, match="BelowMinimum"):
        stakes.lock("p", 1, by_market=True)
    stakes.lock("p", 999 * NVY, by_market=False)
    with pytest.raises(TwinRevert, match="InsufficientFree"):
        stakes.lock("p", 1, by_market=False)
    stakes.unlock("p", 999 * NVY)
    assert stakes.account("p").stake.free_wei == 999 * NVY


def test_weights_are_those_of_the_end_of_the_epoch() -> None:
    stakes = staked()
    stakes.delegate("p", "d", 9_000 * NVY, START)
    assert stakes.weight_at("p", 99, START) == (0, 0)
    assert stakes.weight_at("p", 100, START) == (1_000 * NVY, 5_000 * NVY)
    later = START + EPOCH_S
    stakes.scale_age("p", 0, 1, later)
    stakes.request_unbonding("p", 1_000 * NVY, later)
    assert stakes.weight_at("p", 100, later) == (1_000 * NVY, 5_000 * NVY)
    assert stakes.weight_at("p", 101, later) == (0, 0)
    with pytest.raises(TwinRevert, match="UnknownEpoch"):
        stakes.weight_at("p", 99, later)


def test_units_follow_and_a_commission_waits() -> None:
    stakes = staked()
    shares = stakes.delegate("p", "d", 9 * NVY, START)
    assert (stakes.units["p"], stakes.units["d"]) == (1_000 * NVY, 9 * NVY)
    stakes.request_undelegation("p", "d", shares, START)
    assert (stakes.units["d"], stakes.total_wei) == (0, 1_000 * NVY)
    with pytest.raises(TwinRevert, match="TooFewShares"):
        stakes.request_undelegation("p", "d", 1, START)
    assert stakes.set_commission("p", 500, START) == START + 14 * 86_400
    assert stakes.set_commission("p", 0, START) == START
    with pytest.raises(TwinRevert, match="CommissionTooHigh"):
        stakes.set_commission("p", 3_001, START)


def test_rewards_need_delegators() -> None:
    stakes = staked()
    with pytest.raises(TwinRevert, match="NoDelegators"):
        stakes.notify_reward("p", 1)
    stakes.delegate("p", "d", NVY, START)
    stakes.notify_reward("p", NVY)
    assert stakes.take_reward("p", "d") == pytest.approx(NVY, abs=10**6)
    assert stakes.take_reward("p", "d") == 0
