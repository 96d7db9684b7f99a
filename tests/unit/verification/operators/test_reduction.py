"""Reductions against the engine."""

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
        Case(op, inputs, opset, more, cancels=op in ("ReduceSum", "ReduceMean"))
        for op in ("ReduceSum", "ReduceMean", "ReduceL1", "ReduceL2", "ReduceSumSquare")
        for data in (f(3, 40, 5), f(3, 400, 5, scale=10))
        for inputs, opset, more in (
            ([data], 12, {"axes": [1], "keepdims": 0}),
            ([data], 12, {}),
            ([data, i64(-2)], 18, {"keepdims": 1}),
            ([data, i64(0, 2)], 18, {"keepdims": 0}),
        )
    ),
    *(
        Case(op, inputs, opset, more)
        for op in ("ReduceProd", "ReduceLogSumExp", "ReduceMax", "ReduceMin")
        for inputs, opset, more in (
            ([f(3, 40, 5)], 12, {"axes": [1], "keepdims": 0}),
            ([f(3, 40, 5)], 12, {}),
            ([f(3, 40, 5), i64(-2)], 18, {"keepdims": 1}),
        )
    ),
    Case("ReduceLogSum", [np.abs(f(3, 40, 5))], 18),
    Case("ReduceSum", [ints(4, 5), i64(1)], 13),
    Case("ReduceMax", [ints(4, 5)], 13, {"axes": [0]}),
]


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_the_engine_computes_is_consistent(case: Case) -> None:
    assert_honest(case)


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_no_engine_computes_is_not(case: Case) -> None:
    assert_caught(case)
