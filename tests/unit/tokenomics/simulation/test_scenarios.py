"""Scenarios start when they say and change what they say."""

from __future__ import annotations

import numpy as np
import pytest

from neurovoyance.protocol.errors import ConfigError
from neurovoyance.tokenomics.simulation.scenarios import SCENARIOS, START_DAY, scenario_named


def test_nothing_happens_before_the_third_year() -> None:
    for one in SCENARIOS.values():
        paths = one.paths(START_DAY)
        assert np.allclose(paths.demand, 1.0)
        assert np.allclose(paths.costs, 1.0)
        assert np.allclose(paths.outside, 1.0)
        assert np.allclose(paths.price_log, 0.0)


def test_the_bear_takes_eighty_and_sixty_per_cent() -> None:
    paths = SCENARIOS["bear"].paths(1_827)
    assert np.exp(paths.price_log.sum()) == pytest.approx(0.2)
    assert paths.demand.min() == pytest.approx(0.4)
    assert paths.demand[-1] == pytest.approx(1.0)


def test_the_quiet_case_and_all_troubles_of_the_design_are_there() -> None:
    assert set(SCENARIOS) == {
        "base", "demand-x5", "bear", "whale", "vault-run", "wash", "mercenary", "competitor",
        "slash", "costs-up", "costs-down", "attack", "winter", "no-emission",
    }  # fmt: skip


def test_an_unknown_scenario_lists_the_choices() -> None:
    assert scenario_named("bear").title == "Bear market"
    with pytest.raises(ConfigError) as refused:
        scenario_named("bull")
    assert "demand-x5" in refused.value.hint
