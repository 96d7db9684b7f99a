"""Resize and Upsample: nearest and linear.

Place: L2, a family of rules. Nearest copies elements, bit by bit; where binary32 and binary64
disagree about the nearest one, the element is not judged. Linear is computed axis by axis; the
margin covers the rounding of the coordinates and of the sums. Cubic and antialiased resizing have
no rule.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from neurovoyance.verification.canonical import Array
from neurovoyance.verification.operators.base import (
    F64,
    Case,
    Expected,
    Rule,
    axis_of,
    limited,
    need_float,
    unit,
    unjudgeable,
    wide,
    within,
)


def _plan(case: Case) -> tuple[list[int], list[float], list[int]]:
    """Return axes, scales and output sizes."""
    data, operator = case.need(0), case.operator
    if operator.op_type == "Upsample" or case.opset == 10:
        given, sizes = case.get(1), None
        listed = operator.attributes.get("scales")
        scales = [float(s) for s in listed] if isinstance(listed, tuple) else None
    else:
        given, sizes, scales = case.get(2), case.ints(3), None
    if given is not None and given.size:
        scales = [float(scale) for scale in given.reshape(-1)]
    axes = operator.ints_of("axes") or tuple(range(data.ndim))
    named = [axis_of(axis, data.ndim) for axis in axes]
    shape = [data.shape[axis] for axis in named]
    if sizes:
        if operator.text_of("keep_aspect_ratio_policy", "stretch") != "stretch":
            raise unjudgeable("a Resize that keeps the aspect ratio has no rule")
        ratios = [float(np.float32(o) / np.float32(n)) for o, n in zip(sizes, shape, strict=True)]
        return named, ratios, sizes
    if not scales:
        raise unjudgeable("the Resize names neither scales nor sizes")
    output = [
        int(np.floor(np.float32(s) * np.float32(n))) for s, n in zip(scales, shape, strict=True)
    ]
    return named, scales, output


def _coordinates(
    case: Case, scale: float, size: int, output: int, kind: type[np.floating[Any]]
) -> npt.NDArray[Any]:
    """Return where every output index falls on the input axis, computed in ``kind``."""
    if scale <= 0:
        raise unjudgeable("a scale is not positive")
    usual = "half_pixel" if case.opset >= 11 else "asymmetric"
    mode = case.operator.text_of("coordinate_transformation_mode", usual)
    at, step, half = np.arange(output).astype(kind), kind(scale), kind(0.5)
    if mode == "asymmetric":
        return np.asarray(at / step)
    if mode == "half_pixel" or (mode == "pytorch_half_pixel" and output > 1):
        return np.asarray((at + half) / step - half)
    if mode == "pytorch_half_pixel" or (mode == "align_corners" and output == 1):
        return np.zeros(output, dtype=kind)
    if mode == "align_corners":
        return np.asarray(at * kind(size - 1) / kind(output - 1))
    raise unjudgeable(f"the coordinates {mode!r} of Resize have no rule")


def _nearest_of(case: Case, at: npt.NDArray[Any]) -> Array:
    usual = "round_prefer_floor" if case.opset >= 11 else "floor"
    mode = case.operator.text_of("nearest_mode", usual)
    half = at.dtype.type(0.5)
    if mode == "round_prefer_floor":
        return np.asarray(np.ceil(at - half))
    if mode == "round_prefer_ceil":
        return np.asarray(np.floor(at + half))
    if mode in ("floor", "ceil"):
        return np.asarray(np.floor(at) if mode == "floor" else np.ceil(at))
    raise unjudgeable(f"the rounding {mode!r} of Resize does not exist")


def _nearest(case: Case) -> list[Expected]:
    data = case.need(0)
    axes, scales, output = _plan(case)
    shape = list(data.shape)
    for axis, size in zip(axes, output, strict=True):
        shape[axis] = size
    free = np.zeros(limited(shape), dtype=bool)
    result = data
    for axis, scale, size in zip(axes, scales, output, strict=True):
        count = data.shape[axis]
        if scale == 1.0 and size == count:
            continue
        picks = [
            np.clip(_nearest_of(case, _coordinates(case, scale, count, size, kind)), 0, count - 1)
            for kind in (np.float32, np.float64)
        ]
        result = np.take(result, picks[0].astype(np.int64), axis=axis)
        doubt = [1] * data.ndim
        doubt[axis] = size
        free |= (picks[0] != picks[1]).reshape(doubt)
    return [Expected(result, data.dtype, is_bits=True, free=free)]


def _linear(case: Case) -> list[Expected]:
    data = need_float(case)
    u = unit(data.dtype)
    value, error = wide(data), np.zeros(data.shape)
    axes, scales, output = _plan(case)
    for axis, scale, size in zip(axes, scales, output, strict=True):
        count = data.shape[axis]
        if scale == 1.0 and size == count:
            continue
        at = np.clip(_coordinates(case, scale, count, size, np.float64), 0, count - 1)
        value, error = _along(value, error, at, axis, u)
        limited(value.shape)
    return within(value, error, data.dtype)


def _along(value: F64, error: F64, at: npt.NDArray[Any], axis: int, u: float) -> tuple[F64, F64]:
    """Interpolate one axis at coordinates in the input; carry the error."""
    count = value.shape[axis]
    low = np.minimum(np.floor(at), max(count - 2, 0)).astype(np.int64)
    shape = [1] * value.ndim
    shape[axis] = at.size
    part = (at - low).reshape(shape)

    def pick(tensor: F64, offset: int) -> F64:
        return np.asarray(np.take(tensor, np.clip(low + offset, 0, count - 1), axis=axis))

    before, a, b, after = (pick(value, offset) for offset in (-1, 0, 1, 2))
    slope = np.abs(b - a) + np.abs(a - before) + np.abs(after - b)
    result = (1.0 - part) * a + part * b
    carried = (1.0 - part) * pick(error, 0) + part * pick(error, 1)
    doubt = 8.0 * u * (count + 1)
    return result, carried + doubt * slope + 8.0 * u * ((1.0 - part) * np.abs(a) + part * np.abs(b))


def _resize(case: Case) -> list[Expected]:
    operator = case.operator
    mode = operator.text_of("mode", "nearest")
    if operator.int_of("antialias", 0):
        raise unjudgeable("an antialiased Resize has no rule")
    if mode == "nearest":
        return _nearest(case)
    if mode == "linear":
        return _linear(case)
    raise unjudgeable(f"a {mode} Resize has no rule")


_BOUND: Final = "nearest: equal bit by bit; linear: per axis 8 u |x| + 8 (n + 1) u |slope|"
RULES: Final[dict[str, Rule]] = {
    "Resize": Rule("composite", _BOUND, _resize, since=10),
    "Upsample": Rule("composite", _BOUND, _resize, since=7),
}
