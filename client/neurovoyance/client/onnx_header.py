"""Reads what an ONNX file says about itself: inputs, outputs, opset; without an ONNX engine.

Place: stage 1, for the manifest of a model that is published. A strict reader of the few protobuf
fields that matter; weights are skipped, so a file of gigabytes costs a few page reads. Never:
loading or checking the model's operators; a provider's runtime does that in a confined process.

Field numbers: ``onnx.proto`` of the ONNX specification, IR versions 3 to 13.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from neurovoyance.protocol.errors import UnsupportedModel
from neurovoyance.protocol.manifest import TensorSpec

Buffer: TypeAlias = bytes | mmap.mmap
Span: TypeAlias = tuple[int, int]
"""Where a field's content lies: start and end offset in bytes."""

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
MAX_NAMES: Final = 100_000
MAX_TENSORS: Final = 256
MAX_DIMS: Final = 16
DEFAULT_DOMAINS: Final = ("", "ai.onnx")

_DTYPES: Final = {
    1: "float32",
    2: "uint8",
    6: "int32",
    7: "int64",
    9: "bool",
    10: "float16",
    16: "bfloat16",
}


@dataclass(frozen=True, slots=True)
class OnnxHeader:
    """What the file declares.

    Attributes:
        ir_version: version of the file format.
        opset: version of the default operator set.
        inputs: graph inputs that are not weights, in order.
        outputs: graph outputs, in order.
        external_files: relative paths of files that hold weights.
    """

    ir_version: int
    opset: int
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    external_files: tuple[str, ...] = ()


def read_onnx_header(path: Path) -> OnnxHeader:
    """Return the header of an ONNX file.

    Raises:
        UnsupportedModel: not an ONNX model, damaged, or of dtypes that no manifest can state.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            raise _refused("is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return parse_onnx_header(data)


def parse_onnx_header(data: Buffer) -> OnnxHeader:
    """Return the header of an ONNX model in memory; see :func:`read_onnx_header`."""
    ir_version = 0
    opsets: list[int] = []
    graph: Span | None = None
    for number, wire, value in _fields(data, (0, len(data))):
        if number == 1:
            ir_version = _integer(wire, value)
        elif number == 7:
            if graph is not None:
                raise _refused("holds two graphs")
            graph = _span(wire, value)
        elif number == 8:
            domain, version = _opset(data, _span(wire, value))
            if domain in DEFAULT_DOMAINS:
                opsets.append(version)
    if graph is None:
        raise _refused("holds no graph")
    if not ir_version:
        raise _refused("does not state its format version")
    if len(set(opsets)) != 1:
        raise _refused("does not state exactly one version of the default operator set")
    inputs, outputs, external = _graph(data, graph)
    return OnnxHeader(ir_version, opsets[0], inputs, outputs, external)


def _graph(
    data: Buffer, span: Span
) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...], tuple[str, ...]]:
    inputs: list[TensorSpec | None] = []
    names: list[str] = []
    outputs: list[TensorSpec | None] = []
    weights: set[str] = set()
    external: dict[str, None] = {}
    for number, wire, value in _fields(data, span):
        if number == 5:
            name, location = _weight(data, _span(wire, value))
            weights.add(name)
            if location:
                external[location] = None
            if len(weights) > MAX_NAMES:
                raise _refused(f"holds more than {MAX_NAMES:,} weights")
        elif number == 11:
            name, tensor = _value_info(data, _span(wire, value))
            names.append(name)
            inputs.append(tensor)
            if len(names) > MAX_NAMES:
                raise _refused(f"declares more than {MAX_NAMES:,} inputs")
        elif number == 12:
            name, tensor = _value_info(data, _span(wire, value))
            outputs.append(_stated(name, tensor))
            if len(outputs) > MAX_TENSORS:
                raise _refused(f"declares more than {MAX_TENSORS} outputs")
    # Files of IR version 3 list the weights among the inputs.
    wanted = [
        _stated(name, tensor)
        for name, tensor in zip(names, inputs, strict=True)
        if name not in weights
    ]
    if not wanted or not outputs:
        raise _refused("declares no input or no output")
    if len(wanted) > MAX_TENSORS:
        raise _refused(f"declares more than {MAX_TENSORS} inputs")
    return tuple(wanted), tuple(item for item in outputs if item), tuple(external)


def _stated(name: str, tensor: TensorSpec | None) -> TensorSpec:
    if tensor is None:
        raise _refused(
            f"has an input or output {name[:80]!r} of a kind that a job cannot carry",
            hint="Supported are tensors of float32, float16, bfloat16, int32, int64, uint8, bool.",
        )
    return tensor


def _opset(data: Buffer, span: Span) -> tuple[str, int]:
    domain, version = "", 0
    for number, wire, value in _fields(data, span):
        if number == 1:
            domain = _text(data, _span(wire, value))
        elif number == 2:
            version = _integer(wire, value)
    return domain, version


def _weight(data: Buffer, span: Span) -> tuple[str, str]:
    name, location, is_external = "", "", False
    for number, wire, value in _fields(data, span):
        if number == 8:
            name = _text(data, _span(wire, value))
        elif number == 13:
            key, text = _entry(data, _span(wire, value))
            if key == "location":
                location = text
        elif number == 14:
            is_external = _integer(wire, value) == 1
    return name, location if is_external else ""


def _entry(data: Buffer, span: Span) -> tuple[str, str]:
    key, text = "", ""
    for number, wire, value in _fields(data, span):
        if number == 1:
            key = _text(data, _span(wire, value))
        elif number == 2:
            text = _text(data, _span(wire, value))
    return key, text


def _value_info(data: Buffer, span: Span) -> tuple[str, TensorSpec | None]:
    name, kind = "", None
    for number, wire, value in _fields(data, span):
        if number == 1:
            name = _text(data, _span(wire, value))
        elif number == 2:
            kind = _span(wire, value)
    if not 1 <= len(name) <= 512:
        raise _refused("has an input or output without a usable name")
    tensor = _only(data, kind, 1) if kind else None
    return name, _tensor(data, name, tensor) if tensor else None


def _tensor(data: Buffer, name: str, span: Span) -> TensorSpec | None:
    code, shape = 0, None
    for number, wire, value in _fields(data, span):
        if number == 1:
            code = _integer(wire, value)
        elif number == 2:
            shape = _span(wire, value)
    if code not in _DTYPES or shape is None:
        return None
    dims = [
        _dimension(data, _span(wire, value), at)
        for at, (number, wire, value) in enumerate(_fields(data, shape))
        if number == 1
    ]
    if len(dims) > MAX_DIMS:
        return None
    return TensorSpec(name=name, dtype=_DTYPES[code], shape=dims)


def _dimension(data: Buffer, span: Span, at: int) -> str:
    found = ""
    for number, wire, value in _fields(data, span):
        if number == 1:
            size = _integer(wire, value)
            if size >= 2**63:
                raise _refused("states a negative dimension")
            found = str(size)
        elif number == 2:
            found = _text(data, _span(wire, value))[:128]
    return found or f"dim_{at}"


def _only(data: Buffer, span: Span, wanted: int) -> Span | None:
    found = None
    for number, wire, value in _fields(data, span):
        if number == wanted:
            if found is not None:
                raise _refused("states one type twice")
            found = _span(wire, value)
    return found


def _fields(data: Buffer, span: Span) -> Iterator[tuple[int, int, int | Span]]:
    """Yield field number, wire type and value; a length-delimited value is its span."""
    at, end = span
    while at < end:
        key, at = _varint(data, at, end)
        number, wire = key >> 3, key & 7
        if number == 0:
            raise _refused("is not an ONNX model or is damaged")
        if wire == VARINT:
            integer, at = _varint(data, at, end)
            yield number, wire, integer
            continue
        if wire == LENGTH:
            size, at = _varint(data, at, end)
        elif wire in (FIXED32, FIXED64):
            size = 4 if wire == FIXED32 else 8
        else:
            raise _refused("is not an ONNX model or is damaged")
        if size > end - at:
            raise _refused("ends in the middle of a field")
        yield number, wire, (at, at + size)
        at += size


def _varint(data: Buffer, at: int, end: int) -> tuple[int, int]:
    value, shift = 0, 0
    while at < end and shift < 70:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            if value >= 2**64:
                break
            return value, at
    raise _refused("is not an ONNX model or is damaged")


def _integer(wire: int, value: int | Span) -> int:
    if wire != VARINT or not isinstance(value, int):
        raise _refused("is not an ONNX model or is damaged")
    return value


def _span(wire: int, value: int | Span) -> Span:
    if wire != LENGTH or isinstance(value, int):
        raise _refused("is not an ONNX model or is damaged")
    return value


def _text(data: Buffer, span: Span) -> str:
    if span[1] - span[0] > 4_096:
        raise _refused("holds a name longer than 4,096 bytes")
    try:
        return bytes(data[span[0] : span[1]]).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused("holds a name that is not text") from error


def _refused(problem: str, *, hint: str = "") -> UnsupportedModel:
    return UnsupportedModel(
        f"The model file {problem}; nothing was published.",
        hint=hint or "Export the model again and check it with the onnx package's checker.",
    )
