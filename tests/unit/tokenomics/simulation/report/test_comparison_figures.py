"""Comparisons are paired, sorted, and cover every number that is varied."""

from __future__ import annotations

import numpy as np
import pytest

from neurovoyance.tokenomics.simulation.assumptions import swings
from neurovoyance.tokenomics.simulation.plan import ATTACK_ONLY, FIELDS
from neurovoyance.tokenomics.simulation.report.comparison_figures import (
    ablation_rows,
    log_price,
    swing_rows,
)
from neurovoyance.tokenomics.simulation.report.figures import Material


def test_rows_cover_assumptions_and_parameters_smallest_first(runs: Material) -> None:
    rows = swing_rows(runs.swung, "retention")
    assert len(rows) == len([one for one in swings() if one[0] not in ATTACK_ONLY]) + len(FIELDS)
    sizes = [max(abs(low), abs(high)) for _, low, high in rows]
    assert sizes == sorted(sizes)


def test_the_same_run_differs_by_nothing(runs: Material) -> None:
    for _, row in ablation_rows(runs.compared, "bear"):
        assert all(value == pytest.approx(0.0) for value in row.values())
    price = runs.ours["base"].outcomes["price_end"]
    assert np.allclose(np.exp(log_price(runs.ours["base"])), price)
