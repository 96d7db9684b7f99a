"""The tail of a model: from the verify tensors to the graph outputs, computed by the client.

Place: L2, stage 7. Data flow: ``TailNode`` list of a certificate and revealed verify tensors ->
graph outputs, in numpy: reals in binary64, rounded once an operator. A node names an operator of
the default ONNX domain; its attributes are text and are read back by name. Never: weights beyond
small constants, or an operator outside ``TAIL_OPERATORS``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from neurovoyance.protocol.certificate import TailNode
from neurovoyance.protocol.errors import SpecError
from neurovoyance.verification.canonical import TENSOR_TYPES, Array
from neurovoyance.verification.graph import Attribute, Operator
from neurovoyance.verification.operators.base import Expected, limited
from neurovoyance.verification.operators.judge import evaluate, rule_of

TAIL_OPERATORS: Final = frozenset(
    {
        *("Abs", "Add", "And", "ArgMax", "ArgMin", "Cast", "Ceil", "Clip", "Concat", "Constant"),
        *("ConstantOfShape", "Div", "Equal", "Exp", "Expand", "Flatten", "Floor", "Gather"),
        *("GatherElements", "Greater", "GreaterOrEqual", "HardSigmoid", "Identity", "Less"),
        *("LessOrEqual", "Log", "LogSoftmax", "Max", "Min", "Mul", "Neg", "Not", "Or", "Pow"),
        *("Dropout", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "Relu"),
        *("Reshape", "Round", "Shape", "Sigmoid", "Sign", "Slice", "Softmax", "Softplus", "Split"),
        *("Sqrt", "Squeeze", "Sub", "Tanh", "Tile", "TopK", "Transpose", "Unsqueeze", "Where"),
    }
)
"""What a client computes itself: cheap, and defined to the bit or nearly so."""

MAX_CONSTANT_ELEMENTS: Final = 4_096

_INT: Final = frozenset({"axis", "keepdims", "to", "largest", "sorted", "select_last_index"}) | {
    *("allowzero", "start", "end", "noop_with_empty_axes", "k", "fmod", "num_outputs")
}
_INTS: Final = frozenset({"axes", "perm", "starts", "ends", "split"})
_REAL: Final = frozenset({"alpha", "beta", "min", "max"})
_DTYPES: Final = {kind.numpy_dtype().name: kind.numpy_dtype() for kind in TENSOR_TYPES}
_NUMBER: Final = re.compile(r"-?[0-9]{1,19}")

Text: TypeAlias = "str | list[str]"


def constant_node(name: str, array: Array) -> TailNode:
    """Return the node of a small constant: its dtype, shape and values as text.

    Reals are written with as many digits as give back the same bits.

    Raises:
        SpecError: over 4,096 elements or 16 axes, or a dtype without a canonical form.
    """
    if array.size > MAX_CONSTANT_ELEMENTS or array.dtype.name not in _DTYPES or array.ndim > 16:
        raise SpecError(f"The constant {name[:80]!r} is too large for a tail, or of an odd type.")
    cast = float if array.dtype.name in ("float32", "float16", "bfloat16") else int
    return TailNode(
        op="Constant",
        inputs=[],
        outputs=[name],
        attributes={
            "dtype": array.dtype.name,
            "shape": [str(dim) for dim in array.shape],
            "values": [str(cast(value)) for value in array.reshape(-1)],
        },
    )


def tail_node(operator: Operator, hidden: Collection[str] = ()) -> TailNode:
    """Return an operator as a certificate writes it.

    Args:
        hidden: outputs that the tail must not define, because they are verify tensors.

    Raises:
        SpecError: an attribute that no tail can carry.
    """
    attributes: dict[str, Any] = {}
    for name, value in operator.attributes.items():
        if name not in _INT | _INTS | _REAL | {"mode", "value"} or value is None:
            raise SpecError(f"The attribute {name[:80]!r} of {operator.describe()} has no text.")
        if isinstance(value, np.ndarray):
            attributes[name] = [value.dtype.name, *(str(one) for one in value.reshape(-1).tolist())]
        elif isinstance(value, tuple):
            attributes[name] = [str(one) for one in value]
        else:
            attributes[name] = str(value)
    return TailNode(
        op=operator.op_type,
        inputs=list(operator.inputs),
        outputs=[
            name if name and name not in hidden else f"unused:{operator.index}:{at}"
            for at, name in enumerate(operator.outputs)
        ],
        attributes=attributes,
    )


def evaluate_tail(
    tail: Sequence[TailNode],
    verify: Mapping[str, Array],
    outputs: Sequence[str],
    opset: int,
) -> dict[str, Array]:
    """Return the graph outputs that follow from the verify tensors.

    Args:
        tail: as the certificate lists it.
        verify: revealed verify tensors by name.
        outputs: names of the graph outputs, in order.
        opset: of the manifest.

    Raises:
        SpecError: an operator that a tail may not hold, a value used before it is defined or
            defined twice, or an output that nothing defines.
        VerificationError: the tensors do not fit an operator.
    """
    known: dict[str, Array] = dict(verify)
    for index, node in enumerate(tail):
        for name in node.outputs:
            if name and name in known:
                raise _wrong(node, f"defines {name[:80]!r} a second time")
        missing = [name for name in node.inputs if name and name not in known]
        if missing:
            raise _wrong(node, f"uses {missing[0][:80]!r} before anything defines it")
        operator = _operator(node, index)
        if rule_of(operator, opset) is None:
            raise _wrong(node, f"has no rule in opset {opset}")
        inputs = [known[name] if name else None for name in node.inputs]
        if node.op == "Constant":
            known[node.outputs[0]] = _constant(node)
            continue
        found = evaluate(operator, inputs, opset)
        for name, expected in zip(node.outputs, found, strict=False):
            if name:
                known[name] = rounded(expected)
    absent = [name for name in outputs if name not in known]
    if absent:
        raise SpecError(f"The tail does not define the output {absent[0][:80]!r}.")
    return {name: known[name] for name in outputs}


def rounded(expected: Expected) -> Array:
    """Return an expected tensor in its own dtype, rounded once."""
    with np.errstate(all="ignore"):
        return (
            np.ascontiguousarray(expected.value)
            .astype(expected.dtype)
            .reshape(expected.value.shape)
        )


def _operator(node: TailNode, index: int) -> Operator:
    if node.op not in TAIL_OPERATORS:
        raise _wrong(node, "is no operator that a tail may hold")
    if node.op == "Constant":
        return Operator(index, node.op, (), tuple(node.outputs))
    attributes = {name: _attribute(node, name, text) for name, text in node.attributes.items()}
    return Operator(index, node.op, tuple(node.inputs), tuple(node.outputs), attributes)


def _attribute(node: TailNode, name: str, text: Text) -> Attribute:
    if name in _INT and isinstance(text, str):
        return _integer(node, text)
    if name in _INTS and isinstance(text, list):
        return tuple(_integer(node, one) for one in text)
    if name in _REAL and isinstance(text, str):
        return _real(node, text)
    if name == "mode" and isinstance(text, str):
        return text
    if name == "value" and isinstance(text, list) and len(text) == 2:
        return _array(node, text[0], [1], text[1:])
    raise _wrong(node, f"holds the attribute {name[:80]!r} in a form that no tail has")


def _constant(node: TailNode) -> Array:
    dtype, shape = node.attributes.get("dtype"), node.attributes.get("shape")
    values = node.attributes.get("values")
    if not isinstance(dtype, str) or not isinstance(shape, list) or not isinstance(values, list):
        raise _wrong(node, "needs dtype, shape and values")
    return _array(node, dtype, [_integer(node, dim) for dim in shape], values)


def _array(node: TailNode, dtype: str, shape: list[int], values: list[str]) -> Array:
    kind = _DTYPES.get(dtype)
    if kind is None:
        raise _wrong(node, f"is of the type {dtype[:40]!r}")
    size = limited(shape)
    is_real = dtype in ("float32", "float16", "bfloat16")
    numbers = [_real(node, one) if is_real else _integer(node, one) for one in values]
    try:
        return np.array(numbers, dtype=kind).reshape(size)
    except (ValueError, OverflowError):
        raise _wrong(node, "holds values that do not fit its type or shape") from None


def _integer(node: TailNode, text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise _wrong(node, f"holds {text[:40]!r} where an integer belongs")
    return int(text)


def _real(node: TailNode, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _wrong(node, f"holds {text[:40]!r} where a number belongs") from None


def _wrong(node: TailNode, problem: str) -> SpecError:
    return SpecError(
        f"The tail's {node.op[:80]} {problem}; no output was computed.",
        hint="The certificate is wrong; nobody can use the model's outputs.",
    )
