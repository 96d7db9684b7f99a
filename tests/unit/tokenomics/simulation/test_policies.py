"""Our rules are those of params.json; others differ where they say they do."""

from __future__ import annotations

import math

import pytest

from neurovoyance.protocol.errors import ConfigError
from neurovoyance.tokenomics.params import default_of
from neurovoyance.tokenomics.simulation.policies import POLICIES, ours, policy_named


def test_our_rules_are_the_documented_defaults() -> None:
    made = ours()
    assert made.burn * 1e4 == pytest.approx(default_of("burnBps"))
    assert made.rho * 1e18 == pytest.approx(default_of("rhoWad"))
    assert made.baseline * 1e18 == pytest.approx(default_of("baselineGenesisWei"))
    assert made.grant_epoch * 1e4 == pytest.approx(default_of("insuranceGrantBps"))
    assert made.unbonding_days * 86_400 == default_of("unbondingS")
    assert made.sink == pytest.approx(0.09)
    assert made.liquid == pytest.approx(0.72)


def test_each_ablation_changes_our_rules() -> None:
    without = [one for one in POLICIES.values() if one.family == "ablation"]
    assert len(without) >= 8
    assert all(one != ours() for one in without)
    assert POLICIES["no-wash-cap"].wash_cap == math.inf
    assert not POLICIES["no-usage"].usage


def test_slices_of_every_policy_leave_a_liquid_share() -> None:
    for one in POLICIES.values():
        assert 0.6 <= one.liquid <= 1.0, one.name


def test_an_unknown_policy_lists_the_choices() -> None:
    assert policy_named("ours") == ours()
    with pytest.raises(ConfigError) as refused:
        policy_named("theirs")
    assert "ours" in refused.value.hint
    assert "burn-mint" in refused.value.hint
    assert refused.value.exit_code == 2
