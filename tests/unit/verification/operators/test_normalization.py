"""Normalisations against the engine, BatchNormalization in every opset."""

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
        Case("BatchNormalization", [f(2, 6, 5, 5), f(6), f(6), f(6), np.abs(f(6))], opset)
        for opset in (7, 9, 10, 11, 12, 13, 14, 15)
    ),
    Case("BatchNormalization", [f(2, 6, 9), f(6), f(6), f(6), np.abs(f(6))], 12, {"epsilon": 0.1}),
    Case("BatchNormalization", [f(20, 6), f(6), f(6), f(6), np.abs(f(6))], 12),
    Case("LayerNormalization", [f(4, 7, 768), f(768), f(768)]),
    Case("LayerNormalization", [f(4, 7, 64) + 100, f(64), f(64)], cancels=True),
    Case("LayerNormalization", [f(4, 7, 8), f(7, 8)], 17, {"axis": 1}),
    Case("InstanceNormalization", [f(2, 6, 9, 9), f(6), f(6)]),
    Case("InstanceNormalization", [f(2, 6, 90) + 30, f(6), f(6)], cancels=True),
    Case("LpNormalization", [f(4, 30)], 17, {"axis": -1}),
    Case("LpNormalization", [f(4, 30)], 17, {"axis": 0, "p": 1}),
    Case("LRN", [f(2, 9, 5, 5)], 17, {"size": 5, "alpha": 0.1}),
    Case("LRN", [f(2, 9, 5, 5)], 17, {"size": 3}),
]


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_the_engine_computes_is_consistent(case: Case) -> None:
    assert_honest(case)


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_no_engine_computes_is_not(case: Case) -> None:
    assert_caught(case)
