"""Index the graph of a checked ONNX model, and derive other models from its bytes.

Place: in the child, after ``model_check`` and before ``session``. Three edits: show intermediate
values as outputs, cut out one operator with its weights, round the weights. A *row* is one output
of one operator, counted in graph order: nodes in file order, outputs in node order, omitted
optional outputs skipped. Never: edit a file, or a model that ``model_check`` has not passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from neurovoyance.node.runtime.config import Weights
from neurovoyance.node.runtime.model_check import MAX_MODEL_BYTES
from neurovoyance.node.runtime.protobuf import (
    WireType,
    read_fields,
    read_varint,
    write_bytes,
    write_field,
    write_number,
)
from neurovoyance.node.runtime.weights import Floats, channel_axes, is_rounded, round_weights
from neurovoyance.protocol.errors import InputMismatch, SpecError, UnsupportedModel

# Field numbers of onnx.proto.
_MODEL_IR, _MODEL_GRAPH, _MODEL_OPSET, _MODEL_FUNCTION = 1, 7, 8, 25
_GRAPH_NODE, _GRAPH_NAME, _GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT = 1, 2, 5, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_OP, _NODE_ATTRIBUTE, _NODE_DOMAIN = 1, 2, 4, 5, 7
_ATTR_NAME, _ATTR_INT, _ATTR_TENSOR, _ATTR_GRAPH, _ATTR_GRAPHS = 1, 3, 5, 6, 11
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_FLOATS, _TENSOR_NAME, _TENSOR_RAW = 1, 2, 4, 8, 9
_TENSOR_EXTERNAL, _TENSOR_LOCATION = 13, 14
_VALUE_NAME, _VALUE_TYPE = 1, 2
_FLOAT32: Final = 1
ELEMENT_TYPES: Final = {
    "fp32": 1, "uint8": 2, "int32": 6, "int64": 7, "bool": 9, "fp16": 10, "bf16": 16,
}  # fmt: skip
"""Canonical dtype name -> number in ``TensorProto.DataType``."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operator of the main graph; the views share the memory of the model."""

    op_type: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: tuple[memoryview, ...]
    message: memoryview

    @property
    def is_constant(self) -> bool:
        """Tell whether it is a Constant, which the engine turns into an initializer."""
        return self.op_type == "Constant" and self.domain in ("", "ai.onnx")


@dataclass(frozen=True, slots=True)
class Row:
    """One operator output: its index, the operator's index, the value's name."""

    index: int
    node: int
    name: str


@dataclass(slots=True)
class Graph:
    """The main graph of a model and what is needed to derive models from it."""

    model: memoryview
    message: memoryview = field(default_factory=lambda: memoryview(b""))
    head: list[bytes] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    initializers: dict[str, memoryview] = field(default_factory=dict)
    inputs: dict[str, memoryview] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)

    def rows(self) -> list[Row]:
        """Return every operator output in graph order."""
        named = [(at, name) for at, node in enumerate(self.nodes) for name in node.outputs if name]
        return [Row(index, at, name) for index, (at, name) in enumerate(named)]


def read_graph(model: bytes | memoryview) -> Graph:
    """Index a model that ``check_model`` has passed.

    Raises:
        ProtobufError: it is malformed after all.
    """
    graph = Graph(memoryview(model))
    for number, wire, value in read_fields(graph.model):
        if number == _MODEL_GRAPH and isinstance(value, memoryview):
            graph.message = value
        elif number in (_MODEL_IR, _MODEL_OPSET, _MODEL_FUNCTION):
            graph.head.append(write_field(number, wire, value))
    for number, _, value in read_fields(graph.message):
        if not isinstance(value, memoryview):
            continue
        if number == _GRAPH_NODE:
            graph.nodes.append(_read_node(value))
        elif number == _GRAPH_INITIALIZER:
            graph.initializers[_text(value, _TENSOR_NAME)] = value
        elif number == _GRAPH_INPUT:
            graph.inputs[_text(value, _VALUE_NAME)] = value
        elif number == _GRAPH_OUTPUT:
            graph.outputs.append(_text(value, _VALUE_NAME))
    return graph


def expose(model: bytes | memoryview, graph: Graph, names: Iterable[str]) -> bytes:
    """Return the model with operator outputs of its main graph added to its outputs.

    A protobuf message may come in pieces, which add up: the outputs go behind the whole model.

    Raises:
        SpecError: a name is no operator output of the main graph; nothing was made.
    """
    known = {row.name for row in graph.rows()}
    extra = [name for name in names if name not in graph.outputs]
    if unknown := sorted(set(extra) - known):
        raise SpecError(
            f"The model has no output and no operator output named {unknown[:8]}; nothing was run.",
            hint=f"Its outputs are {graph.outputs[:20]}; inputs and weights cannot be outputs.",
        )
    values = (write_bytes(_GRAPH_OUTPUT, _write_text(_VALUE_NAME, name)) for name in extra)
    return _bounded([model, write_bytes(_MODEL_GRAPH, b"".join(values))])


def single_operator(
    graph: Graph, row: int, given: Mapping[str, tuple[str, tuple[int, ...]]]
) -> tuple[bytes, list[str]]:
    """Return a model of the one operator that makes ``row``, and the names of its outputs.

    Weights stay what they are in the model: initializers, or Constants, which the engine treats
    alike. It computes some operators differently when a weight is an input.

    Args:
        graph: of the model.
        row: which operator output.
        given: canonical dtype name and shape of each other input.

    Raises:
        SpecError: there is no such row.
        UnsupportedModel: the operator holds a graph of its own.
        InputMismatch: ``given`` is not what the operator takes.
    """
    rows = graph.rows()
    if not 0 <= row < len(rows):
        raise SpecError(f"The model has {len(rows)} rows, and none is number {row}.")
    node = graph.nodes[rows[row].node]
    if any(n in (_ATTR_GRAPH, _ATTR_GRAPHS) for a in node.attributes for n, _, _ in read_fields(a)):
        raise UnsupportedModel(f"The operator {node.op_type!r} holds a graph; it was not run.")
    constants = {
        name: other for other in graph.nodes if other.is_constant for name in other.outputs
    }
    parts = [_write_text(_GRAPH_NAME, "operator")]
    wanted: list[str] = []
    for name in dict.fromkeys(name for name in node.inputs if name):
        if name in graph.initializers:
            parts.append(write_bytes(_GRAPH_INITIALIZER, graph.initializers[name]))
            if name in graph.inputs:  # a default that a caller may replace, hence no constant
                parts.append(write_bytes(_GRAPH_INPUT, graph.inputs[name]))
        elif name in constants:
            parts.append(write_bytes(_GRAPH_NODE, constants[name].message))
        else:
            wanted.append(name)
    _check_given(node, wanted, given)
    parts += [write_bytes(_GRAPH_INPUT, _value(name, *given[name])) for name in wanted]
    parts.append(write_bytes(_GRAPH_NODE, node.message))
    outputs = [name for name in node.outputs if name]
    parts += [write_bytes(_GRAPH_OUTPUT, _write_text(_VALUE_NAME, name)) for name in outputs]
    return _bounded([*graph.head, write_bytes(_MODEL_GRAPH, b"".join(parts))]), outputs


def round_model(graph: Graph, weights: Weights, folder: Path) -> bytes:
    """Return the model with its float32 weights rounded, all of them inside the model.

    Args:
        graph: of the model.
        weights: the precision.
        folder: where weight files lie.

    Raises:
        UnsupportedModel: the result is too large for one message.
    """
    axes = _weight_axes(graph)
    parts: list[bytes | memoryview] = []
    for number, wire, value in read_fields(graph.message):
        if number == _GRAPH_INITIALIZER and isinstance(value, memoryview):
            value = _rounded(value, weights, axes.get(_text(value, _TENSOR_NAME), (0,)), folder)
        elif number == _GRAPH_NODE and isinstance(value, memoryview):
            value = _rounded_constant(value, weights, axes, folder)
        parts.append(write_field(number, wire, value))
    body = b"".join(parts)
    model = [
        write_bytes(number, body) if number == _MODEL_GRAPH else write_field(number, wire, value)
        for number, wire, value in read_fields(graph.model)
    ]
    return _bounded(model)


def _read_node(message: memoryview) -> Node:
    texts: dict[int, list[str]] = {
        n: [] for n in (_NODE_INPUT, _NODE_OUTPUT, _NODE_OP, _NODE_DOMAIN)
    }
    attributes = []
    for number, _, value in read_fields(message):
        if number in texts and isinstance(value, memoryview):
            texts[number].append(bytes(value).decode())
        elif number == _NODE_ATTRIBUTE and isinstance(value, memoryview):
            attributes.append(value)
    return Node(
        "".join(texts[_NODE_OP][-1:]),
        "".join(texts[_NODE_DOMAIN][-1:]),
        tuple(texts[_NODE_INPUT]),
        tuple(texts[_NODE_OUTPUT]),
        tuple(attributes),
        message,
    )


def _check_given(
    node: Node, wanted: Sequence[str], given: Mapping[str, tuple[str, tuple[int, ...]]]
) -> None:
    if set(wanted) != set(given):
        raise InputMismatch(
            f"The operator {node.op_type!r} takes {sorted(wanted)} besides its weights and was "
            f"given {sorted(given)}. Nothing was run.",
            wanted=sorted(wanted),
            given=sorted(given),
        )


def _value(name: str, dtype: str, shape: Sequence[int]) -> bytes:
    """Return a ``ValueInfoProto`` of a tensor."""
    sizes = b"".join(write_bytes(1, write_number(1, size)) for size in shape)
    tensor = write_number(1, ELEMENT_TYPES[dtype]) + write_bytes(2, sizes)
    return _write_text(_VALUE_NAME, name) + write_bytes(_VALUE_TYPE, write_bytes(1, tensor))


def _weight_axes(graph: Graph) -> dict[str, tuple[int, ...]]:
    """Return the output-channel axes of each value by the first operator that takes it."""
    ranks = {name: len(_dims(tensor)) for name, tensor in graph.initializers.items()}
    for node in graph.nodes:
        for tensor in _constant_tensors(node):
            ranks.update(dict.fromkeys(node.outputs, len(_dims(tensor))))
    axes: dict[str, tuple[int, ...]] = {}
    for node in graph.nodes:
        for position, name in enumerate(node.inputs):
            if name in ranks and name not in axes:
                found = channel_axes(
                    node.op_type, position, ranks[name], transposed=_int(node, "transB") == 1
                )
                axes[name] = found if max(found) < ranks[name] else (0,)
    return axes


def _rounded_constant(
    message: memoryview, weights: Weights, axes: Mapping[str, tuple[int, ...]], folder: Path
) -> memoryview:
    node = _read_node(message)
    if not node.is_constant:
        return message
    fields = []
    for number, wire, value in read_fields(message):
        if number == _NODE_ATTRIBUTE and isinstance(value, memoryview):
            inner = []
            for label, kind, part in read_fields(value):
                if label == _ATTR_TENSOR and isinstance(part, memoryview):
                    part = _rounded(part, weights, axes.get(node.outputs[0], (0,)), folder)
                inner.append(write_field(label, kind, part))
            value = memoryview(b"".join(inner))
        fields.append(write_field(number, wire, value))
    return memoryview(b"".join(fields))


def _constant_tensors(node: Node) -> list[memoryview]:
    if not node.is_constant:
        return []
    return [
        value
        for attribute in node.attributes
        for number, _, value in read_fields(attribute)
        if number == _ATTR_TENSOR and isinstance(value, memoryview)
    ]


def _rounded(
    tensor: memoryview, weights: Weights, axes: tuple[int, ...], folder: Path
) -> memoryview:
    """Return a ``TensorProto`` with rounded data, or the same one if it is not float32."""
    shape = tuple(_dims(tensor))
    kind = [value for number, _, value in read_fields(tensor) if number == _TENSOR_TYPE]
    if kind[-1:] != [_FLOAT32] or not is_rounded(shape, weights):
        return tensor
    array = _floats(tensor, folder).reshape(shape)
    fields = [write_number(_TENSOR_DIMS, size) for size in shape]
    fields.append(write_number(_TENSOR_TYPE, _FLOAT32))
    fields.append(_write_text(_TENSOR_NAME, _text(tensor, _TENSOR_NAME)))
    data = round_weights(array, weights, axes).astype("<f4").tobytes()
    fields.append(write_bytes(_TENSOR_RAW, data))
    return memoryview(b"".join(fields))


def _floats(tensor: memoryview, folder: Path) -> Floats:
    """Return the float32 elements of a ``TensorProto``, wherever they are kept."""
    entries: dict[str, str] = {}
    pieces: list[bytes] = []
    for number, _, value in read_fields(tensor):
        if not isinstance(value, memoryview):
            continue
        if number in (_TENSOR_RAW, _TENSOR_FLOATS):
            pieces.append(bytes(value))
        elif number == _TENSOR_EXTERNAL:
            entries[_text(value, 1)] = _text(value, 2)
    if entries:
        with (folder / entries["location"]).open("rb") as file:
            file.seek(int(entries.get("offset", "0")))
            pieces = [file.read(4 * int(np.prod(_dims(tensor))))]
    return np.frombuffer(b"".join(pieces), dtype="<f4")


def _dims(tensor: memoryview) -> list[int]:
    sizes: list[int] = []
    for number, _, value in read_fields(tensor):
        if number != _TENSOR_DIMS:
            continue
        if isinstance(value, int):
            sizes.append(value)
            continue
        at = 0
        while at < len(value):
            size, at = read_varint(value, at)
            sizes.append(size)
    return sizes


def _int(node: Node, name: str) -> int:
    for attribute in node.attributes:
        if _text(attribute, _ATTR_NAME) == name:
            for number, _, value in read_fields(attribute):
                if number == _ATTR_INT and isinstance(value, int):
                    return value
    return 0


def _text(message: memoryview, wanted: int) -> str:
    """Return the last text field of that number; empty if there is none."""
    found = ""
    for number, wire, value in read_fields(message):
        if number == wanted and wire is WireType.BYTES and isinstance(value, memoryview):
            found = bytes(value).decode()
    return found


def _write_text(number: int, text: str) -> bytes:
    return write_bytes(number, text.encode())


def _bounded(parts: Sequence[bytes | memoryview]) -> bytes:
    if sum(len(part) for part in parts) > MAX_MODEL_BYTES:
        raise UnsupportedModel("The derived model would be too large for one message.")
    return b"".join(parts)
