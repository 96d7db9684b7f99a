"""Matrix products: MatMul, Gemm, Einsum.

Place: L2, a family of rules. Bound: ``|y - y64| <= 8 sqrt(k) u (|A||B|) + smallest normal``, where
k is the length of the sums, counted up to 256. An honest sum of k rounded terms wanders like
sqrt(k); weights rounded to fewer bits leave this band, the worst-case bound k u does not see all.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from neurovoyance.verification.canonical import Array
from neurovoyance.verification.operators.base import (
    Case,
    Expected,
    Rule,
    exact,
    is_float,
    need_float,
    products_added,
    unjudgeable,
    wide,
)


def _matmul(case: Case) -> list[Expected]:
    left, right = case.need(0), case.need(1)
    if not is_float(left.dtype):
        product = np.matmul(left.astype(object), right.astype(object))
        return exact(np.asarray(product).astype(left.dtype))
    a, b = wide(left), wide(right)
    return products_added(
        np.asarray(np.matmul(a, b)),
        np.asarray(np.matmul(np.abs(a), np.abs(b))),
        left.shape[-1],
        left.dtype,
    )


def _gemm(case: Case) -> list[Expected]:
    left, operator = need_float(case), case.operator
    a = wide(left).T if operator.int_of("transA", 0) else wide(left)
    b = wide(case.need(1)).T if operator.int_of("transB", 0) else wide(case.need(1))
    alpha, beta = operator.float_of("alpha", 1.0), operator.float_of("beta", 1.0)
    value = alpha * (a @ b)
    magnitude = abs(alpha) * (np.abs(a) @ np.abs(b))
    bias = case.get(2)
    if bias is not None:
        value = value + beta * wide(bias)
        magnitude = magnitude + abs(beta) * np.abs(wide(bias))
    return products_added(value, magnitude, a.shape[1] + 1, left.dtype)


def _einsum(case: Case) -> list[Expected]:
    equation = case.operator.text_of("equation", "").replace(" ", "")
    parts = case.present()
    need_float(case)
    length = _contracted(equation, parts)
    value = np.einsum(equation, *(wide(part) for part in parts), optimize=len(parts) > 1)
    magnitude = np.einsum(
        equation, *(np.abs(wide(part)) for part in parts), optimize=len(parts) > 1
    )
    # Every factor beyond the second is one more rounding of each term.
    return products_added(
        np.asarray(value), np.asarray(magnitude), length * len(parts), parts[0].dtype
    )


def _contracted(equation: str, parts: list[Array]) -> int:
    """Return how many terms are added up for one output element."""
    if "..." in equation:
        raise unjudgeable("an Einsum with an ellipsis has no rule")
    head, arrow, result = equation.partition("->")
    terms = head.split(",")
    letters = "".join(terms)
    if not arrow:
        result = "".join(sorted(one for one in set(letters) if letters.count(one) == 1))
    sizes: dict[str, int] = {}
    for term, part in zip(terms, parts, strict=True):
        sizes.update(zip(term, part.shape, strict=True))
    return math.prod(size for letter, size in sizes.items() if letter not in result)


_BOUND: Final = "8 sqrt(min(k, 256)) u |A||B|"
RULES: Final[dict[str, Rule]] = {
    "MatMul": Rule("bound", _BOUND + "; integers equal", _matmul),
    "Gemm": Rule("bound", "8 sqrt(min(k + 1, 256)) u (|alpha||A||B| + |beta C|)", _gemm),
    "Einsum": Rule("bound", _BOUND + ", k times the number of factors", _einsum, since=12),
}
