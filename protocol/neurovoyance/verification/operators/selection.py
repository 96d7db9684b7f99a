"""Operators that choose: ArgMax, ArgMin, TopK, Hardmax.

Place: L2, a family of rules. Bound: equal; among equals the lowest index is chosen, or the highest
where the operator asks for the last one.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from neurovoyance.verification.canonical import Array
from neurovoyance.verification.operators.base import (
    Case,
    Evaluate,
    Expected,
    Rule,
    axis_of,
    exact,
    is_float,
    unjudgeable,
    wide,
)


def _ordered(data: Array) -> Array:
    values = wide(data) if is_float(data.dtype) else data
    if np.isnan(wide(values)).any():
        raise unjudgeable("no order is defined among tensors that hold NaN")
    return values


def _arg(is_largest: bool) -> Evaluate:
    def evaluate(case: Case) -> list[Expected]:
        data, operator = case.need(0), case.operator
        values = _ordered(data)
        axis = axis_of(operator.int_of("axis", 0), data.ndim)
        pick = np.argmax if is_largest else np.argmin
        if operator.int_of("select_last_index", 0):
            found = data.shape[axis] - 1 - pick(np.flip(values, axis), axis=axis)
        else:
            found = pick(values, axis=axis)
        found = np.asarray(found, dtype=np.int64)
        if operator.int_of("keepdims", 1):
            found = np.expand_dims(found, axis)
        return exact(found)

    return evaluate


def _top_k(case: Case) -> list[Expected]:
    data, operator = case.need(0), case.operator
    if not operator.int_of("sorted", 1):
        raise unjudgeable("TopK in no order may give any order")
    listed = case.ints(1) if case.opset >= 10 else [operator.int_of("k", 0)]
    axis, count = axis_of(operator.int_of("axis", -1), data.ndim), (listed or [0])[0]
    values = _ordered(data)
    if not 0 <= count <= data.shape[axis]:
        raise unjudgeable("TopK asks for more elements than there are")
    if operator.int_of("largest", 1):
        # A stable sort of the mirrored tensor keeps the lowest index first among equals.
        mirrored = np.argsort(np.flip(values, axis), axis=axis, kind="stable")
        order = np.flip(data.shape[axis] - 1 - mirrored, axis)
    else:
        order = np.argsort(values, axis=axis, kind="stable")
    chosen = np.take(order, np.arange(count), axis=axis)
    picked = np.take_along_axis(data, chosen, axis=axis)
    return exact(picked) + exact(chosen.astype(np.int64))


def _hardmax(case: Case) -> list[Expected]:
    data = case.need(0)
    if case.opset < 13:
        raise unjudgeable("Hardmax before opset 13 has no rule")
    axis = axis_of(case.operator.int_of("axis", -1), data.ndim)
    best = np.expand_dims(np.argmax(_ordered(data), axis=axis), axis)
    shape = [1] * data.ndim
    shape[axis] = data.shape[axis]
    hot = np.arange(data.shape[axis]).reshape(shape) == best
    return exact(hot.astype(data.dtype))


_BOUND: Final = "equal; lowest index among equals"
RULES: Final[dict[str, Rule]] = {
    "ArgMax": Rule("exact", _BOUND, _arg(True)),
    "ArgMin": Rule("exact", _BOUND, _arg(False)),
    "TopK": Rule("exact", _BOUND, _top_k),
    "Hardmax": Rule("exact", _BOUND, _hardmax, since=13),
}
