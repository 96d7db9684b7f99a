"""Arithmetic and logic against the engine."""

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

from neurovoyance.protocol.errors import VerificationError
from neurovoyance.verification.operators.arithmetic import _divide

D = Draw()
f, ints = D.f, D.ints
X = D.wide()

CASES = [
    *(Case(op, [f(3, 4, 5), f(4, 1)]) for op in ("Add", "Sub", "Mul", "Div", "Max", "Min")),
    *(Case(op, [f(3, 4, 5), f(4, 1), f(5)], 13) for op in ("Max", "Min")),
    *(Case(op, [f(3, 4, 5), f(4, 1), f(5)], 13) for op in ("Sum", "Mean")),
    *(Case(op, [ints(30), ints(30)]) for op in ("Add", "Sub", "Mul", "Max", "Min")),
    *(
        Case(op, [np.round(f(30)), np.round(f(30))])
        for op in ("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual")
    ),
    *(Case(op, [f(30) > 0, f(30) > 0]) for op in ("And", "Or", "Xor")),
    *(Case(op, [X]) for op in ("Relu", "LeakyRelu", "ThresholdedRelu", "Neg", "Abs", "Floor")),
    *(Case(op, [X]) for op in ("Ceil", "Round", "Sign", "HardSigmoid", "HardSwish")),
    Case("IsNaN", [np.array([1, np.nan, np.inf], np.float32)]),
    Case("IsInf", [np.array([1, np.nan, -np.inf], np.float32)]),
    Case("Sqrt", [np.abs(X)]),
    Case("Not", [f(30) > 0]),
    Case("Div", [ints(300), np.where(ints(300) > 0, 3, -7)]),
    Case(
        "Div",
        [
            np.array([-(2**31), -(2**31), 2**31 - 1, -7, 7], np.int32),
            np.array([2, 3, -2, 2, -2], np.int32),
        ],
    ),
    Case("Mod", [ints(300), np.where(ints(300) > 0, 3, -7)]),
    Case("Mod", [f(300), f(300)], 17, {"fmod": 1}),
    Case("Clip", [X, np.array(-1, np.float32), np.array(1, np.float32)]),
    Case("Clip", [X, None, np.array(1, np.float32)]),
    Case("Clip", [X], 10, {"min": -1.0, "max": 2.0}),
    Case("PRelu", [f(2, 3, 4, 4), f(3, 1, 1)]),
    Case("BitwiseAnd", [ints(9), ints(9)], 18),
    Case("BitShift", [D.bytes(9), np.full(9, 2, np.uint8)], 17, {"direction": "LEFT"}),
    *(Case("Cast", [np.clip(X, -1000, 1000)], 17, {"to": to}) for to in (1, 6, 7, 9, 10)),
    Case("Cast", [np.abs(np.clip(X, -200, 200))], 17, {"to": 2}),
    Case("Cast", [ints(50)], 17, {"to": 1}),
    *(
        Case("CumSum", [data, np.array(1)], 14, {"exclusive": e, "reverse": r})
        for e in (0, 1)
        for r in (0, 1)
        for data in (f(4, 50), ints(4, 50))
    ),
    *(
        Case(op, [f(200).astype(np.float16), f(200).astype(np.float16)])
        for op in ("Add", "Sub", "Mul", "Div")
    ),
]


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_the_engine_computes_is_consistent(case: Case) -> None:
    assert_honest(case)


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_no_engine_computes_is_not(case: Case) -> None:
    assert_caught(case)


def test_a_quotient_out_of_range_cannot_be_judged() -> None:
    least, one = np.array([-(2**31)], np.int32), np.array([-1], np.int32)
    with pytest.raises(VerificationError, match="out of the range"):
        _divide(least, one)
