"""Data movement against the engine."""

from __future__ import annotations

import numpy as np
import pytest
from onnx.numpy_helper import from_array
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
    Case("Reshape", [f(2, 3, 4), i64(0, -1)]),
    Case("Flatten", [f(2, 3, 4)], 17, {"axis": 2}),
    Case("Transpose", [f(2, 3, 4)], 17, {"perm": [2, 0, 1]}),
    Case("Transpose", [f(2, 3, 4)]),
    Case("Concat", [f(2, 3), f(2, 4)], 17, {"axis": -1}),
    Case("Split", [f(6, 4)], 11, {"outputs": 3, "axis": 0}),
    Case("Split", [f(6, 4), i64(1, 5)], 13, {"outputs": 2}),
    Case("Split", [f(7, 4)], 18, {"outputs": 3, "num_outputs": 3}),
    Case("Split", [f(6, 4)], 11, {"outputs": 2, "split": [2, 4]}),
    Case("Squeeze", [f(1, 3, 1)], 11, {"axes": [0]}),
    Case("Squeeze", [f(1, 3, 1)], 13),
    Case("Squeeze", [f(1, 3, 1), i64(-1)], 13),
    Case("Unsqueeze", [f(3, 4), i64(0, -1)], 13),
    Case("Unsqueeze", [f(3, 4)], 11, {"axes": [1, 3]}),
    Case("Expand", [f(3, 1), i64(2, 1, 6)]),
    Case("Tile", [f(2, 3), i64(2, 3)]),
    Case("Shape", [f(2, 3)]),
    Case("Shape", [f(2, 3, 4)], 15, {"start": 1, "end": -1}),
    Case("Size", [f(2, 3)]),
    Case("ConstantOfShape", [i64(2, 3)], 17, {"value": from_array(i64(7))}),
    Case("ConstantOfShape", [i64(2, 3)]),
    Case("Slice", [f(9, 8), i64(1), i64(7), i64(0), i64(2)]),
    Case("Slice", [f(9, 8), i64(-1), i64(-100), i64(0), i64(-2)]),
    Case("Slice", [f(9, 8), i64(0, 2), i64(2**62, -1)]),
    Case("Slice", [f(9, 8)], 9, {"starts": [1], "ends": [-1], "axes": [1]}),
    Case("Slice", [f(9, 8), i64(20), i64(30), i64(0)]),
    Case("Slice", [f(9, 8), i64(20), i64(-(2**62)), i64(0), i64(-1)]),
    Case("Pad", [f(3, 4), i64(1, 0, 2, 1)]),
    Case("Pad", [f(3, 4), i64(1, 0, 2, 1), np.array(5, np.float32)]),
    Case("Pad", [f(3, 4), i64(1, 0, 2, 1)], 17, {"mode": "reflect"}),
    Case("Pad", [f(3, 4), i64(1, 0, 2, 1)], 17, {"mode": "edge"}),
    Case("Pad", [f(3, 4), i64(-1, 0, 2, -1)]),
    Case("Pad", [f(3, 4)], 9, {"pads": [1, 0, 2, 1], "value": 3.0}),
    Case("Pad", [f(3, 4), i64(1, 2), None, i64(1)], 18),
    Case("DepthToSpace", [f(1, 8, 2, 3)], 17, {"blocksize": 2}),
    Case("DepthToSpace", [f(1, 8, 2, 3)], 17, {"blocksize": 2, "mode": "CRD"}),
    Case("SpaceToDepth", [f(1, 2, 4, 6)], 17, {"blocksize": 2}),
    Case("Range", [np.array(2), np.array(11), np.array(3)]),
    Case("Range", [np.array(11), np.array(2), np.array(-3)]),
    Case("Trilu", [f(2, 4, 5), np.array(1)]),
    Case("Trilu", [f(4, 5)], 17, {"upper": 0}),
    Case("EyeLike", [f(4, 5)], 17, {"k": 1}),
    Case("Identity", [f(4, 5)]),
    Case("Dropout", [f(4, 5)]),
    Case("Dropout", [f(4, 5)], 17, {"outputs": 2}),
]


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_the_engine_computes_is_consistent(case: Case) -> None:
    assert_honest(case)


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_no_engine_computes_is_not(case: Case) -> None:
    assert_caught(case)
