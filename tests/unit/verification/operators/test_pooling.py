"""Pooling against the engine, one-dimensional GlobalMaxPool included."""

from __future__ import annotations

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
        Case(op, [f(2, 3, 11, 13)], opset, {"ceil_mode": ceil, **more})
        for op, opset in (("MaxPool", 17), ("AveragePool", 11), ("AveragePool", 19))
        for ceil in (0, 1)
        for more in (
            {"kernel_shape": [3, 3]},
            {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 0, 1, 1]},
            {"kernel_shape": [2, 2], "strides": [3, 3]},
            {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"},
        )
    ),
    *(
        Case(
            "AveragePool",
            [f(2, 3, 11, 13)],
            19,
            {
                "ceil_mode": ceil,
                "count_include_pad": 1,
                "kernel_shape": [3, 2],
                "strides": [2, 2],
                "pads": [1, 0, 1, 1],
            },
        )
        for ceil in (0, 1)
    ),
    Case("MaxPool", [f(2, 3, 20)], 17, {"kernel_shape": [3], "strides": [2]}),
    Case("MaxPool", [f(2, 3, 11, 13)], 17, {"kernel_shape": [3, 3], "dilations": [2, 2]}),
    Case("LpPool", [f(2, 3, 11, 13)], 18, {"kernel_shape": [3, 3]}),
    *(
        Case(op, [f(*shape)], opset)
        for op in ("GlobalMaxPool", "GlobalAveragePool")
        for shape in ((2, 3, 7), (2, 3, 7, 9), (1, 2, 3, 4, 5))
        for opset in (9, 17)
    ),
]


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_the_engine_computes_is_consistent(case: Case) -> None:
    assert_honest(case)


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_no_engine_computes_is_not(case: Case) -> None:
    assert_caught(case)
