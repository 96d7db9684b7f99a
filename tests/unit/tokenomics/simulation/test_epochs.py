"""The weekly clock: two epochs of delay, the budget, and the outflow bound."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.tokenomics.simulation.conftest import Played

from neurovoyance.tokenomics.simulation.scenarios import START_DAY
from neurovoyance.tokenomics.simulation.state import RESERVE


def test_what_is_earned_is_payable_two_epochs_later(played: Played) -> None:
    assert np.all(played(14).books.emitted == 0.0)
    assert np.all(played(21).books.emitted > 0.0)


def test_an_epoch_takes_at_most_the_budget(played: Played) -> None:
    e = played(7)
    taken = RESERVE - e.reserve
    assert np.all(taken > 0.0)
    assert np.all(taken <= RESERVE * e.policy.rho)
    full = played(7, "no-usage")
    assert np.all(RESERVE - full.reserve >= taken)


def test_outflow_stays_below_its_bound(played: Played) -> None:
    e = played(140)
    assert np.all(e.books.bound_ratio > 0.1)
    assert np.all(e.books.bound_ratio <= 1.0)


def test_the_controller_moves_a_point_a_week(played: Played) -> None:
    e = played(7)
    assert e.avail == pytest.approx(0.16)
    assert played(7, "no-controller").avail == pytest.approx(0.15)


def test_a_stopped_emission_leaves_the_reserve_alone(played: Played) -> None:
    e = played(14, scenario="no-emission", start=START_DAY + 4)
    assert e.reserve.tolist() == [RESERVE] * 3


def test_a_ring_never_expects_a_profit_and_would_without_the_cap(played: Played) -> None:
    e = played(14, scenario="wash", start=START_DAY)
    assert np.all(e.books.wash_expected < 0.0)
    free = played(14, "no-wash-cap", "wash", START_DAY, demand_usd_year=20_000.0)
    capped = played(14, "ours", "wash", START_DAY, demand_usd_year=20_000.0)
    assert np.all(free.books.wash_expected >= capped.books.wash_expected)


def test_filecoin_like_emission_follows_capacity(played: Played) -> None:
    e = played(28, "filecoin-like")
    assert np.all(e.books.emitted > 0.0)
    assert np.all(e.delegated >= 0.0)
