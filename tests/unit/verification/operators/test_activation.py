"""Transcendental functions against the engine."""

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
    *(Case(op, [X]) for op in ("Exp", "Erf", "Tanh", "Sigmoid", "Softplus", "Softsign")),
    *(Case(op, [X]) for op in ("Reciprocal", "Sin", "Cos", "Atan", "Elu", "Selu", "Celu")),
    *(Case(op, [np.clip(X, -60, 60)]) for op in ("Sinh", "Cosh")),
    *(Case(op, [np.tanh(X)]) for op in ("Asin", "Acos", "Tan")),
    Case("Log", [np.abs(X)]),
    Case("Mish", [X], 18),
    Case("Gelu", [X], 20),
    Case("Gelu", [X], 20, {"approximate": "tanh"}),
    *(Case(op, [X * 1000]) for op in ("Sin", "Cos")),
    *(Case("Pow", [np.abs(f(500)), np.array(p, np.float32)]) for p in (2, 3, 0.5, -1.5, 1.7)),
    Case("Pow", [f(500), np.array(2, np.int64)]),
    Case("Sigmoid", [f(500).astype(np.float16)]),
    Case("Tanh", [f(500).astype(np.float16)]),
]


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_the_engine_computes_is_consistent(case: Case) -> None:
    assert_honest(case)


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_no_engine_computes_is_not(case: Case) -> None:
    assert_caught(case)
