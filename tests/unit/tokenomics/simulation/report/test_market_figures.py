"""Price and people: all five sets of rules are shown, and every scenario has its panel."""

from __future__ import annotations

from neurovoyance.tokenomics.simulation.policies import POLICIES
from neurovoyance.tokenomics.simulation.report import market_figures
from neurovoyance.tokenomics.simulation.report.figures import Material
from neurovoyance.tokenomics.simulation.scenarios import SCENARIOS


def test_the_five_rules_are_ours_and_the_baselines() -> None:
    kept = {name for name, one in POLICIES.items() if one.family != "ablation"}
    assert {name for name, _, _ in market_figures.BASELINES} == kept


def test_every_scenario_has_a_panel(runs: Material) -> None:
    titles = [
        axes.get_title() or axes.get_title(loc="left")
        for axes in market_figures.scenarios(runs.ours).axes
    ]
    assert {one.title for one in SCENARIOS.values()} <= set(titles)
