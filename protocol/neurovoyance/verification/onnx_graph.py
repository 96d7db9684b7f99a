"""Read an ONNX file into a :class:`Graph` without the onnx package and without trusting it.

Place: L2; bytes in, values out. External data is read through a resolver that the caller gives
(the node maps verified files into memory), so this module opens nothing. Source: ``onnx.proto``,
IR version 13. Never: recursion over the file's nesting, execution, or a path taken from the file.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

import ml_dtypes
import numpy as np

from neurovoyance.verification.canonical import Array
from neurovoyance.verification.graph import Attribute, Graph, Operator, ValueInfo, Weight
from neurovoyance.verification.protobuf import (
    BYTES,
    malformed,
    read_fields,
    read_packed,
    signed,
)

Resolver: TypeAlias = Callable[[str, int, "int | None"], memoryview]
"""Gives ``(file name, offset, length or None for the rest)`` of the model's external data."""

MAX_OPERATORS: Final = 100_000
MAX_ARITY: Final = 4_096
MAX_NAME_BYTES: Final = 4_096
MAX_RANK: Final = 32
MAX_TENSOR_BYTES: Final = 2**40

_DTYPES: Final[dict[int, np.dtype[Any]]] = {
    1: np.dtype("<f4"),
    2: np.dtype("u1"),
    3: np.dtype("i1"),
    4: np.dtype("<u2"),
    5: np.dtype("<i2"),
    6: np.dtype("<i4"),
    7: np.dtype("<i8"),
    9: np.dtype("?"),
    10: np.dtype("<f2"),
    11: np.dtype("<f8"),
    12: np.dtype("<u4"),
    13: np.dtype("<u8"),
    16: np.dtype(ml_dtypes.bfloat16),
}
_FLOAT_DATA, _INT32_DATA, _INT64_DATA, _RAW, _DOUBLE_DATA, _UINT64_DATA = 4, 5, 7, 9, 10, 11
_MAX_LISTED = 1_000_000

_Lists: TypeAlias = dict[int, list["int | memoryview"]]


def dtype_of(code: int) -> np.dtype[Any] | None:
    """Return the numpy dtype of an ONNX element type; None for text and small floats."""
    return _DTYPES.get(code)


def read_graph(data: bytes | bytearray | memoryview, resolver: Resolver | None = None) -> Graph:
    """Return the computation in an ONNX file.

    Args:
        data: the file; kept alive by the weights, which share its memory.
        resolver: gives external data; without it a model that has any is refused.

    Raises:
        UnsupportedModel: not an ONNX model, damaged, or its operators are not in execution order.
    """
    opset, graphs, faults = 0, [], []
    for number, wire, value in read_fields(memoryview(data).cast("B")):
        if number == 7 and wire == BYTES:
            graphs.append(_view(value))
        elif number == 8 and wire == BYTES:
            domain, version = _opset(_view(value))
            opset = version if domain in ("", "ai.onnx") else opset
        elif number == 25:
            faults.append("The model defines functions of its own, which no rule judges.")
    if len(graphs) != 1:
        raise malformed(f"holds {len(graphs)} graphs instead of one")
    if opset < 1:
        raise malformed("does not name its version of the ONNX operators")
    return _read_graph(graphs[0], opset, resolver, faults[:1])


def _read_graph(
    data: memoryview, opset: int, resolver: Resolver | None, faults: list[str]
) -> Graph:
    fields = _collect(data)
    if len(fields.get(1, ())) > MAX_OPERATORS:
        raise malformed(f"holds more than {MAX_OPERATORS:,} operators")
    weights = [_weight(_view(item), resolver) for item in fields.get(5, ())]
    table = {weight.name: weight for weight in weights}
    if len(table) != len(weights):
        raise malformed("gives two weights the same name")
    if fields.get(15):
        faults = [*faults, "The model holds sparse weights, which no rule reads."]
    operators = tuple(
        _operator(_view(item), at, resolver) for at, item in enumerate(fields.get(1, ()))
    )
    inputs = tuple(_value_info(_view(item)) for item in fields.get(11, ()))
    inputs = tuple(value for value in inputs if value.name not in table)
    outputs = tuple(_value_info(_view(item)) for item in fields.get(12, ()))
    _check_order(inputs, outputs, operators, set(table))
    return Graph(opset, inputs, outputs, operators, table, tuple(faults))


def _check_order(
    inputs: tuple[ValueInfo, ...],
    outputs: tuple[ValueInfo, ...],
    operators: tuple[Operator, ...],
    known: set[str],
) -> None:
    for value in inputs:
        if value.name in known:
            raise malformed(f"defines the value {value.name[:80]!r} twice")
        known.add(value.name)
    for operator in operators:
        for name in operator.inputs:
            if name and name not in known:
                raise malformed(f"uses the value {name[:80]!r} before an operator gives it")
        for name in operator.outputs:
            if name and name in known:
                raise malformed(f"defines the value {name[:80]!r} twice")
            known.add(name)
    for value in outputs:
        if value.name not in known:
            raise malformed(f"promises an output {value.name[:80]!r} that no operator gives")


def _collect(data: memoryview) -> _Lists:
    fields: _Lists = {}
    for number, _, value in read_fields(data):
        fields.setdefault(number, []).append(value)
    return fields


def _view(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise malformed("holds a number where a message belongs")
    return value


def _number(value: int | memoryview) -> int:
    if not isinstance(value, int):
        raise malformed("holds a message where a number belongs")
    return signed(value)


def _text(value: int | memoryview) -> str:
    raw = _view(value)
    if len(raw) > MAX_NAME_BYTES:
        raise malformed(f"holds a name longer than {MAX_NAME_BYTES:,} bytes")
    try:
        return bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise malformed("holds a name that is not UTF-8") from None


def _last_text(fields: _Lists, number: int) -> str:
    values = fields.get(number)
    return _text(values[-1]) if values else ""


def _opset(data: memoryview) -> tuple[str, int]:
    fields = _collect(data)
    return _last_text(fields, 1), _number(fields.get(2, [0])[-1])


def _operator(data: memoryview, index: int, resolver: Resolver | None) -> Operator:
    fields = _collect(data)
    inputs = tuple(_text(item) for item in fields.get(1, ()))
    outputs = tuple(_text(item) for item in fields.get(2, ()))
    if len(inputs) > MAX_ARITY or not 1 <= len(outputs) <= MAX_ARITY:
        raise malformed(f"gives operator {index} no output, or too many values")
    attributes: dict[str, Attribute] = {}
    has_subgraph = False
    for item in fields.get(5, ()):
        name, value, is_graph = _attribute(_view(item), resolver)
        has_subgraph = has_subgraph or is_graph
        if name in attributes:
            raise malformed(f"gives operator {index} the attribute {name[:80]!r} twice")
        attributes[name] = value
    domain = _last_text(fields, 7)
    return Operator(
        index,
        _last_text(fields, 4),
        inputs,
        outputs,
        attributes,
        "" if domain == "ai.onnx" else domain,
        _last_text(fields, 3),
        has_subgraph,
    )


def _attribute(data: memoryview, resolver: Resolver | None) -> tuple[str, Attribute, bool]:
    fields = _collect(data)
    name = _last_text(fields, 1)
    if 6 in fields or 11 in fields:
        return name, None, True
    kind = _number(fields.get(20, [0])[-1]) or _guess_kind(fields)
    value: Attribute = None
    if kind == 1:
        value = _floats(fields.get(2, [memoryview(bytes(4))])[-1:])[0]
    elif kind == 2:
        value = _number(fields.get(3, [0])[-1])
    elif kind == 3:
        value = _last_text(fields, 4)
    elif kind == 4 and 5 in fields:
        value = _weight(_view(fields[5][-1]), resolver).load()
    elif kind == 6:
        value = _floats(fields.get(7, []))
    elif kind == 7:
        value = tuple(_ints(fields.get(8, [])))
    elif kind == 8:
        value = tuple(_text(item) for item in fields.get(9, ()))
    return name, value, False


def _guess_kind(fields: _Lists) -> int:
    """Files of IR version 1 do not name the kind; the field that is there does."""
    for number, kind in ((2, 1), (3, 2), (4, 3), (5, 4), (7, 6), (8, 7), (9, 8)):
        if number in fields:
            return kind
    return 0


def _ints(values: list[int | memoryview]) -> list[int]:
    result: list[int] = []
    for value in values:
        result.extend([signed(value)] if isinstance(value, int) else read_packed(value))
        if len(result) > _MAX_LISTED:
            raise malformed("lists too many numbers one by one")
    return result


def _floats(values: list[int | memoryview]) -> tuple[float, ...]:
    raw = b"".join(bytes(_view(value)) for value in values)
    if len(raw) % 4:
        raise malformed("cuts off a real number")
    return struct.unpack(f"<{len(raw) // 4}f", raw)


def _value_info(data: memoryview) -> ValueInfo:
    fields = _collect(data)
    name = _last_text(fields, 1)
    kinds = _collect(_view(fields[2][-1])) if 2 in fields else {}
    if 1 not in kinds:
        return ValueInfo(name, "unknown", None)
    tensor = _collect(_view(kinds[1][-1]))
    dtype = dtype_of(_number(tensor.get(1, [0])[-1]))
    shape = tuple(_dimensions(_view(tensor[2][-1]))) if 2 in tensor else None
    return ValueInfo(name, "unknown" if dtype is None else dtype.name, shape)


def _dimensions(data: memoryview) -> Iterator[int | str]:
    for number, wire, value in read_fields(data):
        if number == 1 and wire == BYTES:
            fields = _collect(_view(value))
            yield _number(fields[1][-1]) if 1 in fields else _last_text(fields, 2)


def _weight(data: memoryview, resolver: Resolver | None) -> Weight:
    fields = _collect(data)
    shape = tuple(_ints(fields.get(1, [])))
    name, code = _last_text(fields, 8), _number(fields.get(2, [0])[-1])
    dtype = dtype_of(code)
    if dtype is None or 3 in fields:
        raise malformed(f"holds a tensor {name[:80]!r} of element type {code}, which no rule reads")
    if len(shape) > MAX_RANK or any(dim < 0 for dim in shape):
        raise malformed(f"gives the tensor {name[:80]!r} an impossible shape")
    size = math.prod(shape) * dtype.itemsize
    if size > MAX_TENSOR_BYTES:
        raise malformed(f"holds a tensor {name[:80]!r} too large to read")
    raw = _tensor_bytes(fields, name, size, resolver)
    if raw is None:
        listed = _listed(fields, dtype, math.prod(shape)).reshape(shape)
        listed.flags.writeable = False
        return Weight(name, dtype, shape, lambda: listed)
    if len(raw) != size:
        raise malformed(f"gives the tensor {name[:80]!r} {len(raw)} bytes instead of {size}")
    return Weight(name, dtype, shape, lambda: _from_raw(raw, dtype, shape))


def _from_raw(raw: memoryview, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    array: Array = np.frombuffer(raw, dtype=np.uint8).view(dtype).reshape(shape)
    array.flags.writeable = False
    return array


def _tensor_bytes(
    fields: _Lists, name: str, size: int, resolver: Resolver | None
) -> memoryview | None:
    """Return the raw data of a tensor, or None if it is listed number by number."""
    if _number(fields.get(14, [0])[-1]) == 1:
        entries = {_last_text(e, 1): _last_text(e, 2) for e in map(_entry, fields.get(13, ()))}
        if resolver is None:
            raise malformed(f"keeps the tensor {name[:80]!r} in another file that was not given")
        try:
            offset = int(entries.get("offset", "0"))
            length = int(entries["length"]) if "length" in entries else size
        except ValueError:
            raise malformed(f"places the tensor {name[:80]!r} nowhere") from None
        if offset < 0 or length != size:
            raise malformed(f"gives the tensor {name[:80]!r} {length} bytes instead of {size}")
        return memoryview(resolver(entries.get("location", ""), offset, length)).cast("B")
    if _RAW in fields:
        return _view(fields[_RAW][-1])
    return None


def _entry(value: int | memoryview) -> _Lists:
    return _collect(_view(value))


def _listed(fields: _Lists, dtype: np.dtype[Any], count: int) -> Array:
    """Return the flat tensor of the typed fields; 16-bit floats are stored as their bits."""
    if dtype.name == "float32":
        raw = b"".join(bytes(_view(value)) for value in fields.get(_FLOAT_DATA, ()))
        values = np.frombuffer(raw[: len(raw) // 4 * 4], dtype="<f4")
    elif dtype.name == "float64":
        raw = b"".join(bytes(_view(value)) for value in fields.get(_DOUBLE_DATA, ()))
        values = np.frombuffer(raw[: len(raw) // 8 * 8], dtype="<f8")
    else:
        number = _INT32_DATA
        if dtype.name == "int64":
            number = _INT64_DATA
        elif dtype.name in ("uint32", "uint64"):
            number = _UINT64_DATA
        values = _narrow(_ints(fields.get(number, [])), dtype)
    if values.size != count:
        raise malformed(f"lists {values.size} numbers for a tensor of {count}")
    return values.copy()


def _narrow(numbers: list[int], dtype: np.dtype[Any]) -> Array:
    if dtype.name in ("float16", "bfloat16"):
        if any(not 0 <= number < 1 << 16 for number in numbers):
            raise malformed("lists a 16-bit real number of more bits")
        return np.array(numbers, dtype="<u2").view(dtype)
    if dtype.name == "uint64":
        numbers = [number % (1 << 64) for number in numbers]
    try:
        return np.array(numbers, dtype=dtype)
    except OverflowError:
        raise malformed("lists a number that its type cannot hold") from None
