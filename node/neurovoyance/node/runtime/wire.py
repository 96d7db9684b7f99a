"""What parent and child of a sandbox say to each other: JSON lines, checked on arrival.

Place: used by ``child`` and ``sandbox``. The parent sends a :class:`Task`, and further ones for
the same model to a child that stays; the child answers each with events, each an object with the
key ``event``: ``ready``, ``phase``, ``error`` (an error in wire form), ``probed``, ``tensors``
(some that were written, if there are many), ``done``. The child may be in the hands of a hostile
model, so the parent checks types and bounds and believes only error codes of executions.
Never: pickle.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from neurovoyance.node.runtime.base import (
    Dim,
    Limits,
    ModelInfo,
    Phase,
    TensorMeta,
    TensorSpec,
)
from neurovoyance.node.runtime.config import C1, Engine, EngineConfig, Optimisation, Weights
from neurovoyance.protocol.errors import ExecutionError, NeurovoyanceError, SpecError, from_wire

MAX_LINE_BYTES: Final = 1 << 20
_BELIEVED_ERRORS: Final = (ExecutionError, SpecError)
_MAX_TEXT: Final = 2_000
_MAX_ENGINE_TEXT: Final = 100
MAX_TENSORS: Final = 1 << 17
"""Most tensors that a child may report over one task; they are held in the parent's memory."""


class Kind(StrEnum):
    """What a child can be asked to do."""

    PROBE = "probe"
    RUN = "run"
    MANY = "many"
    TRACE = "trace"
    OPERATOR = "operator"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class Task:
    """What a child is to do.

    Attributes:
        input_paths: one for a run or trace, one per run of many, one per input of an operator.
        input_names: value names of an operator's inputs, in the order of the paths.
        row: which operator.
        inbox: folder that a child which stays may read; its inputs come there. None for a child
            that serves one task.
        nonce: said again in ``done``, so that no answer was made before its question.
    """

    model_path: Path
    limits: Limits
    kind: Kind = Kind.PROBE
    input_paths: tuple[Path, ...] = ()
    partial_path: Path | None = None
    output_names: tuple[str, ...] | None = None
    config: EngineConfig = C1
    input_names: tuple[str, ...] = ()
    row: int = -1
    inbox: Path | None = None
    nonce: str = ""

    def to_line(self) -> bytes:
        """Return the task as one line of JSON."""
        values = asdict(self)
        values["model_path"] = str(self.model_path)
        values["input_paths"] = [str(path) for path in self.input_paths]
        for name in ("partial_path", "inbox"):
            path = getattr(self, name)
            values[name] = None if path is None else str(path)
        return json.dumps(values).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Task:
        """Read a line that :meth:`to_line` wrote; the parent is trusted."""
        values = json.loads(line)
        config, names, partial = values["config"], values["output_names"], values["partial_path"]
        inbox = values["inbox"]
        return cls(
            Path(values["model_path"]),
            Limits(**values["limits"]),
            Kind(values["kind"]),
            tuple(Path(path) for path in values["input_paths"]),
            None if partial is None else Path(partial),
            None if names is None else tuple(names),
            EngineConfig(
                Engine(config["engine"]),
                Optimisation(config["optimisation"]),
                config["threads"],
                Weights(config["weights"]),
            ),
            tuple(values["input_names"]),
            values["row"],
            None if inbox is None else Path(inbox),
            values["nonce"],
        )


@dataclass(frozen=True, slots=True)
class Done:
    """A child's report that the partial file is complete; ``tensors`` is all that it holds.

    Attributes:
        nonce: of the task that it answers.
        stays: the child waits for another task, its model loaded.
    """

    tensors: tuple[TensorMeta, ...]
    cpu_ms: int
    peak_memory_bytes: int
    model_load_ms: int
    engine: str = ""
    nonce: str = ""
    stays: bool = False


class MalformedEvent(ValueError):
    """A child broke the protocol."""


def read_event(line: bytes) -> dict[str, Any]:
    """Return the event of one line.

    Raises:
        MalformedEvent: not a JSON object with the text ``event``.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MalformedEvent("a line is not JSON") from error
    if not isinstance(found, dict) or not isinstance(found.get("event"), str):
        raise MalformedEvent("a line is not an event")
    return found


def read_phase(event: dict[str, Any]) -> Phase:
    """Return the phase of a ``phase`` event.

    Raises:
        MalformedEvent: no such phase.
    """
    try:
        return Phase(str(event.get("phase")))
    except ValueError as error:
        raise MalformedEvent("an unknown phase was reported") from error


def read_error(event: dict[str, Any]) -> NeurovoyanceError:
    """Return the error of an ``error`` event; one that no execution raises becomes its base."""
    wire = event.get("error")
    if not isinstance(wire, dict) or not isinstance(wire.get("context", {}), dict):
        raise MalformedEvent("an error was not described")
    bounded = {**wire, "message": str(wire.get("message"))[:_MAX_TEXT]}
    error = from_wire(bounded)
    if isinstance(error, _BELIEVED_ERRORS):
        return error
    return ExecutionError(f"The execution failed: {error.message}", reported_code=error.code)


def read_done(event: dict[str, Any]) -> Done:
    """Return the values of a ``done`` event.

    Raises:
        MalformedEvent: a value is missing or of a wrong type.
    """
    return Done(
        read_tensors(event),
        _int(event, "cpu_ms"),
        _int(event, "peak_memory_bytes"),
        _int(event, "model_load_ms"),
        _str(event, "engine")[:_MAX_ENGINE_TEXT],
        str(event.get("nonce", ""))[:_MAX_ENGINE_TEXT],
        event.get("stays") is True,
    )


def read_tensors(event: dict[str, Any]) -> tuple[TensorMeta, ...]:
    """Return the tensors of a ``tensors`` or ``done`` event.

    Raises:
        MalformedEvent: a value is missing or of a wrong type.
    """
    return tuple(
        TensorMeta(_str(item, "name"), _str(item, "dtype"), _sizes(item.get("shape")))
        for item in _objects(event, "tensors")
    )


def read_probed(event: dict[str, Any]) -> ModelInfo:
    """Return the values of a ``probed`` event.

    Raises:
        MalformedEvent: a value is missing or of a wrong type.
    """
    opsets = event.get("opsets")
    if not isinstance(opsets, dict) or not all(type(v) is int for v in opsets.values()):
        raise MalformedEvent("the operator sets are not numbers")
    specs = [
        tuple(
            TensorSpec(_str(item, "name"), _str(item, "dtype"), _dims(item.get("shape")))
            for item in _objects(event, key)
        )
        for key in ("inputs", "outputs")
    ]
    return ModelInfo(
        specs[0],
        specs[1],
        opsets,
        _int(event, "node_count"),
        _int(event, "model_bytes"),
        _int(event, "external_bytes"),
    )


def _objects(event: dict[str, Any], key: str) -> list[dict[str, Any]]:
    items = event.get(key)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise MalformedEvent(f"{key} is not a list of objects")
    return items


def _str(item: dict[str, Any], key: str) -> str:
    value = item.get(key)
    if not isinstance(value, str):
        raise MalformedEvent(f"{key} is not a text")
    return value


def _int(item: dict[str, Any], key: str) -> int:
    value = item.get(key)
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise MalformedEvent(f"{key} is not a natural number")
    return value


def _sizes(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(v) is int and v >= 0 for v in value):
        raise MalformedEvent("a shape is not a list of natural numbers")
    return tuple(value)


def _dims(value: Any) -> tuple[Dim, ...]:
    if not isinstance(value, list) or not all(
        v is None or isinstance(v, str) or type(v) is int for v in value
    ):
        raise MalformedEvent("a declared shape is malformed")
    return tuple(value)
