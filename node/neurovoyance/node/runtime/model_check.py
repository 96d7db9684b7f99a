"""Refuse an ONNX model that is malformed or reaches outside itself, before an engine sees it.

Place: in the child process, under its limits, ahead of ``session``. The file is walked with a
table of every message and field that an ONNX model may hold; what the table lacks is refused, so
a field that a newer engine gives a dangerous meaning is refused until someone has looked at it.
Source of the table: ``onnx.proto``, IR version 13. Never: load the model, follow a link, or read
a tensor's data.
"""

from __future__ import annotations

import mmap
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeAlias

from neurovoyance.node.runtime.protobuf import ProtobufError, WireType, read_fields
from neurovoyance.protocol.errors import UnsupportedModel

MODEL_FILE: Final = "model.onnx"
"""Name of the graph in a model directory."""

MAX_MODEL_BYTES: Final = 2**31 - 1
"""Largest protobuf message; larger weights belong in external data."""

MAX_DEPTH: Final = 64
"""Nesting of messages; a subgraph takes three levels."""

BUILT_IN_DOMAINS: Final = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})

REFUSED_OPERATORS: Final = frozenset({"EPContext"})
"""Carries a compiled binary, or the path of one, for a device driver to load."""

DRAWING_OPERATORS: Final = frozenset(
    {
        "Bernoulli",
        "Dropout",
        "BiasDropout",
        "BitmaskDropout",
        "BitmaskBiasDropout",
        "Multinomial",
        "RandomNormal",
        "RandomNormalLike",
        "RandomUniform",
        "RandomUniformLike",
        "Sampling",
    }
)
"""Hold a random generator that goes on from run to run: a second run gives other bytes."""

_INT, _BYTES, _F32 = "int", "bytes", "float32"
_INTS, _F32S, _F64S = "ints", "float32s", "float64s"
_REFUSED: Final = "refused"
_WIRE: Final = {
    _INT: {WireType.VARINT},
    _BYTES: {WireType.BYTES},
    _F32: {WireType.FIXED32},
    _INTS: {WireType.VARINT, WireType.BYTES},
    _F32S: {WireType.FIXED32, WireType.BYTES},
    _F64S: {WireType.FIXED64, WireType.BYTES},
}

_Table: TypeAlias = dict[int, tuple[str, str]]
# fmt: off
_MESSAGES: Final[dict[str, _Table]] = {
    "Model": {
        1: ("ir_version", _INT), 2: ("producer_name", _BYTES), 3: ("producer_version", _BYTES),
        4: ("domain", _BYTES), 5: ("model_version", _INT), 6: ("doc_string", _BYTES),
        7: ("graph", "Graph"), 8: ("opset_import", "Opset"), 14: ("metadata_props", "Entry"),
        20: ("training_info", _REFUSED), 25: ("functions", "Function"),
        26: ("configuration", _REFUSED),
    },
    "Opset": {1: ("domain", _BYTES), 2: ("version", _INT)},
    "Entry": {1: ("key", _BYTES), 2: ("value", _BYTES)},
    "Graph": {
        1: ("node", "Node"), 2: ("name", _BYTES), 5: ("initializer", "Tensor"),
        10: ("doc_string", _BYTES), 11: ("input", "Value"), 12: ("output", "Value"),
        13: ("value_info", "Value"), 14: ("quantization_annotation", "Annotation"),
        15: ("sparse_initializer", "Sparse"), 16: ("metadata_props", "Entry"),
    },
    "Annotation": {1: ("tensor_name", _BYTES), 2: ("parameters", "Entry")},
    "Node": {
        1: ("input", _BYTES), 2: ("output", _BYTES), 3: ("name", _BYTES), 4: ("op_type", _BYTES),
        5: ("attribute", "Attribute"), 6: ("doc_string", _BYTES), 7: ("domain", _BYTES),
        8: ("overload", _BYTES), 9: ("metadata_props", "Entry"),
        10: ("device_configurations", _REFUSED),
    },
    "Function": {
        1: ("name", _BYTES), 4: ("input", _BYTES), 5: ("output", _BYTES), 6: ("attribute", _BYTES),
        7: ("node", "Node"), 8: ("doc_string", _BYTES), 9: ("opset_import", "Opset"),
        10: ("domain", _BYTES), 11: ("attribute_proto", "Attribute"), 12: ("value_info", "Value"),
        13: ("overload", _BYTES), 14: ("metadata_props", "Entry"),
    },
    "Attribute": {
        1: ("name", _BYTES), 2: ("f", _F32), 3: ("i", _INT), 4: ("s", _BYTES), 5: ("t", "Tensor"),
        6: ("g", "Graph"), 7: ("floats", _F32S), 8: ("ints", _INTS), 9: ("strings", _BYTES),
        10: ("tensors", "Tensor"), 11: ("graphs", "Graph"), 13: ("doc_string", _BYTES),
        14: ("tp", "Type"), 15: ("type_protos", "Type"), 20: ("type", _INT),
        21: ("ref_attr_name", _BYTES), 22: ("sparse_tensor", "Sparse"),
        23: ("sparse_tensors", "Sparse"),
    },
    "Tensor": {
        1: ("dims", _INTS), 2: ("data_type", _INT), 3: ("segment", _REFUSED),
        4: ("float_data", _F32S), 5: ("int32_data", _INTS), 6: ("string_data", _BYTES),
        7: ("int64_data", _INTS), 8: ("name", _BYTES), 9: ("raw_data", _BYTES),
        10: ("double_data", _F64S), 11: ("uint64_data", _INTS), 12: ("doc_string", _BYTES),
        13: ("external_data", "Entry"), 14: ("data_location", _INT),
        16: ("metadata_props", "Entry"),
    },
    "Sparse": {1: ("values", "Tensor"), 2: ("indices", "Tensor"), 3: ("dims", _INTS)},
    "Value": {
        1: ("name", _BYTES), 2: ("type", "Type"), 3: ("doc_string", _BYTES),
        4: ("metadata_props", "Entry"),
    },
    "Type": {
        1: ("tensor_type", "TypeTensor"), 4: ("sequence_type", "TypeOf"), 5: ("map_type", "Map"),
        6: ("denotation", _BYTES), 7: ("opaque_type", _REFUSED), 8: ("sparse_type", "TypeTensor"),
        9: ("optional_type", "TypeOf"),
    },
    "TypeTensor": {1: ("elem_type", _INT), 2: ("shape", "Shape")},
    "TypeOf": {1: ("elem_type", "Type")},
    "Map": {1: ("key_type", _INT), 2: ("value_type", "Type")},
    "Shape": {1: ("dim", "Dimension")},
    "Dimension": {1: ("dim_value", _INT), 2: ("dim_param", _BYTES), 3: ("denotation", _BYTES)},
}
# fmt: on
# Fields whose values a check below reads; all others are only walked past.
_KEPT: Final = {
    "Model": {"ir_version", "graph"},
    "Opset": {"domain", "version"},
    "Entry": {"key", "value"},
    "Node": {"op_type", "domain"},
    "Function": {"name", "domain"},
    "Tensor": {"external_data", "data_location"},
}


@dataclass(slots=True)
class ModelFacts:
    """What the walk found: opset version per domain, node count, sizes in bytes.

    Attributes:
        draws: a second run in the same session could differ from the first.
    """

    graph_path: Path
    opsets: dict[str, int] = field(default_factory=dict)
    node_count: int = 0
    model_bytes: int = 0
    external: dict[Path, int] = field(default_factory=dict)
    draws: bool = False


def check_model(path: Path) -> ModelFacts:
    """Walk a model file, or ``model.onnx`` of a directory, and return what it holds.

    Raises:
        UnsupportedModel: no ONNX model, damaged, or reaching outside its directory.
    """
    is_directory = path.is_dir()
    graph_path = path / MODEL_FILE if is_directory else path
    facts = ModelFacts(graph_path)
    walk = _Walk(facts, path if is_directory else None)
    data = _map_file(graph_path)
    facts.model_bytes = len(data)
    try:
        walk.model(data)
    except (ProtobufError, UnicodeDecodeError) as error:
        what = (
            error.problem if isinstance(error, ProtobufError) else "holds a name that is not UTF-8"
        )
        raise UnsupportedModel(
            f"The model file {what}; it was not loaded.",
            hint="The file is damaged or is not an ONNX model; fetch or export it again.",
        ) from error
    return facts


def _map_file(path: Path) -> memoryview:
    """Map a regular file; it is unmapped when the last view of it is gone."""
    try:
        # O_NONBLOCK: a pipe in place of the file is refused below instead of waited for.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise _refused(f"The model file cannot be opened ({error.strerror}).") from error
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or not 0 < found.st_size <= MAX_MODEL_BYTES:
            raise _refused(
                f"The model is not a regular file of 1 to {MAX_MODEL_BYTES} bytes.",
                size_bytes=found.st_size,
            )
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


class _Walk:
    """One pass over a model; collects nodes and functions, checks tensors on the way."""

    def __init__(self, facts: ModelFacts, directory: Path | None) -> None:
        self.facts = facts
        self.directory = directory
        self.used: set[tuple[str, str]] = set()
        self.functions: set[tuple[str, str]] = set()

    def model(self, data: memoryview) -> None:
        """Check a whole ModelProto."""
        values = self._message("Model", data, 0)
        if len(values["graph"]) != 1 or not values["ir_version"] or not self.facts.opsets:
            raise ProtobufError("lacks a graph, a version or an operator set")
        self.facts.draws = any(op_type in DRAWING_OPERATORS for _, op_type in self.used)
        for domain, op_type in sorted(self.used - self.functions):
            if domain not in BUILT_IN_DOMAINS or op_type in REFUSED_OPERATORS:
                raise _refused(
                    f"The model uses the operator {op_type!r} of domain {domain!r}, which is not "
                    "built into the engine.",
                    operator=op_type[:200],
                    domain=domain[:200],
                )

    def _message(self, name: str, data: memoryview, depth: int) -> dict[str, list[Any]]:
        if depth > MAX_DEPTH:
            raise ProtobufError(f"nests deeper than {MAX_DEPTH} levels")
        table, kept = _MESSAGES[name], _KEPT.get(name, set())
        values: dict[str, list[Any]] = {label: [] for label in kept}
        for number, wire, value in read_fields(data):
            if number not in table:
                raise ProtobufError(f"has an unknown field {number} in a {name}")
            label, kind = table[number]
            if kind == _REFUSED:
                raise _refused(f"The model carries {label}, which is not accepted.", field=label)
            if wire not in _WIRE.get(kind, _WIRE[_BYTES]):
                raise ProtobufError(f"stores {label} of a {name} in the wrong way")
            found: Any = value
            if kind in _MESSAGES and isinstance(value, memoryview):
                found = self._message(kind, value, depth + 1)
            if label in kept:
                values[label].append(found)
        self._check(name, values)
        return values

    def _check(self, name: str, values: dict[str, list[Any]]) -> None:
        if name == "Node":
            self.facts.node_count += 1
            self.used.add((_text(values["domain"]), _text(values["op_type"])))
        elif name == "Function":
            self.functions.add((_text(values["domain"]), _text(values["name"])))
        elif name == "Opset":
            version = values["version"][-1] if values["version"] else 0
            self.facts.opsets[_text(values["domain"]) or "ai.onnx"] = version
        elif name == "Tensor":
            self._check_tensor(values)

    def _check_tensor(self, values: dict[str, list[Any]]) -> None:
        location = values["data_location"][-1] if values["data_location"] else 0
        if location not in (0, 1) or bool(values["external_data"]) != (location == 1):
            raise ProtobufError("contradicts itself about where a tensor's data is")
        if location == 0:
            return
        entries: dict[str, str] = {}
        for entry in values["external_data"]:
            key = _text(entry["key"])
            if key in entries or key not in {"location", "offset", "length", "checksum"}:
                raise ProtobufError(f"describes external data by {key!r} twice or unknown")
            entries[key] = _text(entry["value"])
        self._check_external(entries)

    def _check_external(self, entries: dict[str, str]) -> None:
        location = entries.get("location", "")
        if self.directory is None:
            raise _refused(
                "The model keeps weights in another file, but came as a single file.",
                hint="Publish it as a directory that holds model.onnx and its weight files.",
                location=location[:200],
            )
        file, size = _resolve_external(self.directory, location)
        offset = _natural(entries.get("offset", "0"))
        length = _natural(entries.get("length", "0"))
        if offset + length > size:
            raise _refused(
                f"The model refers to bytes beyond the end of {location!r}.",
                location=location[:200],
                size_bytes=size,
            )
        self.facts.external[file] = size


def _resolve_external(directory: Path, location: str) -> tuple[Path, int]:
    parts = PurePosixPath(location).parts
    # The engine reads names starting "*/_ORT_MEM_ADDR_/" as raw memory addresses; the test for
    # a real file below refuses them too, and this refuses them by name.
    unsafe = not parts or location.startswith(("/", "*")) or any(c in location for c in "\\\0:")
    if unsafe or ".." in parts:
        raise _refused(
            f"The model refers to weights outside its directory: {location[:200]!r}.",
            location=location[:200],
        )
    current = directory
    try:
        for position, part in enumerate(parts):
            current = current / part
            found = current.lstat()
            is_last = position == len(parts) - 1
            if not (stat.S_ISREG if is_last else stat.S_ISDIR)(found.st_mode):
                raise _refused(
                    f"The weight file {location[:200]!r} is a link or not a regular file.",
                    location=location[:200],
                )
    except OSError as error:
        raise _refused(
            f"The weight file {location[:200]!r} cannot be read ({error.strerror}).",
            location=location[:200],
        ) from error
    return current, found.st_size


def _natural(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise ProtobufError("gives an offset or length that is not a natural number")
    return int(text)


def _text(views: list[Any]) -> str:
    return bytes(views[-1]).decode() if views else ""


def _refused(message: str, *, hint: str | None = None, **context: Any) -> UnsupportedModel:
    return UnsupportedModel(f"{message} It was not loaded.", hint=hint, **context)
