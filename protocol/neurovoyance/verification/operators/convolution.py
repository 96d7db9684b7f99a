"""Convolutions in one, two and three dimensions, with groups, strides, dilations and padding.

Place: L2, a family of rules. Bound as for matrix products; k counts the products added up for one
element: input channels of the group times the kernel.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from neurovoyance.verification.canonical import Array
from neurovoyance.verification.operators.base import (
    F64,
    Case,
    Expected,
    Rule,
    exact,
    limited,
    need_float,
    products_added,
    unjudgeable,
    wide,
)
from neurovoyance.verification.operators.windows import Windows, windows_of


def _conv(case: Case) -> list[Expected]:
    data, weight = need_float(case), case.need(1)
    groups = case.operator.int_of("group", 1)
    if weight.shape[1] * groups != data.shape[1] or weight.shape[0] % groups:
        raise unjudgeable("the channels of the convolution do not fit")
    windows = windows_of(case.operator, data.shape[2:], weight.shape[2:])
    x, w = wide(data), wide(weight)
    value = _convolve(x, w, groups, windows)
    magnitude = _convolve(np.abs(x), np.abs(w), groups, windows)
    value, magnitude = _add_bias(case.get(2), value, magnitude)
    return products_added(value, magnitude, math.prod(weight.shape[1:]) + 1, data.dtype)


def _add_bias(bias: Array | None, value: F64, magnitude: F64) -> tuple[F64, F64]:
    if bias is None:
        return value, magnitude
    column = wide(bias).reshape(1, -1, *(1,) * (value.ndim - 2))
    return value + column, magnitude + np.abs(column)


def _convolve(data: F64, weight: F64, groups: int, windows: Windows) -> F64:
    """Return the sums over kernel and channels: (batch, out channels, spatial)."""
    batch, channels = data.shape[:2]
    out, inner = weight.shape[0], weight.shape[1]
    padded = windows.pad(data, 0.0)
    count = math.prod(windows.output)
    limited([batch, out, count])
    total = np.zeros((batch, groups, out // groups, count))
    kernel = _kernel_first(weight.reshape(groups, out // groups, inner, *weight.shape[2:]))
    for offset, view in windows.views(padded):
        part = view.reshape(batch, groups, channels // groups, count)
        factor = kernel[offset]
        # One input channel a group: a plain product is far quicker than many tiny matrices.
        total += factor[None] * part if inner == 1 else np.matmul(factor[None], part)
    return total.reshape(batch, out, *windows.output)


def _kernel_first(weight: F64) -> F64:
    """Move the three leading axes behind the kernel's, so that an offset picks a matrix."""
    return np.moveaxis(weight, (0, 1, 2), (-3, -2, -1))


def _conv_transpose(case: Case) -> list[Expected]:
    data, weight = need_float(case), case.need(1)
    groups = case.operator.int_of("group", 1)
    if weight.shape[0] != data.shape[1] or data.shape[1] % groups:
        raise unjudgeable("the channels of the convolution do not fit")
    x, w = wide(data), wide(weight)
    value = _spread(case, x, w, groups)
    magnitude = _spread(case, np.abs(x), np.abs(w), groups)
    value, magnitude = _add_bias(case.get(2), value, magnitude)
    length = weight.shape[0] // groups * math.prod(weight.shape[2:]) + 1
    return products_added(value, magnitude, length, data.dtype)


def _spread(case: Case, data: F64, weight: F64, groups: int) -> F64:
    """Return every input element times the kernel, added up where it falls, then cropped."""
    operator, size, kernel = case.operator, data.shape[2:], weight.shape[2:]
    rank = len(size)
    strides = operator.ints_of("strides") or (1,) * rank
    dilations = operator.ints_of("dilations") or (1,) * rank
    extra = operator.ints_of("output_padding") or (0,) * rank
    spans = [d * (k - 1) + 1 for d, k in zip(dilations, kernel, strict=True)]
    full = [s * (n - 1) + e for s, n, e in zip(strides, size, spans, strict=True)]
    before, output = _crop(case, full, strides, extra)
    batch, inner, outer = data.shape[0], data.shape[1] // groups, weight.shape[1]
    room = [max(f, b + o) for f, b, o in zip(full, before, output, strict=True)]
    total = np.zeros(limited([batch, groups * outer, *room]))
    parts = data.reshape(batch, groups, inner, -1)
    factors = _kernel_first(weight.reshape(groups, inner, outer, *kernel))
    for offset in np.ndindex(*kernel):
        factor = factors[offset]
        product = np.matmul(np.swapaxes(factor, 1, 2)[None], parts)
        cut = tuple(
            slice(at * d, at * d + s * (n - 1) + 1, s)
            for at, d, s, n in zip(offset, dilations, strides, size, strict=True)
        )
        total[(slice(None), slice(None), *cut)] += product.reshape(batch, groups * outer, *size)
    cut = tuple(slice(b, b + o) for b, o in zip(before, output, strict=True))
    return np.asarray(total[(slice(None), slice(None), *cut)])


def _crop(
    case: Case, full: list[int], strides: tuple[int, ...], extra: tuple[int, ...]
) -> tuple[list[int], list[int]]:
    """Return what is cut off before, and the output's size, by axis."""
    operator, rank = case.operator, len(full)
    size = case.need(0).shape[2:]
    mode, given = operator.text_of("auto_pad", "NOTSET"), operator.ints_of("output_shape")
    pads = operator.ints_of("pads") or (0,) * (2 * rank)
    grown = [f + e for f, e in zip(full, extra, strict=True)]
    if given is None and mode in ("NOTSET", "VALID"):
        pads = pads if mode == "NOTSET" else (0,) * (2 * rank)
        output = [g - pads[at] - pads[at + rank] for at, g in enumerate(grown)]
        return list(pads[:rank]), output
    goal = list(given) if given else [n * s for n, s in zip(size, strides, strict=True)]
    total = [max(0, g - o) for g, o in zip(grown, goal[-rank:], strict=True)]
    is_upper = mode == "SAME_UPPER"
    before = [t // 2 if is_upper else t - t // 2 for t in total]
    return before, goal[-rank:]


def _conv_integer(case: Case) -> list[Expected]:
    data, weight = case.need(0).astype(np.int64), case.need(1).astype(np.int64)
    zero, shift = case.get(2), case.get(3)
    x = wide(data) - (float(zero.reshape(-1)[0]) if zero is not None else 0.0)
    w = wide(weight)
    if shift is not None:
        w = w - wide(shift).reshape(-1, *(1,) * (w.ndim - 1))
    windows = windows_of(case.operator, data.shape[2:], weight.shape[2:])
    # Integers of 8 bits: every sum below 2**53 is exact in binary64.
    return exact(_convolve(x, w, case.operator.int_of("group", 1), windows).astype(np.int32))


RULES: Final[dict[str, Rule]] = {
    "Conv": Rule("bound", "8 sqrt(min(k + 1, 256)) u (|X||W| + |B|)", _conv),
    "ConvTranspose": Rule("bound", "8 sqrt(min(k + 1, 256)) u (|X||W| + |B|)", _conv_transpose),
    "ConvInteger": Rule("exact", "equal as numbers", _conv_integer, since=10),
}
