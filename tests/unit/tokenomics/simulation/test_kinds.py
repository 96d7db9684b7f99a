"""The one array type is float64."""

from __future__ import annotations

import numpy as np

from neurovoyance.tokenomics.simulation import kinds
from neurovoyance.tokenomics.simulation.record import Run


def test_running_arrays_are_float64(year: Run) -> None:
    assert kinds.Array is not kinds.Mask
    assert {values.dtype for values in year.outcomes.values()} == {np.dtype(np.float64)}
