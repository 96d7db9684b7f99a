"""Softmax and LogSoftmax.

Place: L2, a family of rules. Up to opset 12 both flatten the tensor to a matrix at ``axis``
(default 1); from opset 13 on they work along ``axis`` alone (default -1).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from neurovoyance.verification.operators.base import (
    F64,
    Case,
    Expected,
    Rule,
    axis_of,
    need_float,
    unit,
    wide,
    within,
)


def _axes(case: Case, rank: int) -> tuple[int, ...]:
    if case.opset >= 13:
        return (axis_of(case.operator.int_of("axis", -1), rank),)
    axis = case.operator.int_of("axis", 1)
    return tuple(range(axis + rank if axis < 0 else axis, rank))


def _shifted(data: F64, axes: tuple[int, ...]) -> tuple[F64, F64, F64]:
    """Return x - max, its exponentials, and their sum."""
    if not axes:
        return np.zeros_like(data), np.ones_like(data), np.ones_like(data)
    shifted = data - np.max(data, axis=axes, keepdims=True)
    terms = np.exp(shifted)
    return shifted, terms, np.sum(terms, axis=axes, keepdims=True)


def _length(data: F64, axes: tuple[int, ...]) -> int:
    return math.prod(data.shape[axis] for axis in axes)


def _softmax(case: Case) -> list[Expected]:
    data = need_float(case)
    real = wide(data)
    axes = _axes(case, data.ndim)
    shifted, terms, total = _shifted(real, axes)
    value = terms / total
    factor = np.abs(shifted) + 8.0 * math.sqrt(_length(real, axes)) + 8.0
    margin = np.where(value > 0, value * unit(data.dtype) * factor, 0.0)
    return within(value, margin, data.dtype)


def _log_softmax(case: Case) -> list[Expected]:
    data = need_float(case)
    real = wide(data)
    axes = _axes(case, data.ndim)
    shifted, terms, total = _shifted(real, axes)
    value = shifted - np.log(total)
    finite = np.where(terms > 0, np.abs(shifted), 0.0)
    spread = np.sum(terms * finite, axis=axes, keepdims=True) / total if axes else finite
    top = np.abs(real - shifted)
    factor = 8.0 * math.sqrt(_length(real, axes)) + 4.0 * spread + 8.0
    scale = factor + 4.0 * (np.abs(shifted) + np.log(total)) + 4.0 * np.minimum(top, np.abs(real))
    return within(value, scale * unit(data.dtype), data.dtype)


RULES: Final[dict[str, Rule]] = {
    "Softmax": Rule("composite", "y u (|x - max| + 8 sqrt(k) + 8)", _softmax),
    "LogSoftmax": Rule(
        "composite",
        "u (8 sqrt(k) + 8 + 4 mean of |x - max| + 4 |x - max| + 4 log sum + 4 min(|max|, |x|))",
        _log_softmax,
    ),
}
