"""Stake follows the yield, and leaves only through unbonding."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.tokenomics.simulation.conftest import Played

from neurovoyance.tokenomics.simulation import staking


def test_a_higher_yield_wants_more_stake(played: Played) -> None:
    e = played(40)
    e.stake_yield[:] = 0.05
    low = staking.wanted_stake(e)
    e.stake_yield[:] = 0.50
    assert np.all(staking.wanted_stake(e) > low)
    assert np.all(staking.wanted_stake(e) < e.world.stake_share_max * e.circulating)


def test_what_unbonds_comes_out_after_the_unbonding_time(played: Played) -> None:
    e = played(30)
    e.unbonding[:] = 0.0
    e.stake_yield[:] = 0.0
    e.own *= 10.0
    staking.run_day(e)
    queued = e.unbonding[-1].copy()
    assert np.all(queued > 0.0)
    e.own[:] = staking.required_stake(e)
    for _ in range(e.policy.unbonding_days - 1):
        e.unbonding[:-1] = e.unbonding[1:]
        e.unbonding[-1] = 0.0
    before = e.floating.copy()
    staking._withdraw(e)
    assert e.floating - before == pytest.approx(queued)


def test_delegation_counts_up_to_its_multiple(played: Played) -> None:
    e = played(10)
    e.delegated = 100.0 * e.own.sum(axis=0)
    assert staking.counted(e) == pytest.approx(e.own * 6.0)
