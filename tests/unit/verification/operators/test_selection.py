"""Choices against the engine, ties included."""

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
    Case("ArgMax", [np.round(f(4, 9))], 17, {"axis": 1}),
    Case("ArgMin", [np.round(f(4, 9))], 17, {"axis": 0, "keepdims": 0}),
    Case("ArgMax", [np.round(f(4, 9))], 17, {"axis": 1, "select_last_index": 1}),
    Case("TopK", [np.round(f(4, 20)), i64(7)], 11, {"outputs": 2, "axis": -1}),
    Case("TopK", [np.round(f(4, 20)), i64(7)], 11, {"outputs": 2, "axis": 1, "largest": 0}),
    Case("TopK", [np.round(f(4, 20)), i64(3)], 11, {"outputs": 2, "axis": 0}),
    Case("Hardmax", [np.round(f(4, 9))], 13),
]


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_the_engine_computes_is_consistent(case: Case) -> None:
    assert_honest(case)


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_no_engine_computes_is_not(case: Case) -> None:
    assert_caught(case)
