"""Judge one operator: are its claimed outputs what it gives from its claimed inputs?

Place: L2; used by challengers, referees and tests. Data flow: operator and tensors -> rule ->
expected tensors with margins -> finding. Everything claimed may be hostile: a case that breaks a
rule's assumptions cannot be judged, and says so. Never: an exception for what somebody claimed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from neurovoyance.protocol.errors import VerificationError
from neurovoyance.verification.canonical import Array
from neurovoyance.verification.graph import Operator
from neurovoyance.verification.operators import (
    activation,
    arithmetic,
    convolution,
    indexing,
    linear,
    movement,
    normalization,
    pooling,
    quantization,
    recurrent,
    reduction,
    resize,
    selection,
    softmax,
)
from neurovoyance.verification.operators.base import (
    CannotJudge,
    Case,
    Consistent,
    Expected,
    Finding,
    Inconsistent,
    Rule,
    largest,
    unjudgeable,
    wide,
)

RULES: Final[dict[str, Rule]] = {
    **movement.RULES,
    **indexing.RULES,
    **arithmetic.RULES,
    **activation.RULES,
    **linear.RULES,
    **convolution.RULES,
    **pooling.RULES,
    **reduction.RULES,
    **normalization.RULES,
    **softmax.RULES,
    **recurrent.RULES,
    **selection.RULES,
    **resize.RULES,
    **quantization.RULES,
}
"""The rule of every operator that can be judged, by its name in the default ONNX domain."""

OPSET_MIN: Final = 7
OPSET_MAX: Final = 21

_BROKEN: Final = (ValueError, LookupError, TypeError, ArithmeticError, MemoryError, RuntimeWarning)


def rule_of(operator: Operator, opset: int) -> Rule | None:
    """Return the rule of an operator, or None if nobody can judge it."""
    rule = RULES.get(operator.op_type)
    if rule is None or operator.domain or operator.has_subgraph:
        return None
    return rule if max(rule.since, OPSET_MIN) <= opset <= OPSET_MAX else None


def evaluate(
    operator: Operator,
    inputs: Sequence[Array | None],
    opset: int,
    claimed: Sequence[Array | None] = (),
) -> list[Expected]:
    """Return what every output must be.

    Raises:
        VerificationError: no rule covers the operator, its attributes or its inputs.
    """
    rule = rule_of(operator, opset)
    if rule is None:
        raise unjudgeable(f"{operator.op_type} of opset {opset} has no rule")
    with np.errstate(all="ignore"):
        try:
            return rule.evaluate(Case(operator, tuple(inputs), opset, tuple(claimed)))
        except _BROKEN as error:
            raise unjudgeable(f"its inputs do not fit {operator.op_type} ({error})") from error


def check(
    operator: Operator,
    inputs: Sequence[Array | None],
    claimed: Sequence[Array | None],
    opset: int,
) -> Finding:
    """Return whether the claimed outputs follow from the claimed inputs.

    Args:
        inputs: by position; None for an omitted one.
        claimed: by position; None for an output that is omitted or not looked at.
    """
    try:
        expected = evaluate(operator, inputs, opset, claimed)
    except VerificationError as error:
        return CannotJudge(error.message)
    worst = 0.0
    for position, tensor in enumerate(claimed):
        if tensor is None:
            continue
        if position >= len(expected):
            return CannotJudge(f"Output {position} of {operator.describe()} has no rule.")
        with np.errstate(all="ignore"):
            finding = _compare(operator, position, tensor, expected[position])
        if not isinstance(finding, Consistent):
            return finding
        worst = max(worst, finding.ratio)
    return Consistent(worst)


def _compare(operator: Operator, position: int, tensor: Array, expected: Expected) -> Finding:
    where = f"Output {position} of {operator.describe()}"
    if tensor.dtype.newbyteorder("<") != expected.dtype.newbyteorder("<"):
        return Inconsistent(f"{where} is {tensor.dtype} instead of {expected.dtype}.", position)
    if tensor.shape != expected.value.shape:
        found, needed = list(tensor.shape), list(expected.value.shape)
        return Inconsistent(f"{where} has the shape {found} instead of {needed}.", position)
    if tensor.size == 0:
        return Consistent()
    ratios = _equal_ratios(tensor, expected)
    if expected.free is not None:
        ratios = np.where(expected.free, 0.0, ratios)
    if expected.doubt is not None:
        ratios = np.where(expected.doubt, 0.0, ratios)
    worst = int(np.argmax(ratios))
    ratio = float(ratios.reshape(-1)[worst])
    if ratio <= 1.0 and expected.doubt is not None and expected.doubt.any():
        return CannotJudge(f"{where} is too sensitive to rounding to be judged.")
    if ratio <= 1.0:
        return Consistent(ratio)
    index = tuple(int(at) for at in np.unravel_index(worst, tensor.shape))
    found_at, needed_at = tensor[index], expected.value[index]
    times = "" if math.isinf(ratio) else f", {ratio:.3g} times the allowed error"
    reason = f"{where} is {found_at} at {list(index)} where {needed_at} is right{times}."
    return Inconsistent(reason, position, index, ratio)


def _equal_ratios(tensor: Array, expected: Expected) -> npt.NDArray[np.float64]:
    """Return error / margin of every element; infinite where no error is allowed."""
    if expected.margin is not None:
        return _error_ratios(wide(tensor), expected)
    is_real = tensor.dtype.name in ("float16", "bfloat16", "float32", "float64")
    found = wide(tensor) if is_real else tensor
    needed = wide(expected.value) if is_real else expected.value
    same = found == needed
    if is_real:
        same |= np.isnan(found) & np.isnan(needed)
        if expected.is_bits:
            same &= np.isnan(found) | (np.signbit(found) == np.signbit(needed))
    return np.where(same, 0.0, np.inf)


def _error_ratios(found: npt.NDArray[np.float64], expected: Expected) -> npt.NDArray[np.float64]:
    value = expected.value
    margin = expected.margin if expected.margin is not None else np.zeros(value.shape)
    ratio = np.abs(found - value) / margin
    ratio = np.where((found == value) | (np.isnan(found) & np.isnan(value)), 0.0, ratio)
    top = largest(expected.dtype)
    overflows = np.isinf(found) & (np.abs(value) + margin >= top) & (value * found > 0)
    ratio = np.where(overflows, 0.0, ratio)
    return np.where(np.isnan(ratio), np.inf, ratio)
