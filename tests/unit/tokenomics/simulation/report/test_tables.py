"""Tables: cells say what the runs say."""

from __future__ import annotations

import numpy as np

from neurovoyance.tokenomics.simulation.assumptions import rows
from neurovoyance.tokenomics.simulation.policies import POLICIES
from neurovoyance.tokenomics.simulation.report import tables
from neurovoyance.tokenomics.simulation.report.figures import Material
from neurovoyance.tokenomics.simulation.report.gates import judge
from neurovoyance.tokenomics.simulation.scenarios import SCENARIOS


def test_percentages_near_the_ends_keep_their_digits() -> None:
    assert tables.percent(0.9849) == "98.5 %"
    assert tables.percent(0.9951) == "99.51 %"
    assert tables.percent(0.002) == "0.20 %"


def test_each_thing_has_a_row(runs: Material) -> None:
    assert len(tables.scenario_table(runs.ours)[1]) == len(SCENARIOS)
    assert len(tables.gate_table(judge(runs.ours))[1]) == 8
    assert len(tables.assumption_table()[1]) == len(rows())
    kept = [one for one in POLICIES.values() if one.family != "ablation"]
    assert len(tables.policy_table(runs.compared, "bear")[1]) == len(kept)


def test_a_policy_compared_with_itself_differs_by_nothing(runs: Material) -> None:
    for _, *cells in tables.ablation_table(runs.compared, "base")[1]:
        assert all(float(cell) == 0.0 for cell in cells)


def test_bands_are_medians_with_their_ends(runs: Material) -> None:
    price = runs.ours["base"].outcomes["price_end"]
    low, middle, high = np.quantile(price, (0.1, 0.5, 0.9))
    assert f"{middle:.3f} ({low:.3f}–{high:.3f})" in tables.scenario_table(runs.ours)[1][0]


def test_the_bear_gate_is_shown_at_the_first_and_the_present_hurdle(runs: Material) -> None:
    rows = tables.hurdle_table(runs.hurdles, runs.ours["bear"])[1]
    assert rows[0][0] == "0.40"
    assert any(row[0] == "1.20 (used)" for row in rows)
    assert {row[2] for row in rows} <= {"passes", "FAILS"}


def test_bounds_are_shown_beside_the_defaults(runs: Material) -> None:
    attack = tables.attack_table(runs.mended, runs.ours["attack"])[1]
    assert attack[0][0] == "documented defaults"
    assert attack[1][0] == "grants up to the epoch's limit"
    assert any(row[0].startswith("insurancePerEpochBps at MIN") for row in attack)
    outflow = tables.outflow_table(runs.mended, runs.ours["mercenary"])[1]
    assert any(row[0].startswith("vestBps at MAX") for row in outflow)
    assert outflow[-1][0].startswith("rhoWad as it was")
    assert len(tables.extra_table(runs.compared)[1]) == 8
    assert tables.cohort_table()[1][-1][0] == "source"
