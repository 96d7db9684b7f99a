"""Resizing against the engine."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.verification.engine import (
    Case,
    Draw,
    assert_caught,
    assert_honest,
    i64,
    names_of,
)

D = Draw()
f, ints = D.f, D.ints
X = D.wide()

CASES = [
    *(
        Case(
            "Resize",
            inputs,
            opset,
            {"mode": mode, "coordinate_transformation_mode": how, **more},
        )
        for opset in (13, 18, 19)
        for mode in ("nearest", "linear")
        for how in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")
        for inputs, more in (
            ([f(1, 3, 9, 11), None, np.array([1, 1, 2, 2], np.float32)], {}),
            (
                [f(1, 3, 9, 11), None, None, i64(1, 3, 14, 7)],
                {"nearest_mode": "floor"} if mode == "nearest" else {},
            ),
        )
    ),
    Case("Resize", [f(1, 3, 9, 11), np.array([1, 1, 2, 3], np.float32)], 10, {"mode": "nearest"}),
    Case("Upsample", [f(1, 3, 9, 11), np.array([1, 1, 2, 3], np.float32)], 9, {"mode": "nearest"}),
    Case("Upsample", [f(1, 3, 9, 11), np.array([1, 1, 2, 3], np.float32)], 9, {"mode": "linear"}),
]


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_the_engine_computes_is_consistent(case: Case) -> None:
    assert_honest(case)


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_no_engine_computes_is_not(case: Case) -> None:
    assert_caught(case)
