"""The daily loop is repeatable, paired by seed, and says what made it."""

from __future__ import annotations

import numpy as np
import pytest

from neurovoyance.tokenomics.simulation.engine import code_hash, params_hash, simulate
from neurovoyance.tokenomics.simulation.policies import POLICIES
from neurovoyance.tokenomics.simulation.record import Run
from neurovoyance.tokenomics.simulation.scenarios import SCENARIOS


def test_a_run_is_repeatable_and_seeds_stand_alone(year: Run) -> None:
    again = simulate(POLICIES["ours"], SCENARIOS["base"], seeds=3, days=371)
    assert np.array_equal(again.outcomes["price_end"], year.outcomes["price_end"])
    # Alone only to rounding: processors add up rows of one and of three in different orders.
    alone = simulate(POLICIES["ours"], SCENARIOS["base"], seeds=1, days=371)
    assert alone.outcomes["price_end"][0] == pytest.approx(year.outcomes["price_end"][0], rel=1e-9)
    assert len({float(price) for price in year.outcomes["price_end"]}) == 3


def test_a_run_says_what_made_it(year: Run) -> None:
    assert year.meta["code"] == code_hash()
    assert year.meta["params"] == params_hash()
    assert (year.meta["scenario"], year.meta["policy"], year.meta["seeds"]) == ("base", "ours", 3)
    assert year.meta["world"] == {}


def test_policies_meet_the_same_demand() -> None:
    ours, theirs = (
        simulate(POLICIES[name], SCENARIOS["base"], seeds=2, days=28)
        for name in ("ours", "no-vesting")
    )
    first = [np.asarray(run.bands["fees_usd"])[:, 0] for run in (ours, theirs)]
    assert np.allclose(*first)
