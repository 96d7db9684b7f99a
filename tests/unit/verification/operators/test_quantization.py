"""Quantised tensors against the engine."""

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
    Case("QuantizeLinear", [f(40, scale=50), np.array(0.3, np.float32), np.array(120, np.uint8)]),
    Case("QuantizeLinear", [f(4, 5, scale=50), np.abs(f(5)), D.bytes(5)], 17, {"axis": 1}),
    Case("DequantizeLinear", [D.bytes(40), np.array(0.3, np.float32), np.array(120, np.uint8)]),
    *(Case("DynamicQuantizeLinear", [f(400, scale=s)], 17, {"outputs": 3}) for s in (1, 10)),
    Case(
        "MatMulInteger",
        [D.bytes(4, 5), D.bytes(5, 6), np.array(7, np.uint8), np.array(3, np.uint8)],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_the_engine_computes_is_consistent(case: Case) -> None:
    assert_honest(case)


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_no_engine_computes_is_not(case: Case) -> None:
    assert_caught(case)
