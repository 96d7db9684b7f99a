"""Reductions over axes: sums, means, norms, products, extremes.

Place: L2, a family of rules. Bound: that of a sum of k terms; extremes and integers are equal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from neurovoyance.verification.canonical import Array
from neurovoyance.verification.operators.base import (
    F64,
    Case,
    Evaluate,
    Expected,
    Rule,
    exact,
    is_float,
    unit,
    unjudgeable,
    wide,
    within,
)

_Axes = tuple[int, ...]


def axes_of(case: Case, since: int) -> _Axes | None:
    """Return the axes to reduce; None means that the tensor passes unchanged."""
    data = case.need(0)
    axes = case.axes(1, data.ndim, since)
    if axes:
        return tuple(axes)
    if case.operator.int_of("noop_with_empty_axes", 0) and case.opset >= since:
        return None
    return tuple(range(data.ndim))


_Bounded = Callable[[F64, _Axes, bool, int], tuple[F64, F64]]
"""From data, axes, keepdims and k to the value and the magnitude that the margin multiplies."""


def _bounded(compute: _Bounded, since: int, integers: Callable[..., Array] | None) -> Evaluate:
    def evaluate(case: Case) -> list[Expected]:
        data = case.need(0)
        axes, keep = axes_of(case, since), bool(case.operator.int_of("keepdims", 1))
        if axes is None:
            raise unjudgeable("a reduction over no axes has no rule")
        if not is_float(data.dtype):
            if integers is None:
                raise unjudgeable(f"{case.operator.op_type} of integers has no rule")
            return exact(integers(data, axis=axes, keepdims=keep, dtype=data.dtype))
        length = math.prod(data.shape[axis] for axis in axes)
        value, scale = compute(wide(data), axes, keep, length)
        return within(value, unit(data.dtype) * scale, data.dtype)

    return evaluate


def _rounding(length: int) -> float:
    return 8.0 * math.sqrt(max(length, 1))


def _sum(data: F64, axes: _Axes, keep: bool, length: int) -> tuple[F64, F64]:
    value = np.sum(data, axis=axes, keepdims=keep)
    return value, _rounding(length) * np.sum(np.abs(data), axis=axes, keepdims=keep)


def _mean(data: F64, axes: _Axes, keep: bool, length: int) -> tuple[F64, F64]:
    value, scale = _sum(data, axes, keep, length)
    return value / length, scale / length


def _l1(data: F64, axes: _Axes, keep: bool, length: int) -> tuple[F64, F64]:
    return _sum(np.abs(data), axes, keep, length)


def _sum_square(data: F64, axes: _Axes, keep: bool, length: int) -> tuple[F64, F64]:
    return _sum(data * data, axes, keep, length)


def _l2(data: F64, axes: _Axes, keep: bool, length: int) -> tuple[F64, F64]:
    value = np.sqrt(np.sum(data * data, axis=axes, keepdims=keep))
    return value, (_rounding(length) + 4.0) * value


def _product(data: F64, axes: _Axes, keep: bool, length: int) -> tuple[F64, F64]:
    value = np.asarray(np.prod(data, axis=axes, keepdims=keep))
    return value, _rounding(length) * np.abs(value)


def _log_sum(data: F64, axes: _Axes, keep: bool, length: int) -> tuple[F64, F64]:
    total, scale = _sum(data, axes, keep, length)
    value = np.log(total)
    return value, 8.0 * np.abs(value) + scale / np.abs(total)


def _log_sum_exp(data: F64, axes: _Axes, keep: bool, length: int) -> tuple[F64, F64]:
    top = np.max(data, axis=axes, keepdims=True)
    shifted = data - np.where(np.isfinite(top), top, 0.0)
    terms = np.exp(shifted)
    total = np.sum(terms, axis=axes, keepdims=True)
    spread = np.sum(np.where(terms > 0, terms * np.abs(shifted), 0.0), axis=axes, keepdims=True)
    value = top + np.log(total)
    # Engines subtract the maximum or do not; the exponents' own rounding is |x| u either way.
    scale = _rounding(length) + 4.0 * spread / total + 8.0 * (np.abs(value) + np.abs(top))
    if keep:
        return value, scale
    return np.squeeze(value, axes), np.squeeze(scale, axes)


def _extreme(compute: Callable[..., Array]) -> Evaluate:
    def evaluate(case: Case) -> list[Expected]:
        data = case.need(0)
        axes, keep = axes_of(case, 18), bool(case.operator.int_of("keepdims", 1))
        if axes is None:
            return exact(data)
        values = wide(data) if is_float(data.dtype) else data
        return exact(np.asarray(compute(values, axis=axes, keepdims=keep)).astype(data.dtype))

    return evaluate


_BOUND: Final = "8 sqrt(k) u "
RULES: Final[dict[str, Rule]] = {
    "ReduceSum": Rule("bound", _BOUND + "sum of |x|; integers equal", _bounded(_sum, 13, np.sum)),
    "ReduceMean": Rule("bound", _BOUND + "mean of |x|", _bounded(_mean, 18, None)),
    "ReduceL1": Rule("bound", _BOUND + "sum of |x|", _bounded(_l1, 18, None)),
    "ReduceL2": Rule("bound", "(8 sqrt(k) + 4) u y", _bounded(_l2, 18, None)),
    "ReduceSumSquare": Rule("bound", _BOUND + "sum of x^2", _bounded(_sum_square, 18, None)),
    "ReduceProd": Rule("bound", _BOUND + "|y|; integers equal", _bounded(_product, 18, np.prod)),
    "ReduceLogSum": Rule(
        "bound", "8 u |y| + 8 sqrt(k) u sum of |x| / |sum|", _bounded(_log_sum, 18, None)
    ),
    "ReduceLogSumExp": Rule(
        "composite",
        "(8 sqrt(k) + 4 mean of |x - max| + 8 |y| + 8 |max|) u",
        _bounded(_log_sum_exp, 18, None),
    ),
    "ReduceMax": Rule("exact", "equal as numbers", _extreme(np.max)),
    "ReduceMin": Rule("exact", "equal as numbers", _extreme(np.min)),
}
