"""The whole twin by itself; tests/differential holds it to the compiled contract."""

import pytest

from neurovoyance.tokenomics.reverts import TwinRevert
from neurovoyance.tokenomics.stake_manager import StakeManager, Verdict

NVY = 10**18
NOBODY = "0x" + "00" * 20
NOW = 1_800_000_000
DAY_S = 86_400


def twin() -> StakeManager:
    stakes = StakeManager(has_params=True, has_vault=True, registered={"p"})
    stakes.stake("p", 10_000 * NVY, NOW)
    stakes.delegate("p", "d", 10_000 * NVY, NOW)
    return stakes


def verdict(number: int, *, is_forgery: bool = False, is_late: bool = False) -> Verdict:
    slash_id = number.to_bytes(32, "big")
    return Verdict(slash_id, slash_id, "p", 0, 0, 1_000 * NVY, "c", NOBODY, is_forgery, is_late)


def test_a_verdict_takes_own_and_delegated_stake() -> None:
    stakes = twin()
    slash = stakes.book_slash(verdict(1), NOW)
    assert (slash.amount_wei, slash.delegated_wei, slash.vest_bps) == (
        1_000 * NVY,
        500 * NVY,
        2_000,
    )
    assert stakes.total_wei == 19_000 * NVY
    assert stakes.balance_wei == 20_000 * NVY
    with pytest.raises(TwinRevert, match="SlashExists"):
        stakes.book_slash(verdict(1), NOW)


def test_a_forgery_takes_half_and_a_tenth_and_everything_unvested() -> None:
    slash = twin().book_slash(verdict(1, is_forgery=True), NOW)
    assert (slash.amount_wei, slash.vest_bps) == (6_000 * NVY, 10_000)


def test_a_day_above_its_limit_is_held_long() -> None:
    stakes = twin()
    waits = [stakes.book_slash(verdict(n), NOW).ready_at_s - NOW for n in range(1, 5)]
    assert waits == [2 * DAY_S, 2 * DAY_S, 14 * DAY_S, 14 * DAY_S]
    assert stakes.trips == 3
    assert stakes.book_slash(verdict(5), NOW + DAY_S).ready_at_s == NOW + 3 * DAY_S


def test_a_reduction_returns_what_was_taken() -> None:
    stakes = twin()
    stakes.book_slash(verdict(1), NOW)
    slash_id = verdict(1).slash_id
    with pytest.raises(TwinRevert, match="NotLower"):
        stakes.reduce_slash(slash_id, 1_000 * NVY, NOW)
    assert stakes.reduce_slash(slash_id, 400 * NVY, NOW) == (300 * NVY, 300 * NVY)
    assert stakes.held[slash_id].vest_bps == 800
    stakes.reduce_slash(slash_id, 0, NOW)
    assert (stakes.total_wei, stakes.held_wei) == (20_000 * NVY, 0)


def test_the_end_of_a_slash_waits_for_the_vault() -> None:
    stakes = twin()
    slash_id = verdict(1, is_late=True).slash_id
    stakes.book_slash(verdict(1, is_late=True), NOW)
    with pytest.raises(TwinRevert, match="SlashNotReady"):
        stakes.finalize_slash(slash_id, NOW + 1, 0)
    split = stakes.finalize_slash(slash_id, NOW + 2 * DAY_S, None)
    assert split.burned_wei == 300 * NVY
    assert stakes.loss_of(slash_id) == 850 * NVY
    assert stakes.account("p").pending == 1
    assert stakes.slash_vesting(slash_id, 10).burned_wei == 3
    assert stakes.account("p").pending == 0
    with pytest.raises(TwinRevert, match="NothingToSlash"):
        stakes.slash_vesting(slash_id, 10)


def test_timeouts_and_penalties() -> None:
    stakes = twin()
    stakes.lock("p", 30 * NVY, by_market=True)
    assert stakes.slash_timeout("p", 10 * NVY, 0, NOW, full=False).burned_wei == 3 * NVY // 10
    stakes.slash_timeout("p", 10 * NVY, 0, NOW, full=True)
    assert stakes.pool("p").staked.assets_wei == 9_500 * NVY
    with pytest.raises(TwinRevert, match="AmountTooLarge"):
        stakes.slash_lock("p", 10 * NVY, 11 * NVY, NOW)
    stakes.slash_lock("p", 10 * NVY, 0, NOW)
    assert stakes.slash_free("p", 10**30, NOW) > 9_000 * NVY
    assert stakes.collect_insurance() > 0
    with pytest.raises(TwinRevert, match="ZeroAmount"):
        stakes.collect_insurance()
