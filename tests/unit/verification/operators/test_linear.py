"""Matrix products against the engine."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.verification.engine import (
    Case,
    Draw,
    assert_caught,
    assert_honest,
    names_of,
    run_single,
)

from neurovoyance.verification.operators.base import Consistent, Inconsistent
from neurovoyance.verification.operators.judge import check

D = Draw()
f, ints = D.f, D.ints
X = D.wide()

CASES = [
    *(Case("MatMul", [f(5, k), f(k, 9)]) for k in (1, 7, 64, 768, 3000)),
    Case("MatMul", [f(2, 3, 5, 64), f(3, 64, 9)]),
    Case("MatMul", [f(64), f(64, 9)]),
    Case("MatMul", [f(64), f(64)], cancels=True),
    Case("MatMul", [ints(4, 5), ints(5, 6)]),
    Case("MatMul", [f(5, 64).astype(np.float16), f(64, 9).astype(np.float16)], cancels=True),
    Case("Gemm", [f(5, 64), f(9, 64), f(9)], 17, {"transB": 1, "alpha": 0.5, "beta": 2.0}),
    Case("Gemm", [f(64, 5), f(64, 9)], 17, {"transA": 1}),
    Case("Gemm", [f(5, 64), f(64, 9), f(1, 9)]),
    Case("Einsum", [f(2, 3, 4, 8), f(2, 3, 5, 8)], 17, {"equation": "bhid,bhjd->bhij"}),
    Case("Einsum", [f(4, 8)], 17, {"equation": "ij->ji"}),
    Case("Einsum", [f(4, 8), f(8, 3)], 17, {"equation": "ij,jk"}),
]


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_the_engine_computes_is_consistent(case: Case) -> None:
    assert_honest(case)


@pytest.mark.parametrize("case", CASES, ids=names_of)
def test_what_no_engine_computes_is_not(case: Case) -> None:
    assert_caught(case)


@pytest.mark.parametrize("length", [768, 3072, 11008])
def test_binary16_weights_show_at_any_usual_length(length: int) -> None:
    a, b = f(8, length), f(length, 128, scale=0.02)
    operator, honest = run_single("MatMul", [a, b])
    _, cheat = run_single("MatMul", [a, b.astype(np.float16).astype(np.float32)])
    assert isinstance(check(operator, [a, b], honest, 17), Consistent)
    assert isinstance(check(operator, [a, b], cheat, 17), Inconsistent)


def test_a_long_sum_of_one_sign_is_consistent() -> None:
    for rows in (1, 8):
        assert_honest(Case("MatMul", [np.abs(f(rows, 11008)), np.abs(f(11008, 64))]))
