"""The buckets of the supply figure are all of the supply."""

from __future__ import annotations

import numpy as np
import pytest

from neurovoyance.tokenomics.simulation.record import Run
from neurovoyance.tokenomics.simulation.report.supply_figures import _BUCKETS


def test_buckets_sum_to_the_billion(year: Run) -> None:
    whole = np.array([year.median(name) for name, _, _ in _BUCKETS]).sum(axis=0)
    assert whole / 1e9 == pytest.approx(np.ones(53), abs=2e-3)  # medians, not one seed
