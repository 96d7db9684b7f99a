"""Pools of shares by themselves; tests/differential holds them to the compiled contract."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.tokenomics.delegation import OFFSET, Pool, Shares, to_shares, to_wei
from neurovoyance.tokenomics.emission import CLAIM_FIRST, CLAIM_LAST, EPOCH_S
from neurovoyance.tokenomics.params import default_of
from neurovoyance.tokenomics.reverts import TwinRevert

NVY = 10**18
AMOUNT = st.integers(1, 10**26)
BPS = st.integers(0, 1_000)


def test_the_first_delegator_gets_a_million_shares_a_wei() -> None:
    assert to_shares(5 * NVY, 0, 0) == 5 * NVY * OFFSET
    assert to_wei(5 * NVY * OFFSET, 5 * NVY, 5 * NVY * OFFSET) == 5 * NVY


@given(st.lists(st.tuples(st.booleans(), AMOUNT, BPS), max_size=30))
def test_shares_are_never_worth_more_than_the_pool(
    steps: list[tuple[bool, int, int]],
) -> None:
    pool, mine = Shares(), [0]
    for is_in, amount, bps in steps:
        if is_in:
            before = pool.assets_wei
            mine.append(pool.add(amount))
            assert pool.assets_wei == before + amount
            assert pool.worth(mine[-1]) <= amount
        else:
            pool.remove(mine.pop() if len(mine) > 1 else 0)
        pool.slash(bps)
        assert sum(pool.worth(shares) for shares in mine) <= pool.assets_wei
        assert sum(mine) == pool.shares


def test_shares_that_do_not_fit_are_refused() -> None:
    pool = Shares(assets_wei=0, shares=2**127)
    with pytest.raises(TwinRevert, match="AmountTooLarge"):
        pool.shares_for(2)


def test_who_unbonds_is_slashed_alike_and_earns_nothing() -> None:
    pool = Pool()
    shares = pool.delegate("a", 100 * NVY, 1)
    pool.delegate("b", 100 * NVY, 1)
    pool.undelegate("a", shares, 1, 50)
    assert pool.slash(500, 1) == (5 * NVY, 5 * NVY)
    pool.reward(7 * NVY)
    assert pool.owed_wei("a") == 0
    assert 7 * NVY - 10**7 < pool.owed_wei("b") <= 7 * NVY
    assert pool.withdraw("a") == pytest.approx(95 * NVY, abs=1)
    assert pool.of("a").leaving_shares == 0


def test_a_reward_is_not_for_who_comes_later() -> None:
    pool = Pool()
    pool.delegate("a", NVY, 1)
    pool.reward(NVY)
    pool.delegate("b", 9 * NVY, 1)
    assert pool.owed_wei("b") == 0
    assert pool.settle("a").owed_wei == pool.owed_wei("a") > 0


def test_the_end_of_the_last_epoch_is_kept() -> None:
    pool = Pool()
    pool.delegate("a", 5, 7)
    pool.delegate("a", 5, 8)
    pool.delegate("a", 5, 8)
    assert (pool.assets_at(7), pool.assets_at(8)) == (5, 15)


def test_a_pool_gets_back_at_most_what_it_has() -> None:
    pool = Pool()
    pool.delegate("a", 10, 1)
    assert pool.give_back(4, 1) == 4
    assert pool.give_back(40, 1) == 14
    assert pool.staked.assets_wei == 28


def test_a_commission_rises_when_its_notice_is_over() -> None:
    pool = Pool(commission_bps=100, next_bps=900, rises_at_s=50)
    assert (pool.commission_at(49), pool.commission_at(50)) == (100, 900)
    assert Pool(commission_bps=100, next_bps=900).commission_at(50) == 100


def _weeks(joined: int | None, left: int, reward_wei: int, claims: dict[int, int]) -> int:
    """Return what somebody with as much as the pool gets of claims of ``claims[week]`` epochs.

    Args:
        joined: week before whose claim it joins; None to be there from the beginning.
        left: week after whose claim it leaves.
    """
    pool = Pool()
    pool.delegate("stays", 1_000 * NVY, 0)
    shares = pool.delegate("x", 1_000 * NVY, 0) if joined is None else 0
    for week in range(1, 13):
        if week == joined:
            shares = pool.delegate("x", 1_000 * NVY, week)
        if epochs := claims.get(week, 0):
            pool.reward(reward_wei * epochs)
        if week == left:
            pool.undelegate("x", shares, week, 0)
    return pool.owed_wei("x")


def test_who_joins_for_one_claim_gets_a_third_of_what_staying_meanwhile_pays() -> None:
    """docs/economy-wiring.md, "Who joins late": the bound of joining just before a claim."""
    reward_wei = 100 * NVY
    weekly = dict.fromkeys(range(1, 13), 1)
    unbonding_weeks = default_of("unbondingS") // EPOCH_S
    staying = _weeks(None, unbonding_weeks, reward_wei, weekly)
    joining = _weeks(4, 4, reward_wei, weekly)
    assert joining * unbonding_weeks == pytest.approx(staying, rel=1e-9)
    # A provider that claims eight epochs at once, and joins its own pool for that moment.
    at_once = _weeks(9, 9, reward_wei, {9: CLAIM_LAST - CLAIM_FIRST + 1})
    assert at_once * unbonding_weeks == pytest.approx(staying * 8, rel=1e-9)
