"""Elementwise arithmetic and logic whose result every conforming engine rounds alike.

Place: L2, a family of rules. Bound: equality as numbers (the sign of a zero is not judged: engines
differ in ``Max(-0, 0)``). IEEE 754 rounds add, subtract, multiply, divide and square root exactly
once; 16-bit floats computed in binary32 and rounded again give the same result.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, Final

import numpy as np

from neurovoyance.verification.canonical import Array
from neurovoyance.verification.onnx_graph import dtype_of
from neurovoyance.verification.operators.base import (
    Case,
    Evaluate,
    Expected,
    Rule,
    accumulated,
    exact,
    is_float,
    need_float,
    unit,
    unjudgeable,
    wide,
    within,
)

_EXACT: Final = "equal as numbers"


def _unary(compute: Callable[[Array], Array]) -> Evaluate:
    def evaluate(case: Case) -> list[Expected]:
        data = case.need(0)
        return exact(np.asarray(compute(data)).astype(data.dtype, copy=False))

    return evaluate


def _binary(compute: Callable[[Array, Array], Array]) -> Evaluate:
    def evaluate(case: Case) -> list[Expected]:
        left, right = case.need(0), case.need(1)
        if left.dtype != right.dtype:
            raise unjudgeable(f"{case.operator.op_type} of two dtypes has no rule")
        return exact(np.asarray(compute(left, right)))

    return evaluate


def _fold(compute: Callable[[Array, Array], Array]) -> Evaluate:
    def evaluate(case: Case) -> list[Expected]:
        return exact(np.asarray(reduce(compute, case.present())))

    return evaluate


def _divide(left: Array, right: Array) -> Array:
    if left.dtype.kind not in "iu":
        return np.asarray(left / right)
    if not np.all(right):
        raise unjudgeable("it divides an integer by zero")
    if left.dtype.kind == "i" and np.any((left == np.iinfo(left.dtype).min) & (right == -1)):
        raise unjudgeable("a quotient is out of the range of its dtype")
    # Towards zero, as the operator says. Never by absolute values: that of the least integer wraps.
    quotient = np.floor_divide(left, right)
    is_below = (quotient * right != left) & ((left < 0) != (right < 0))
    return np.asarray(quotient + is_below, dtype=left.dtype)


def _modulo(case: Case) -> list[Expected]:
    left, right = case.need(0), case.need(1)
    if left.dtype.kind in "iu" and not np.all(right):
        raise unjudgeable("it divides an integer by zero")
    compute = np.fmod if case.operator.int_of("fmod", 0) else np.mod
    return exact(np.asarray(compute(left, right)))


def _clip(case: Case) -> list[Expected]:
    data = case.need(0)
    if case.opset < 11:
        bounds: list[Any] = [case.operator.attributes.get(name) for name in ("min", "max")]
        low, high = (None if b is None else np.asarray(b, dtype=data.dtype) for b in bounds)
    else:
        low, high = case.get(1), case.get(2)
    result = data
    if low is not None:
        result = np.maximum(result, low.reshape(()))
    if high is not None:
        result = np.minimum(result, high.reshape(()))
    return exact(np.asarray(result))


def _relu(data: Array) -> Array:
    return np.maximum(data, np.zeros((), dtype=data.dtype))


def _leaky(case: Case) -> list[Expected]:
    data = need_float(case)
    slope = np.asarray(case.operator.float_of("alpha", 0.01), dtype=data.dtype)
    return exact(np.where(data >= 0, data, (data * slope).astype(data.dtype)))


def _prelu(case: Case) -> list[Expected]:
    data, slope = case.need(0), case.need(1)
    return exact(np.where(data >= 0, data, data * slope))


def _thresholded(case: Case) -> list[Expected]:
    data = need_float(case)
    limit = np.asarray(case.operator.float_of("alpha", 1.0), dtype=data.dtype)
    return exact(np.where(data > limit, data, np.zeros((), dtype=data.dtype)))


def _shift(case: Case) -> list[Expected]:
    is_right = case.operator.text_of("direction", "") == "RIGHT"
    compute = np.right_shift if is_right else np.left_shift
    return exact(np.asarray(compute(case.need(0), case.need(1))))


def _cast(case: Case) -> list[Expected]:
    data, dtype = case.need(0), dtype_of(case.operator.int_of("to", 0))
    if dtype is None:
        raise unjudgeable("the Cast is to a type that has no canonical form")
    return [cast_to(data, dtype)]


def _cast_like(case: Case) -> list[Expected]:
    return [cast_to(case.need(0), case.need(1).dtype)]


def cast_to(data: Array, dtype: np.dtype[Any]) -> Expected:
    """Return a tensor in another dtype; reals outside an integer's range are not judged."""
    free = None
    if is_float(data.dtype) and dtype.kind in "iu":
        info, real = np.iinfo(dtype), wide(data)
        free = ~((real > float(info.min) - 1.0) & (real < float(info.max) + 1.0))
        if dtype.itemsize == 8:
            free |= np.abs(real) >= 2.0**63
        data = np.where(free, 0, np.trunc(real))
    value = np.asarray(data.astype(dtype))
    return Expected(value, dtype, free=free)


def _sum(case: Case) -> list[Expected]:
    parts = case.present()
    return _added(case, parts, 1.0)


def _mean(case: Case) -> list[Expected]:
    parts = case.present()
    return _added(case, parts, 1.0 / max(len(parts), 1))


def _added(case: Case, parts: list[Array], factor: float) -> list[Expected]:
    need_float(case)
    value = reduce(np.add, (wide(part) for part in parts)) * factor
    magnitude = reduce(np.add, (np.abs(wide(part)) for part in parts)) * factor
    return accumulated(value, magnitude, len(parts), parts[0].dtype)


def _is_inf(case: Case) -> list[Expected]:
    data, operator = wide(case.need(0)), case.operator
    plus = np.isposinf(data) & bool(operator.int_of("detect_positive", 1))
    minus = np.isneginf(data) & bool(operator.int_of("detect_negative", 1))
    return exact(plus | minus)


def _is_nan(case: Case) -> list[Expected]:
    return exact(np.isnan(wide(case.need(0))))


def _cumulate(case: Case) -> list[Expected]:
    data, operator = case.need(0), case.operator
    axis = (case.ints(1) or [0])[0]
    steps = data if is_float(data.dtype) is False else wide(data)
    value = _running(steps, axis, operator.int_of("exclusive", 0), operator.int_of("reverse", 0))
    if not is_float(data.dtype):
        return exact(value.astype(data.dtype))
    size = _running(
        np.abs(steps), axis, operator.int_of("exclusive", 0), operator.int_of("reverse", 0)
    )
    return accumulated(value, size, data.shape[axis], data.dtype)


def _running(data: Array, axis: int, exclusive: int, reverse: int) -> Array:
    turned = np.flip(data, axis) if reverse else data
    total = np.cumsum(turned, axis=axis, dtype=data.dtype)
    if exclusive:
        total = total - turned
    return np.flip(total, axis) if reverse else total


def _hard_sigmoid(case: Case) -> list[Expected]:
    data = need_float(case)
    alpha, beta = case.operator.float_of("alpha", 0.2), case.operator.float_of("beta", 0.5)
    real = wide(data)
    margin = 4.0 * unit(data.dtype) * (np.abs(alpha * real) + abs(beta))
    return within(np.clip(alpha * real + beta, 0.0, 1.0), np.minimum(margin, 1.0), data.dtype)


def _hard_swish(case: Case) -> list[Expected]:
    data = need_float(case)
    real = wide(data)
    gate = np.clip(real / 6.0 + 0.5, 0.0, 1.0)
    return within(real * gate, 8.0 * unit(data.dtype) * np.abs(real), data.dtype)


_UNARY: Final[dict[str, Callable[[Array], Array]]] = {
    "Sqrt": np.sqrt,
    "Neg": np.negative,
    "Abs": np.abs,
    "Relu": _relu,
    "Floor": np.floor,
    "Ceil": np.ceil,
    "Round": np.rint,
    "Sign": np.sign,
    "Not": np.logical_not,
    "BitwiseNot": np.invert,
}
_BINARY: Final[dict[str, Callable[[Array, Array], Array]]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": _divide,
    "Equal": np.equal,
    "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "And": np.logical_and,
    "Or": np.logical_or,
    "Xor": np.logical_xor,
    "BitwiseAnd": np.bitwise_and,
    "BitwiseOr": np.bitwise_or,
    "BitwiseXor": np.bitwise_xor,
}

RULES: Final[dict[str, Rule]] = {
    **{name: Rule("exact", _EXACT, _unary(compute)) for name, compute in _UNARY.items()},
    **{name: Rule("exact", _EXACT, _binary(compute)) for name, compute in _BINARY.items()},
    "Max": Rule("exact", _EXACT, _fold(np.maximum)),
    "Min": Rule("exact", _EXACT, _fold(np.minimum)),
    "Mod": Rule("exact", _EXACT, _modulo),
    "Clip": Rule("exact", _EXACT, _clip),
    "LeakyRelu": Rule("exact", _EXACT, _leaky),
    "PRelu": Rule("exact", _EXACT, _prelu),
    "ThresholdedRelu": Rule("exact", _EXACT, _thresholded),
    "BitShift": Rule("exact", _EXACT, _shift),
    "Cast": Rule("exact", _EXACT + "; reals outside an integer's range are not judged", _cast),
    "CastLike": Rule("exact", _EXACT, _cast_like),
    "IsInf": Rule("exact", _EXACT, _is_inf),
    "IsNaN": Rule("exact", _EXACT, _is_nan),
    "Sum": Rule("bound", "8 sqrt(k) u sum of magnitudes, k inputs", _sum),
    "Mean": Rule("bound", "8 sqrt(k) u mean of magnitudes, k inputs", _mean),
    "CumSum": Rule(
        "bound", "8 sqrt(k) u running sum of magnitudes; integers equal", _cumulate, since=11
    ),
    "HardSigmoid": Rule("bound", "4 u (|alpha x| + |beta|)", _hard_sigmoid),
    "HardSwish": Rule("bound", "8 u |x|", _hard_swish),
}
