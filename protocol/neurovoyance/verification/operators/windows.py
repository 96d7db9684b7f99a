"""Sliding windows over the spatial axes, shared by convolutions and pooling.

Place: L2, below ``convolution`` and ``pooling``; it holds no rule. Windows are walked by kernel
offset, each offset giving one strided view, so that memory stays at the size of the output.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from neurovoyance.verification.canonical import Array
from neurovoyance.verification.graph import Operator
from neurovoyance.verification.operators.base import limited, unjudgeable


@dataclass(frozen=True, slots=True)
class Windows:
    """How windows lie on the spatial axes, one number an axis.

    Attributes:
        after: padding behind, enlarged where ceil_mode lets a window hang over.
        declared_after: padding behind as the operator declares it.
        output: how many windows an axis has.
    """

    size: tuple[int, ...]
    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    declared_after: tuple[int, ...]
    output: tuple[int, ...]

    def views(self, padded: Array) -> Iterator[tuple[tuple[int, ...], Array]]:
        """Yield ``(offset in the kernel, view of the output's size)`` for every offset."""
        lead = padded.ndim - len(self.kernel)
        for offset in itertools.product(*(range(k) for k in self.kernel)):
            cut = tuple(
                slice(at * d, at * d + s * (n - 1) + 1, s)
                for at, d, s, n in zip(
                    offset, self.dilations, self.strides, self.output, strict=True
                )
            )
            yield offset, padded[(slice(None),) * lead + cut]

    def pad(self, data: Array, fill: float) -> Array:
        """Return the data with its padding."""
        lead = data.ndim - len(self.kernel)
        grow = [(0, 0)] * lead + list(zip(self.before, self.after, strict=True))
        return np.pad(data, grow, constant_values=fill)


def windows_of(operator: Operator, size: Sequence[int], kernel: Sequence[int]) -> Windows:
    """Return the windows of a convolution or a pooling over spatial axes of ``size``.

    Raises:
        VerificationError: the attributes do not fit the tensor, or leave no window.
    """
    rank = len(size)
    strides = operator.ints_of("strides") or (1,) * rank
    dilations = operator.ints_of("dilations") or (1,) * rank
    pads = operator.ints_of("pads") or (0,) * (2 * rank)
    if min((*strides, *dilations, *kernel, 1)) < 1 or min((*pads, 0)) < 0:
        raise unjudgeable("a stride, dilation, kernel or pad is out of range")
    before, after = pads[:rank], pads[rank:]
    mode = operator.text_of("auto_pad", "NOTSET")
    spans = tuple(d * (k - 1) + 1 for d, k in zip(dilations, kernel, strict=True))
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        counts = tuple(-(-n // s) for n, s in zip(size, strides, strict=True))
        total = tuple(
            max(0, (c - 1) * s + e - n)
            for c, s, e, n in zip(counts, strides, spans, size, strict=True)
        )
        small = tuple(t // 2 for t in total)
        large = tuple(t - t // 2 for t in total)
        before, after = (small, large) if mode == "SAME_UPPER" else (large, small)
    elif mode == "VALID":
        before = after = (0,) * rank
    elif mode != "NOTSET":
        raise unjudgeable(f"the padding {mode!r} does not exist")
    return _counted(operator, tuple(size), tuple(kernel), strides, dilations, before, after)


def _counted(
    operator: Operator,
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
    before: tuple[int, ...],
    after: tuple[int, ...],
) -> Windows:
    is_ceil = bool(operator.int_of("ceil_mode", 0))
    output, reach = [], []
    for n, k, s, d, b, a in zip(size, kernel, strides, dilations, before, after, strict=True):
        span = d * (k - 1) + 1
        room = n + b + a - span
        count = (-(-room // s) if is_ceil else room // s) + 1
        if is_ceil and (count - 1) * s >= n + b:
            # A window that would start in the padding behind is left out.
            count -= 1
        if count < 1:
            raise unjudgeable("the kernel is larger than the tensor")
        output.append(count)
        reach.append(max(a, (count - 1) * s + span - n - b))
    limited(output)
    return Windows(size, kernel, strides, dilations, before, tuple(reach), after, tuple(output))
