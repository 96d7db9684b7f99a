"""Softmax against the engine: old and new semantics, masks."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.verification.engine import (
    Case,
    Draw,
    assert_caught,
    assert_honest,
    names_of,
)

D = Draw()
f, ints = D.f, D.ints
X = D.wide()

CASES = [
    *(
        Case(op, [f(3, 40, 5, scale=scale)], opset, {"axis": axis})
        for op in ("Softmax", "LogSoftmax")
        for scale in (1, 20)
        for opset in (11, 13)
        for axis in (0, 1, -1)
    ),
    Case("Softmax", [f(3, 40, 5)], 11),
    Case("Softmax", [f(3, 40, 5)], 13),
    Case("Softmax", [np.where(np.arange(30) < 20, f(4, 30), np.float32(-np.inf))]),
    Case("Softmax", [np.where(np.arange(30) < 20, f(4, 30), np.finfo(np.float32).min)]),
    Case("Softmax", [f(4, 30).astype(np.float16)]),
]


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_the_engine_computes_is_consistent(case: Case) -> None:
    assert_honest(case)


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_no_engine_computes_is_not(case: Case) -> None:
    assert_caught(case)
