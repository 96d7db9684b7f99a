"""Elementwise transcendental functions: within a few units in the last place of binary64.

Place: L2, a family of rules. The counts below are at least twice the largest error measured with
ONNX Runtime 1.31 on x86-64. Where an engine subtracts or clamps (sigmoid far to the left, GELU,
ELU), an error is relative to the terms, not to the small result; such a bound is stated in u,
the unit roundoff.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from neurovoyance.verification.operators.base import (
    F64,
    Case,
    Evaluate,
    Expected,
    Rule,
    in_ulps,
    need_float,
    unit,
    wide,
    within,
)

_erf = np.frompyfunc(math.erf, 1, 1)
_erfc = np.frompyfunc(math.erfc, 1, 1)


def sigmoid(value: F64) -> F64:
    """Return the logistic function in binary64."""
    return np.asarray(1.0 / (1.0 + np.exp(-value)), dtype=np.float64)


def softplus(value: F64) -> F64:
    """Return log(1 + exp(x)) in binary64, without overflow."""
    return np.asarray(np.logaddexp(0.0, value), dtype=np.float64)


def erf(value: F64) -> F64:
    """Return the error function in binary64."""
    return np.asarray(_erf(value), dtype=np.float64)


def erfc(value: F64) -> F64:
    """Return 1 - erf(x) in binary64, exact in the tail."""
    return np.asarray(_erfc(value), dtype=np.float64)


def _simple(compute: Callable[[F64], F64], ulps: float, absolute: float = 0.0) -> Evaluate:
    def evaluate(case: Case) -> list[Expected]:
        data = need_float(case)
        return in_ulps(compute(wide(data)), ulps, data.dtype, absolute)

    return evaluate


def _relative_to_input(compute: Callable[[F64], F64], factor: float) -> Evaluate:
    def evaluate(case: Case) -> list[Expected]:
        data = need_float(case)
        real = wide(data)
        return within(compute(real), factor * unit(data.dtype) * np.abs(real), data.dtype)

    return evaluate


def _pow(case: Case) -> list[Expected]:
    data, power = need_float(case), case.need(1)
    return in_ulps(np.asarray(np.power(wide(data), wide(power))), 8, data.dtype)


def _gelu(case: Case) -> list[Expected]:
    data = need_float(case)
    real = wide(data)
    if case.operator.text_of("approximate", "none") == "tanh":
        inner = math.sqrt(2.0 / math.pi) * (real + 0.044715 * real**3)
        value = 0.5 * real * (1.0 + np.tanh(inner))
    else:
        value = 0.5 * real * erfc(-real / math.sqrt(2.0))
    return within(value, 8.0 * unit(data.dtype) * np.abs(real), data.dtype)


def _exponential_left(case: Case, alpha: float, gamma: float) -> list[Expected]:
    data = need_float(case)
    real = wide(data)
    value = gamma * np.where(real > 0, real, alpha * np.expm1(np.minimum(real, 0.0)))
    below = np.where(real > 0, 0.0, 8.0 * abs(gamma * alpha))
    return in_ulps(value, 4, data.dtype, below)


def _elu(case: Case) -> list[Expected]:
    return _exponential_left(case, case.operator.float_of("alpha", 1.0), 1.0)


def _selu(case: Case) -> list[Expected]:
    alpha = case.operator.float_of("alpha", 1.6732631921768188)
    return _exponential_left(case, alpha, case.operator.float_of("gamma", 1.0507010221481323))


def _celu(case: Case) -> list[Expected]:
    data, alpha = need_float(case), case.operator.float_of("alpha", 1.0)
    real = wide(data)
    value = np.maximum(real, 0.0) + np.minimum(0.0, alpha * np.expm1(real / alpha))
    below = np.where(real > 0, 0.0, 8.0 * abs(alpha))
    return in_ulps(value, 4, data.dtype, below)


def _tan(case: Case) -> list[Expected]:
    data = need_float(case)
    value = np.tan(wide(data))
    return in_ulps(value, 8, data.dtype, 4.0 * (1.0 + value * value))


def _one_over(value: F64) -> F64:
    return np.asarray(1.0 / value)


def _softsign(value: F64) -> F64:
    return np.asarray(value / (1.0 + np.abs(value)))


def _mish(value: F64) -> F64:
    return np.asarray(value * np.tanh(softplus(value)))


RULES: Final[dict[str, Rule]] = {
    "Exp": Rule("ulp", "4 ulp", _simple(np.exp, 4)),
    "Erf": Rule("ulp", "8 ulp", _simple(erf, 8), since=9),
    "Log": Rule("ulp", "8 ulp", _simple(np.log, 8)),
    "Tanh": Rule("ulp", "16 ulp", _simple(np.tanh, 16)),
    "Sigmoid": Rule("ulp", "4 ulp + 8 u", _simple(sigmoid, 4, 8)),
    "Softplus": Rule("ulp", "16 ulp", _simple(softplus, 16)),
    "Softsign": Rule("ulp", "8 ulp", _simple(_softsign, 8)),
    "Reciprocal": Rule("ulp", "4 ulp", _simple(_one_over, 4)),
    "Sin": Rule("ulp", "8 ulp + 2 u", _simple(np.sin, 8, 2)),
    "Cos": Rule("ulp", "8 ulp + 2 u", _simple(np.cos, 8, 2)),
    "Tan": Rule("ulp", "8 ulp + 4 u (1 + y^2)", _tan),
    "Atan": Rule("ulp", "16 ulp", _simple(np.arctan, 16)),
    "Asin": Rule("ulp", "16 ulp", _simple(np.arcsin, 16)),
    "Acos": Rule("ulp", "16 ulp + 4 u", _simple(np.arccos, 16, 4)),
    "Sinh": Rule("ulp", "8 ulp", _simple(np.sinh, 8), since=9),
    "Cosh": Rule("ulp", "8 ulp", _simple(np.cosh, 8), since=9),
    "Pow": Rule("ulp", "8 ulp", _pow),
    "Gelu": Rule("composite", "8 u |x|", _gelu, since=20),
    "Elu": Rule("composite", "4 ulp; 8 u alpha more for x <= 0", _elu),
    "Selu": Rule("composite", "4 ulp; 8 u alpha gamma more for x <= 0", _selu),
    "Celu": Rule("composite", "4 ulp; 8 u alpha more for x <= 0", _celu, since=12),
    "Mish": Rule("composite", "16 u |x|", _relative_to_input(_mish, 16), since=18),
}
