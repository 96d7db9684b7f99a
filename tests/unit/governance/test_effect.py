"""The effect of a change: two runs with the same chances, and honest limits."""

from __future__ import annotations

import pytest

from neurovoyance.governance.effect import OUTCOMES, can_simulate, effects, policy_of
from neurovoyance.protocol.errors import ConfigError, SpecError
from neurovoyance.tokenomics.simulation.policies import ours

from .wishes import MOVABLE

NOW = {key: parameter.default for key, parameter in MOVABLE.items()}


def test_the_defaults_are_our_policy() -> None:
    assert policy_of(NOW) == ours()
    assert policy_of({**NOW, "burnBps": 500}).burn == 0.05


def test_a_change_has_an_effect_and_none_has_none() -> None:
    found = {item.name: item for item in effects(NOW, {**NOW, "burnBps": 600}, seeds=4)}
    assert set(found) == set(OUTCOMES)
    low, middle, high = found["providers_end"].difference
    assert low <= middle <= high < 0.0
    assert found["price_end"].before != found["price_end"].after


def test_what_is_not_simulated_is_said() -> None:
    assert can_simulate("burnBps") and not can_simulate("canariesPerEpoch")
    with pytest.raises(SpecError, match="no model of canariesPerEpoch"):
        effects(NOW, {**NOW, "canariesPerEpoch": 600})
    with pytest.raises(SpecError, match="are not simulated"):
        effects(NOW, {**NOW, "burnBps": 600}, years=6)
    with pytest.raises(ConfigError):
        effects(NOW, {**NOW, "burnBps": 600}, scenario="fish")
