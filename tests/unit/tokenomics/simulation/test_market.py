"""The price answers flows, belief and shocks, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.tokenomics.simulation.conftest import Played

from neurovoyance.tokenomics.simulation import market
from neurovoyance.tokenomics.simulation.scenarios import START_DAY


def test_buying_raises_and_selling_lowers_the_price(played: Played) -> None:
    bought, sold = played(10), played(10)
    for e, name in ((bought, "bought"), (sold, "sold")):
        e.flows.clear()
        getattr(e.flows, name)[:] = 50_000.0
        market.run_day(e)
    assert np.all(bought.price > sold.price)
    assert np.all(bought.impact > sold.impact)


def test_a_day_of_selling_is_bounded(played: Played) -> None:
    e, calm = played(10), played(10)
    for one in (e, calm):
        one.flows.clear()
    e.flows.sold[:] = 1e12
    market.run_day(e)
    market.run_day(calm)
    assert e.price / calm.price == pytest.approx(np.exp(-0.10))


def test_fees_are_worth_something_and_more_supply_less(played: Played) -> None:
    e = played(10)
    before = market.fair_price(e)
    e.fees_usd_slow *= 2.0
    assert np.all(market.fair_price(e) > before)
    e.fees_usd_slow /= 2.0
    e.burned += 1e8
    assert np.all(market.fair_price(e) > before)


def test_the_bear_lowers_belief_too(played: Played) -> None:
    e = played(1, scenario="bear", start=START_DAY + 200)
    e.day = START_DAY + 205
    calm = played(1, scenario="base", start=START_DAY + 200)
    calm.day = START_DAY + 205
    assert np.all(market.fair_price(e) < 0.3 * market.fair_price(calm))
