"""Normalisations: inference BatchNormalization, Instance-, Layer-, LpNormalization, LRN.

Place: L2, a family of rules. The bounds follow the computation: an engine may take the variance
as E[x^2] - E[x]^2, which loses digits where the mean is large, so the margin grows with
E[x^2] / variance. Never: training statistics.
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
    unjudgeable,
    wide,
    within,
)


def _batch(case: Case) -> list[Expected]:
    data, operator = need_float(case), case.operator
    if operator.int_of("training_mode", 0) or not operator.int_of("spatial", 1):
        raise unjudgeable("BatchNormalization in training, or by element, has no rule")
    if len([name for name in operator.outputs if name]) > 1:
        raise unjudgeable("BatchNormalization with running statistics has no rule")
    shape = (1, -1, *(1,) * (data.ndim - 2)) if data.ndim > 1 else (-1,)
    gain, shift, mean, variance = (wide(case.need(at)).reshape(shape) for at in range(1, 5))
    factor = gain / np.sqrt(variance + operator.float_of("epsilon", 1e-5))
    real = wide(data)
    value = (real - mean) * factor + shift
    magnitude = (np.abs(real) + np.abs(mean)) * np.abs(factor) + np.abs(shift)
    return within(value, 8.0 * unit(data.dtype) * magnitude, data.dtype)


def _standardised(data: F64, axes: tuple[int, ...], epsilon: float, u: float) -> tuple[F64, F64]:
    """Return the standardised tensor and its margin."""
    length = math.prod(data.shape[axis] for axis in axes)
    rounding = 8.0 * math.sqrt(max(length, 1)) * u
    mean = np.mean(data, axis=axes, keepdims=True)
    centred = data - mean
    variance = np.mean(centred * centred, axis=axes, keepdims=True) + epsilon
    square = np.mean(data * data, axis=axes, keepdims=True)
    inverse = 1.0 / np.sqrt(variance)
    value = centred * inverse
    relative = 0.5 * rounding * square / variance + 4.0 * u
    mean_error = rounding * np.mean(np.abs(data), axis=axes, keepdims=True)
    margin = np.abs(value) * relative + inverse * (mean_error + u * (np.abs(data) + np.abs(mean)))
    return value, margin


def _layer(case: Case) -> list[Expected]:
    data, operator = need_float(case), case.operator
    axis = axis_of(operator.int_of("axis", -1), data.ndim)
    u, epsilon = unit(data.dtype), operator.float_of("epsilon", 1e-5)
    axes = tuple(range(axis, data.ndim))
    value, margin = _standardised(wide(data), axes, epsilon, u)
    gain, bias = wide(case.need(1)), case.get(2)
    shift = np.zeros(()) if bias is None else wide(bias)
    result = value * gain + shift
    error = margin * np.abs(gain) + 4.0 * u * (np.abs(value * gain) + np.abs(shift))
    outputs = within(result, error, data.dtype)
    if any(case.operator.outputs[1:]):
        raise unjudgeable("LayerNormalization with its statistics has no rule")
    return outputs


def _instance(case: Case) -> list[Expected]:
    data = need_float(case)
    u, epsilon = unit(data.dtype), case.operator.float_of("epsilon", 1e-5)
    axes = tuple(range(2, data.ndim))
    value, margin = _standardised(wide(data), axes, epsilon, u)
    shape = (1, -1, *(1,) * (data.ndim - 2))
    gain, shift = wide(case.need(1)).reshape(shape), wide(case.need(2)).reshape(shape)
    # Engines fold mean and deviation into one factor and one shift, and round both.
    inputs = (np.abs(wide(data)) + np.abs(np.mean(wide(data), axis=axes, keepdims=True))) / (
        np.sqrt(np.var(wide(data), axis=axes, keepdims=True) + epsilon)
    )
    error = margin * np.abs(gain) + 4.0 * u * (inputs * np.abs(gain) + np.abs(shift))
    return within(value * gain + shift, error, data.dtype)


def _lp(case: Case) -> list[Expected]:
    data, power = need_float(case), case.operator.int_of("p", 2)
    axis = axis_of(case.operator.int_of("axis", -1), data.ndim)
    real = wide(data)
    norm = np.sum(np.abs(real) ** power, axis=axis, keepdims=True) ** (1.0 / power)
    value = np.where(norm > 0, real / np.where(norm > 0, norm, 1.0), 0.0)
    factor = 8.0 * math.sqrt(data.shape[axis]) + 8.0
    return within(value, factor * unit(data.dtype) * np.abs(value), data.dtype)


def _local_response(case: Case) -> list[Expected]:
    data, operator = need_float(case), case.operator
    size = operator.int_of("size", 1)
    alpha, beta = operator.float_of("alpha", 1e-4), operator.float_of("beta", 0.75)
    real = wide(data)
    channels = real.shape[1]
    total = np.zeros_like(real)
    for at in range(channels):
        low, high = max(0, at - (size - 1) // 2), min(channels, at + -(-(size - 1) // 2) + 1)
        total[:, at] = np.sum(real[:, low:high] ** 2, axis=1)
    base = operator.float_of("bias", 1.0) + alpha / size * total
    value = real / base**beta
    factor = 8.0 * math.sqrt(size) + 16.0 * (1.0 + beta)
    return within(value, factor * unit(data.dtype) * np.abs(value), data.dtype)


RULES: Final[dict[str, Rule]] = {
    "BatchNormalization": Rule(
        "bound", "8 u ((|x| + |mean|) |gain| / deviation + |shift|)", _batch
    ),
    "LayerNormalization": Rule(
        "composite",
        "|gain| (|z| (4 sqrt(k) E[x^2] / variance + 4) + (8 sqrt(k) E|x| + |x| + |mean|) / "
        "deviation) u + 4 u (|z gain| + |shift|)",
        _layer,
        since=17,
    ),
    "InstanceNormalization": Rule(
        "composite",
        "as LayerNormalization, + 4 u ((|x| + |mean|) |gain| / deviation + |shift|)",
        _instance,
    ),
    "LpNormalization": Rule("composite", "(8 sqrt(k) + 8) u |y|", _lp),
    "LRN": Rule("composite", "(8 sqrt(size) + 16 (1 + beta)) u |y|", _local_response),
}
