"""Picking and placing by index against the engine."""

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
    Case("Gather", [f(5, 4), i64(0, -1, 3)]),
    Case("Gather", [f(5, 4), np.array([[1, 2], [3, 0]])], 17, {"axis": 1}),
    Case("Gather", [f(5, 4), np.array(2)]),
    Case("GatherElements", [f(4, 5), D.random.integers(-4, 4, (3, 5))]),
    Case("GatherND", [f(3, 4, 5), np.array([[0, 1], [2, -1]])]),
    Case("GatherND", [f(3, 4, 5), D.random.integers(0, 4, (3, 2, 1))], 17, {"batch_dims": 1}),
    Case("ScatterND", [f(5, 4), np.array([[1], [3]]), f(2, 4)]),
    Case("ScatterElements", [f(4, 5), np.array([[0, 1, 2, 3, 0]]), f(1, 5)]),
    *(
        Case("OneHot", [i64(0, 3, -1), np.array(5), np.array([0, 1], np.float32)], 17, more)
        for more in ({}, {"axis": 0})
    ),
    Case("Compress", [f(4, 5), np.array([True, False, True])], 17, {"axis": 0}),
    Case("Compress", [f(4, 5), np.array([True, False, True])]),
    Case("NonZero", [np.round(f(4, 5))]),
    Case("Where", [f(4, 5) > 0, f(5), f(4, 1)]),
    Case("ReverseSequence", [f(5, 3, 2), i64(2, 5, 3)], 17, {"time_axis": 0, "batch_axis": 1}),
]


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_the_engine_computes_is_consistent(case: Case) -> None:
    assert_honest(case)


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_no_engine_computes_is_not(case: Case) -> None:
    assert_caught(case)
