"""Operators that only move or make data: every output bit is an input bit, or a constant.

Place: L2, a family of rules. Bound: equality of bits, the sign of zero included.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from neurovoyance.verification.canonical import Array
from neurovoyance.verification.operators.base import (
    Case,
    Expected,
    Rule,
    axis_of,
    bits,
    limited,
    unjudgeable,
)

_BOUND: Final = "equal bit by bit"


def _identity(case: Case) -> list[Expected]:
    return bits(case.need(0))


def _dropout(case: Case) -> list[Expected]:
    training = case.get(2)
    if training is not None and bool(training.reshape(-1)[0]):
        raise unjudgeable("Dropout in training mode draws random numbers")
    data = case.need(0)
    mask = np.ones(data.shape, dtype=bool)
    return [*bits(data), Expected(mask, mask.dtype, is_bits=True)]


def _reshape(case: Case) -> list[Expected]:
    data, shape = case.need(0), case.ints(1)
    if shape is None:
        raise unjudgeable("Reshape names no shape")
    if not case.operator.int_of("allowzero", 0):
        shape = [data.shape[at] if dim == 0 else dim for at, dim in enumerate(shape)]
    return bits(data.reshape(shape))


def _flatten(case: Case) -> list[Expected]:
    data = case.need(0)
    axis = case.operator.int_of("axis", 1)
    axis = axis + data.ndim if axis < 0 else axis
    if not 0 <= axis <= data.ndim:
        raise unjudgeable("the axis of Flatten does not exist")
    head = math.prod(data.shape[:axis])
    return bits(data.reshape(head, math.prod(data.shape[axis:])))


def _transpose(case: Case) -> list[Expected]:
    return bits(np.transpose(case.need(0), case.operator.ints_of("perm")))


def _concat(case: Case) -> list[Expected]:
    parts = case.present()
    axis = axis_of(case.operator.int_of("axis", 0), parts[0].ndim)
    return bits(np.concatenate(parts, axis=axis))


def _split(case: Case) -> list[Expected]:
    data, operator = case.need(0), case.operator
    axis = axis_of(operator.int_of("axis", 0), data.ndim)
    size, count = data.shape[axis], len(operator.outputs)
    sizes = case.ints(1) if case.opset >= 13 else None
    listed = operator.ints_of("split") if case.opset < 13 else None
    if listed is not None:
        sizes = list(listed)
    if sizes is None:
        each = -(-size // count)
        sizes = [max(0, min(each, size - each * at)) for at in range(count)]
    if sum(sizes) != size or any(part < 0 for part in sizes):
        raise unjudgeable("the parts of Split do not add up")
    parts = np.split(data, np.cumsum(sizes)[:-1].tolist(), axis=axis)
    return [bits(part)[0] for part in parts]


def _squeeze(case: Case) -> list[Expected]:
    data = case.need(0)
    axes = case.axes(1, data.ndim, since=13)
    return bits(np.squeeze(data, None if axes is None else tuple(axes)))


def _unsqueeze(case: Case) -> list[Expected]:
    data = case.need(0)
    listed = case.ints(1) if case.opset >= 13 else list(case.operator.ints_of("axes") or ())
    return bits(np.expand_dims(data, tuple(listed or ())))


def _expand(case: Case) -> list[Expected]:
    data = case.need(0)
    shape = np.broadcast_shapes(data.shape, limited(case.ints(1) or []))
    return bits(np.broadcast_to(data, limited(shape)))


def _tile(case: Case) -> list[Expected]:
    data, repeats = case.need(0), case.ints(1) or []
    if len(repeats) != data.ndim:
        raise unjudgeable("Tile names another number of repeats than axes")
    limited([dim * times for dim, times in zip(data.shape, repeats, strict=True)])
    return bits(np.tile(data, repeats))


def _shape(case: Case) -> list[Expected]:
    dims = case.need(0).shape
    operator = case.operator
    stop = operator.int_of("end", len(dims)) if case.opset >= 15 else len(dims)
    start = operator.int_of("start", 0) if case.opset >= 15 else 0
    return bits(np.array(dims[start:stop], dtype=np.int64))


def _size(case: Case) -> list[Expected]:
    return bits(np.array(case.need(0).size, dtype=np.int64))


def _constant(case: Case) -> list[Expected]:
    kinds: dict[str, Any] = {
        "value_float": np.float32,
        "value_floats": np.float32,
        "value_int": np.int64,
        "value_ints": np.int64,
    }
    for name, value in case.operator.attributes.items():
        if name == "value" and isinstance(value, np.ndarray):
            return bits(value)
        if name in kinds:
            return bits(np.array(value, dtype=kinds[name]))
    raise unjudgeable("the Constant holds no number")


def _constant_of_shape(case: Case) -> list[Expected]:
    shape = limited(case.ints(0) or [])
    value = case.operator.attributes.get("value")
    fill = value if isinstance(value, np.ndarray) else np.zeros(1, dtype=np.float32)
    return bits(np.broadcast_to(fill.reshape(-1)[0], shape))


def _slice(case: Case) -> list[Expected]:
    data = case.need(0)
    if case.opset >= 10:
        starts, ends = case.ints(1) or [], case.ints(2) or []
        axes, steps = case.ints(3), case.ints(4)
    else:
        starts = list(case.operator.ints_of("starts") or ())
        ends = list(case.operator.ints_of("ends") or ())
        listed = case.operator.ints_of("axes")
        axes, steps = (None if listed is None else list(listed)), None
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    cut: list[slice] = [slice(None)] * data.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        at = axis_of(axis, data.ndim)
        cut[at] = _slice_of(start, end, step, data.shape[at])
    return bits(data[tuple(cut)])


def _slice_of(start: int, end: int, step: int, size: int) -> slice:
    """Return the slice of ONNX: bounds are clamped; an end before 0 means everything to 0."""
    if step == 0:
        raise unjudgeable("the step of Slice is zero")
    start = start + size if start < 0 else start
    end = end + size if end < 0 else end
    if step > 0:
        return slice(min(max(start, 0), size), min(max(end, 0), size), step)
    start, end = min(max(start, 0), size - 1), min(max(end, -1), size - 1)
    return slice(start, None if end < 0 else end, step) if size else slice(0, 0, 1)


def _pad(case: Case) -> list[Expected]:
    data, operator = case.need(0), case.operator
    mode = operator.text_of("mode", "constant")
    pads = case.ints(1) if case.opset >= 11 else list(operator.ints_of("pads") or ())
    axes = case.ints(3) if case.opset >= 18 else None
    named = range(data.ndim) if axes is None else [axis_of(axis, data.ndim) for axis in axes]
    if pads is None or len(pads) != 2 * len(named):
        raise unjudgeable("Pad does not name two pads an axis")
    before, after = [0] * data.ndim, [0] * data.ndim
    for at, axis in enumerate(named):
        before[axis], after[axis] = pads[at], pads[at + len(named)]
    limited([d + max(b, 0) + max(a, 0) for d, b, a in zip(data.shape, before, after, strict=True)])
    cut = tuple(
        slice(max(0, -b), d - max(0, -a)) for d, b, a in zip(data.shape, before, after, strict=True)
    )
    grow = [(max(b, 0), max(a, 0)) for b, a in zip(before, after, strict=True)]
    return bits(_padded(case, data[cut], grow, mode))


def _padded(case: Case, data: Array, grow: list[tuple[int, int]], mode: str) -> Array:
    if mode == "constant":
        fill = case.get(2) if case.opset >= 11 else None
        value = np.asarray(case.operator.float_of("value", 0.0), dtype=data.dtype)
        if fill is not None and fill.size:
            value = fill.reshape(-1)[0]
        return np.pad(data, grow, mode="constant", constant_values=value)
    if mode == "reflect":
        return np.pad(data, grow, mode="reflect")
    if mode in ("edge", "wrap"):
        return np.pad(data, grow, mode="edge" if mode == "edge" else "wrap")
    raise unjudgeable(f"the mode {mode!r} of Pad has no rule")


def _depth_to_space(case: Case) -> list[Expected]:
    data, block = case.need(0), case.operator.int_of("blocksize", 1)
    batch, channels, height, width = data.shape
    deep = channels // (block * block)
    if case.operator.text_of("mode", "DCR") == "DCR":
        cells = data.reshape(batch, block, block, deep, height, width)
        cells = cells.transpose(0, 3, 4, 1, 5, 2)
    else:
        cells = data.reshape(batch, deep, block, block, height, width)
        cells = cells.transpose(0, 1, 4, 2, 5, 3)
    return bits(cells.reshape(batch, deep, height * block, width * block))


def _space_to_depth(case: Case) -> list[Expected]:
    data, block = case.need(0), case.operator.int_of("blocksize", 1)
    batch, channels, height, width = data.shape
    cells = data.reshape(batch, channels, height // block, block, width // block, block)
    cells = cells.transpose(0, 3, 5, 1, 2, 4)
    shape = (batch, channels * block * block, height // block, width // block)
    return bits(cells.reshape(shape))


def _range(case: Case) -> list[Expected]:
    start, limit, delta = (case.need(at).reshape(-1)[0] for at in range(3))
    if case.need(0).dtype.kind not in "iu":
        raise unjudgeable("Range of real numbers depends on how the engine adds up")
    count = max(0, math.ceil((int(limit) - int(start)) / int(delta))) if int(delta) else 0
    limited([count])
    steps = np.arange(count, dtype=case.need(0).dtype)
    return bits(start + steps * delta)


def _trilu(case: Case) -> list[Expected]:
    data = case.need(0)
    shift = (case.ints(1) or [0])[0]
    limited([min(abs(shift), 1 << 30)])
    make = np.triu if case.operator.int_of("upper", 1) else np.tril
    kept = make(np.ones(data.shape[-2:], dtype=bool), shift)
    return bits(np.where(kept, data, np.zeros((), dtype=data.dtype)))


def _eye(data: Array, shift: int) -> Array:
    rows, columns = data.shape
    return np.eye(rows, columns, k=shift).astype(data.dtype)


def _eye_like(case: Case) -> list[Expected]:
    data = case.need(0)
    if "dtype" in case.operator.attributes:
        raise unjudgeable("EyeLike to another type has no rule")
    return bits(_eye(data, case.operator.int_of("k", 0)))


RULES: Final[dict[str, Rule]] = {
    name: Rule("bits", _BOUND, evaluate)
    for name, evaluate in {
        "Identity": _identity,
        "Dropout": _dropout,
        "Reshape": _reshape,
        "Flatten": _flatten,
        "Transpose": _transpose,
        "Concat": _concat,
        "Split": _split,
        "Squeeze": _squeeze,
        "Unsqueeze": _unsqueeze,
        "Expand": _expand,
        "Tile": _tile,
        "Shape": _shape,
        "Size": _size,
        "Constant": _constant,
        "ConstantOfShape": _constant_of_shape,
        "Slice": _slice,
        "Pad": _pad,
        "DepthToSpace": _depth_to_space,
        "SpaceToDepth": _space_to_depth,
        "Range": _range,
        "Trilu": _trilu,
        "EyeLike": _eye_like,
    }.items()
}
