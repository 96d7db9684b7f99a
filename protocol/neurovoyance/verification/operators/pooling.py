"""Pooling over windows and over whole axes.

Place: L2, a family of rules. A maximum is equal as a number; an average keeps the bound of a sum.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from neurovoyance.verification.operators.base import (
    Case,
    Expected,
    Rule,
    accumulated,
    exact,
    need_float,
    unit,
    unjudgeable,
    wide,
    within,
)
from neurovoyance.verification.operators.windows import Windows, windows_of


def _windows(case: Case) -> Windows:
    kernel = case.operator.ints_of("kernel_shape")
    if kernel is None:
        raise unjudgeable("the pooling names no kernel")
    return windows_of(case.operator, case.need(0).shape[2:], kernel)


def _max_pool(case: Case) -> list[Expected]:
    data = need_float(case)
    if len([name for name in case.operator.outputs if name]) > 1:
        raise unjudgeable("MaxPool with indices has no rule")
    windows = _windows(case)
    best = np.full((*data.shape[:2], *windows.output), -np.inf)
    for _, view in windows.views(windows.pad(wide(data), -np.inf)):
        best = np.maximum(best, view)
    return exact(best.astype(data.dtype))


def _average_pool(case: Case) -> list[Expected]:
    data = need_float(case)
    windows = _windows(case)
    real = wide(data)
    padded = windows.pad(real, 0.0)
    inside = np.ones((1, 1, *windows.size))
    if case.operator.int_of("count_include_pad", 0):
        # What hangs over by ceil_mode alone is never counted.
        grow = list(zip(windows.before, windows.declared_after, strict=True))
        inside = np.pad(inside, [(0, 0), (0, 0), *grow], constant_values=1.0)
        over = [(0, a - d) for a, d in zip(windows.after, windows.declared_after, strict=True)]
        inside = np.pad(inside, [(0, 0), (0, 0), *over])
    else:
        inside = windows.pad(inside, 0.0)
    total, magnitude, count = (np.zeros((*data.shape[:2], *windows.output)) for _ in range(3))
    views = zip(windows.views(padded), windows.views(inside), strict=True)
    for (_, view), (_, weight) in views:
        total, magnitude, count = total + view, magnitude + np.abs(view), count + weight
    length = math.prod(windows.kernel)
    return accumulated(total / count, magnitude / count, length, data.dtype)


def _lp_pool(case: Case) -> list[Expected]:
    data, power = need_float(case), case.operator.int_of("p", 2)
    windows = _windows(case)
    total = np.zeros((*data.shape[:2], *windows.output))
    for _, view in windows.views(windows.pad(np.abs(wide(data)), 0.0)):
        total = total + view**power
    value = total ** (1.0 / power)
    factor = 8.0 * math.sqrt(math.prod(windows.kernel)) + 16.0
    return within(value, factor * unit(data.dtype) * value, data.dtype)


def _global_max(case: Case) -> list[Expected]:
    data = need_float(case)
    axes = tuple(range(2, data.ndim))
    return exact(np.max(wide(data), axis=axes, keepdims=True).astype(data.dtype))


def _global_average(case: Case) -> list[Expected]:
    data = need_float(case)
    axes, real = tuple(range(2, data.ndim)), wide(data)
    return accumulated(
        np.asarray(np.mean(real, axis=axes, keepdims=True)),
        np.asarray(np.mean(np.abs(real), axis=axes, keepdims=True)),
        math.prod(data.shape[2:]),
        data.dtype,
    )


RULES: Final[dict[str, Rule]] = {
    "MaxPool": Rule("exact", "equal as numbers", _max_pool),
    "GlobalMaxPool": Rule("exact", "equal as numbers", _global_max),
    "AveragePool": Rule("bound", "8 sqrt(k) u mean of |x|, k the window", _average_pool),
    "LpPool": Rule("bound", "(8 sqrt(k) + 16) u |y|, k the window", _lp_pool),
    "GlobalAveragePool": Rule("bound", "8 sqrt(k) u mean of |x|", _global_average),
}
