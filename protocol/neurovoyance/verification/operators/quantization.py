"""Quantised tensors and integer products.

Place: L2, a family of rules. Bound: equality as numbers. Only uint8 has a canonical form among the
8-bit types, so graphs with int8 activations are refused before a rule is asked.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from neurovoyance.verification.canonical import Array
from neurovoyance.verification.operators.base import (
    Case,
    Expected,
    Rule,
    axis_of,
    exact,
    need_float,
    unjudgeable,
    wide,
)


def _along(parameter: Array, case: Case, rank: int) -> Array:
    """Return a scale or zero point, one for all or one for every index of ``axis``."""
    if parameter.size == 1:
        return parameter.reshape(())
    if parameter.ndim != 1 or case.operator.int_of("block_size", 0):
        raise unjudgeable("quantisation by blocks has no rule")
    shape = [1] * rank
    shape[axis_of(case.operator.int_of("axis", 1), rank)] = parameter.size
    return parameter.reshape(shape)


def _quantize(case: Case) -> list[Expected]:
    data, scale, zero = need_float(case), case.need(1), case.get(2)
    if zero is None:
        zero = np.zeros(1, dtype=np.uint8)
    if zero.dtype not in (np.uint8, np.int8):
        raise unjudgeable(f"quantisation to {zero.dtype} has no rule")
    info = np.iinfo(zero.dtype)
    steps = np.rint((data / _along(scale, case, data.ndim)).astype(data.dtype))
    shifted = wide(steps) + wide(_along(zero, case, data.ndim))
    return exact(np.clip(shifted, info.min, info.max).astype(zero.dtype))


def _dequantize(case: Case) -> list[Expected]:
    data, scale, zero = case.need(0), case.need(1), case.get(2)
    offset = np.int64(0) if zero is None else _along(zero, case, data.ndim).astype(np.int64)
    steps = (data.astype(np.int64) - offset).astype(scale.dtype)
    return exact((steps * _along(scale, case, data.ndim)).astype(scale.dtype))


def _dynamic(case: Case) -> list[Expected]:
    data = need_float(case)
    if data.dtype != np.float32:
        raise unjudgeable("DynamicQuantizeLinear takes binary32")
    zero32 = np.float32(0.0)
    low, high = min(zero32, data.min(initial=0)), max(zero32, data.max(initial=0))
    scale = np.float32((np.float32(high) - np.float32(low)) / np.float32(255))
    if high == low:
        scale = np.float32(1.0)
    point = np.uint8(np.clip(np.rint(-np.float32(low) / scale), 0, 255))
    steps = np.rint((data / scale).astype(np.float32)) + np.float32(point)
    values = np.clip(steps, 0, 255).astype(np.uint8)
    return exact(values) + exact(np.asarray(scale)) + exact(np.asarray(point))


def _matmul_integer(case: Case) -> list[Expected]:
    left, right = case.need(0).astype(np.int64), case.need(1).astype(np.int64)
    zero, shift = case.get(2), case.get(3)
    if zero is not None:
        rows = zero.astype(np.int64)
        left = left - (rows.reshape(-1, 1) if rows.size > 1 else rows.reshape(()))
    if shift is not None:
        columns = shift.astype(np.int64)
        right = right - (columns if columns.size > 1 else columns.reshape(()))
    return exact(np.matmul(left, right).astype(np.int32))


_BOUND: Final = "equal as numbers"
RULES: Final[dict[str, Rule]] = {
    "QuantizeLinear": Rule("exact", _BOUND, _quantize, since=10),
    "DequantizeLinear": Rule("exact", _BOUND, _dequantize, since=10),
    "DynamicQuantizeLinear": Rule("exact", _BOUND, _dynamic, since=11),
    "MatMulInteger": Rule("exact", _BOUND, _matmul_integer, since=10),
}
