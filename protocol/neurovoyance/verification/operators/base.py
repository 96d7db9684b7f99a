"""The vocabulary of the operator rules: what is expected, how far it may be missed, what was found.

Place: L2, below every family of rules. A rule's *evaluation* gives the expected tensor, in the
output's own dtype if it must match exactly, else in binary64 with a margin for every element.
Never: an engine, or a decision that depends on the machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from neurovoyance.protocol.errors import VerificationError
from neurovoyance.verification.canonical import Array
from neurovoyance.verification.graph import Operator

F64: TypeAlias = npt.NDArray[np.float64]
Kind: TypeAlias = Literal["bits", "exact", "bound", "ulp", "composite"]

MAX_ELEMENTS: Final = 2**28
"""Largest tensor that a rule builds; hostile shapes end here."""

LENGTH_CAP: Final = 256
"""Longest sum of products that the bound grows with.

Engines add products in blocks, so that beyond a few hundred terms their error grows no further;
a bound that grows on would let weights rounded to binary16 pass from k = 3,000 on.
"""

_UNITS: Final = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24, "float64": 2.0**-53}
_SLACKS: Final = {"float16": 2.0**-24, "bfloat16": 2.0**-126, "float32": 2.0**-126, "float64": 0.0}
_NORMALS: Final = {**_SLACKS, "float16": 2.0**-14, "float64": 2.0**-1022}
_LARGEST: Final = {
    "float16": 65504.0,
    "bfloat16": 3.3895313892515355e38,
    "float32": 3.4028234663852886e38,
    "float64": 1.7976931348623157e308,
}


@dataclass(frozen=True, slots=True)
class Consistent:
    """The claimed outputs are what the operator gives; ``ratio`` is the largest error / margin."""

    ratio: float = 0.0


@dataclass(frozen=True, slots=True)
class Inconsistent:
    """A claimed output is not what the operator gives from the claimed inputs.

    Attributes:
        reason: one full sentence.
        output: position among the operator's outputs.
        index: of the worst element; empty if dtype or shape is wrong.
        ratio: error / margin there; infinite where no error is allowed.
    """

    reason: str
    output: int = 0
    index: tuple[int, ...] = ()
    ratio: float = math.inf


@dataclass(frozen=True, slots=True)
class CannotJudge:
    """No rule covers this case; a referee abstains. ``reason`` is one full sentence."""

    reason: str


Finding: TypeAlias = "Consistent | Inconsistent | CannotJudge"


@dataclass(frozen=True, slots=True)
class Expected:
    """What one output must be.

    Attributes:
        value: in ``dtype`` if ``margin`` is None, else binary64.
        dtype: of the claimed tensor.
        margin: largest allowed error of every element, binary64.
        is_bits: zeros must have the right sign too (data movement).
        free: elements whose value no standard defines; they are not judged.
        doubt: elements whose margin says too little; unless another element convicts, the
            operator cannot be judged.
    """

    value: Array
    dtype: np.dtype[Any]
    margin: F64 | None = None
    is_bits: bool = False
    free: npt.NDArray[np.bool_] | None = None
    doubt: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One operator with its claimed tensors; None is an omitted optional one.

    Attributes:
        claimed: outputs by position; empty when only an evaluation is wanted.
    """

    operator: Operator
    inputs: Sequence[Array | None]
    opset: int
    claimed: Sequence[Array | None] = ()

    def need(self, position: int) -> Array:
        """Return an input that has to be there.

        Raises:
            VerificationError: it is omitted.
        """
        value = self.get(position)
        if value is None:
            raise unjudgeable(f"input {position} of {self.operator.op_type} is missing")
        return value

    def get(self, position: int) -> Array | None:
        """Return an input, or None if it is omitted."""
        return self.inputs[position] if position < len(self.inputs) else None

    def present(self) -> list[Array]:
        """Return the inputs that are not omitted."""
        return [value for value in self.inputs if value is not None]

    def ints(self, position: int) -> list[int] | None:
        """Return a small integer input as a list, or None if it is omitted."""
        value = self.get(position)
        if value is None:
            return None
        if value.dtype.kind not in "iu" or value.size > 4_096:
            raise unjudgeable(f"input {position} of {self.operator.op_type} lists no integers")
        return [int(item) for item in value.reshape(-1)]

    def axes(self, position: int, rank: int, since: int) -> list[int] | None:
        """Return axes given as an input from opset ``since`` on and as an attribute before."""
        if self.opset >= since:
            axes = self.ints(position)
        else:
            listed = self.operator.ints_of("axes")
            axes = None if listed is None else list(listed)
        return None if axes is None else [axis_of(axis, rank) for axis in axes]


Evaluate: TypeAlias = Callable[[Case], "list[Expected]"]


@dataclass(frozen=True, slots=True)
class Rule:
    """How one operator is judged.

    Attributes:
        kind: family of the bound.
        bound: the bound for people, in the words of the operator table.
        evaluate: gives what every output must be.
        since: first opset whose semantics the rule covers.
    """

    kind: Kind
    bound: str
    evaluate: Evaluate
    since: int = 7


def unjudgeable(problem: str) -> VerificationError:
    """Return the error for a case that no rule covers; ``problem`` continues a sentence."""
    return VerificationError(f"The operator cannot be judged: {problem}.")


def axis_of(axis: int, rank: int) -> int:
    """Return an axis as a number from 0 on.

    Raises:
        VerificationError: there is no such axis.
    """
    if not -rank <= axis < max(rank, 1):
        raise unjudgeable(f"axis {axis} does not exist in a tensor of rank {rank}")
    return axis + rank if axis < 0 else axis


def limited(shape: Sequence[int]) -> tuple[int, ...]:
    """Return a shape that may be allocated.

    Raises:
        VerificationError: a size is negative or the tensor would be too large.
    """
    if any(dim < 0 for dim in shape) or math.prod(shape) > MAX_ELEMENTS:
        raise unjudgeable(f"the shape {list(shape)[:8]} cannot be built")
    return tuple(int(dim) for dim in shape)


def is_float(dtype: np.dtype[Any]) -> bool:
    """Tell whether a dtype is one of the floats that rules know."""
    return dtype.name in _UNITS


def unit(dtype: np.dtype[Any]) -> float:
    """Return the unit roundoff u: 2**-24 for binary32."""
    return _UNITS[dtype.name]


def slack(dtype: np.dtype[Any]) -> float:
    """Return what is allowed on top of every relative bound: the smallest normal number.

    For binary16 it is the smallest number, since no engine flushes those that are not normal.
    """
    return _SLACKS[dtype.name]


def largest(dtype: np.dtype[Any]) -> float:
    """Return the largest finite number."""
    return _LARGEST[dtype.name]


def wide(array: Array) -> F64:
    """Return a tensor in binary64, exactly."""
    return np.asarray(array, dtype=np.float64)


def ulp(value: F64, dtype: np.dtype[Any]) -> F64:
    """Return the distance between neighbours of ``dtype`` around every value, in binary64."""
    exponents = np.frexp(np.maximum(np.abs(value), _NORMALS[dtype.name]))[1]
    return np.asarray(np.ldexp(np.full(value.shape, unit(dtype)), exponents), dtype=np.float64)


def exact(value: Array, dtype: np.dtype[Any] | None = None) -> list[Expected]:
    """Return one output that must be equal as numbers."""
    array = np.asarray(value)
    return [Expected(array, array.dtype if dtype is None else dtype)]


def bits(value: Array) -> list[Expected]:
    """Return one output that must be equal bit by bit."""
    array = np.asarray(value)
    return [Expected(array, array.dtype, is_bits=True)]


def within(value: F64, margin: F64, dtype: np.dtype[Any]) -> list[Expected]:
    """Return one output that may miss ``value`` by ``margin`` and the smallest normal number."""
    value = np.asarray(value, dtype=np.float64)
    return [Expected(value, dtype, np.asarray(margin, dtype=np.float64) + slack(dtype))]


def accumulated(value: F64, magnitude: F64, length: int, dtype: np.dtype[Any]) -> list[Expected]:
    """Return an output with the bound ``8 sqrt(k) u (|A||B|)`` of verification section 7.

    Args:
        magnitude: the operator on absolute values.
        length: k, how many terms are added up.
    """
    factor = 8.0 * math.sqrt(max(length, 1)) * unit(dtype)
    return within(value, factor * magnitude, dtype)


def products_added(value: F64, magnitude: F64, length: int, dtype: np.dtype[Any]) -> list[Expected]:
    """Return the bound of a product with weights: that of a sum, k counted to ``LENGTH_CAP``."""
    return accumulated(value, magnitude, min(length, LENGTH_CAP), dtype)


def in_ulps(
    value: F64, count: float, dtype: np.dtype[Any], absolute: F64 | float = 0.0
) -> list[Expected]:
    """Return an output within ``count`` ulp, plus ``absolute`` times the unit roundoff."""
    value = np.asarray(value, dtype=np.float64)
    margin = count * ulp(value, dtype) + np.asarray(absolute) * unit(dtype)
    return within(value, np.broadcast_to(margin, value.shape), dtype)


def need_float(case: Case, position: int = 0) -> Array:
    """Return a float input.

    Raises:
        VerificationError: it is missing or not a float tensor.
    """
    array = case.need(position)
    if not is_float(array.dtype):
        raise unjudgeable(f"{case.operator.op_type} on {array.dtype} has no rule")
    return array
