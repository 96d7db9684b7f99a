"""The files that hold a torch model, and the check that they hold nothing else.

Place: in the child, ahead of ``torch_session``. Two forms, see ``docs/spec/torch.md``: a *program*,
one safetensors file with a list of operators in its metadata; and an *architecture*, a directory
of ``config.json`` and ``model.safetensors``. Pure JSON and safetensors, no torch. Never: a pickle,
a zip archive, a link, or a file that is not listed here.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError, safe_open

from neurovoyance.node.runtime.base import Dim, TensorSpec
from neurovoyance.node.runtime.torch_operators import MUST_BE_OFF, OPERATORS
from neurovoyance.protocol.errors import UnsupportedModel

FORMAT_KEY: Final = "neurovoyance.torch"
"""Key of the metadata that holds a program."""

VERSION: Final = 1
CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"
PASSED_OVER: Final = frozenset(
    {
        "LICENSE",
        "README.md",
        "special_tokens_map.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "vocab.txt",
    }
)
"""Files that a directory may hold besides; they are not opened."""

MAX_CONFIG_BYTES: Final = 1 << 20
MAX_PROGRAM_BYTES: Final = 64 << 20
MAX_NODES: Final = 100_000
MAX_DEPTH: Final = 8
DTYPES: Final = frozenset(
    {
        "float32",
        "float64",
        "float16",
        "bfloat16",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "bool",
    }
)
_ARGUMENT_KEYS: Final = frozenset({"value", "weight", "dtype", "float", "text"})
_TEXTS: Final = frozenset({"none", "tanh", "mean", "sum", "floor", "trunc", "constant", "reflect"})
_FLOATS: Final = frozenset({"inf", "-inf", "nan"})


@dataclass(frozen=True, slots=True)
class Value:
    """A value that can be an output: its public name and what it is called in the program."""

    spec: TensorSpec
    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """One operator call; arguments are JSON as described in the specification."""

    name: str
    op: str
    args: list[Any]
    kwargs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Program:
    """Operators in order, from inputs and weights to values.

    Attributes:
        outputs: what a run gives unless told otherwise.
        values: further values that may be asked for, such as verify tensors.
    """

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    values: tuple[Value, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Package:
    """A checked model: the weights file, and either a program or an architecture's settings."""

    weights_path: Path
    size_bytes: int
    program: Program | None
    config: dict[str, Any] | None


def check_package(path: Path) -> Package:
    """Read and check everything but the weights' data.

    Raises:
        UnsupportedModel: neither form, malformed, an operator that is not accepted, or more files
            than belong there.
    """
    if path.is_dir():
        return _check_directory(path)
    size_bytes = _require_file(path)
    metadata, keys = _read_header(path)
    text = metadata.get(FORMAT_KEY, "")
    if not text or len(text) > MAX_PROGRAM_BYTES:
        raise refused(f"The file carries no program of at most {MAX_PROGRAM_BYTES} bytes.")
    try:
        program = _read_program(_json(text), keys)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise refused(f"The program is malformed ({type(error).__name__}: {error}).") from error
    return Package(path, size_bytes, program, None)


def refused(message: str) -> UnsupportedModel:
    """Return the error for a model that is not loaded."""
    return UnsupportedModel(
        f"{message[:600]} It was not loaded.",
        hint="Only safetensors is read, never a pickle (.pt, .pth, .bin): docs/spec/torch.md.",
    )


def _check_directory(path: Path) -> Package:
    names = {entry.name for entry in path.iterdir()}
    if not {CONFIG_FILE, WEIGHTS_FILE} <= names <= {CONFIG_FILE, WEIGHTS_FILE} | PASSED_OVER:
        extra = sorted(names - PASSED_OVER - {CONFIG_FILE, WEIGHTS_FILE})
        raise refused(
            f"A torch model directory holds {CONFIG_FILE} and {WEIGHTS_FILE}, not {extra[:8]}."
        )
    size_bytes = sum(_require_file(path / name) for name in (CONFIG_FILE, WEIGHTS_FILE))
    if (path / CONFIG_FILE).stat().st_size > MAX_CONFIG_BYTES:
        raise refused(f"{CONFIG_FILE} is larger than {MAX_CONFIG_BYTES} bytes.")
    try:
        config = _json((path / CONFIG_FILE).read_text(encoding="utf-8"))
    except ValueError as error:
        raise refused(f"{CONFIG_FILE} is not JSON ({error}).") from error
    if not isinstance(config, dict):
        raise refused(f"{CONFIG_FILE} is not a JSON object.")
    _read_header(path / WEIGHTS_FILE)
    return Package(path / WEIGHTS_FILE, size_bytes, None, config)


def _require_file(path: Path) -> int:
    try:
        found = os.lstat(path)
    except OSError as error:
        raise refused(f"{path.name!r} cannot be opened ({error.strerror}).") from error
    if not stat.S_ISREG(found.st_mode):
        raise refused(f"{path.name!r} is a link or not a regular file.")
    return found.st_size


def _read_header(path: Path) -> tuple[dict[str, str], frozenset[str]]:
    try:
        with safe_open(str(path), framework="numpy") as file:
            return dict(file.metadata() or {}), frozenset(file.keys())
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise refused(f"{path.name!r} is not safetensors ({str(error)[:200]}).") from error


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("it nests too deeply") from error


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _read_program(found: Any, weights: frozenset[str]) -> Program:
    if found["version"] != VERSION:
        raise ValueError(f"version {found['version']!r} is unknown")
    inputs = tuple(_values(found["inputs"]))
    known = {value.name for value in inputs}
    if len(found["steps"]) > MAX_NODES:
        raise ValueError(f"there are more than {MAX_NODES} steps")
    steps = []
    for item in found["steps"]:
        step = Step(item["name"], item["op"], item["args"], item["kwargs"])
        _check_step(step, known, weights)
        known.add(step.name)
        steps.append(step)
    outputs, values = tuple(_values(found["outputs"])), tuple(_values(found["values"]))
    names = [value.spec.name for value in (*outputs, *values)]
    if len(set(names)) != len(names) or not outputs:
        raise ValueError("outputs are missing or share a name")
    if unknown := {value.name for value in (*outputs, *values)} - known:
        raise ValueError(f"{sorted(unknown)[:4]} do not exist")
    return Program(inputs, outputs, values, tuple(steps))


def _check_step(step: Step, known: set[str], weights: frozenset[str]) -> None:
    if not isinstance(step.name, str) or step.name in known:
        raise ValueError(f"the value {step.name!r} is made twice")
    if step.op not in OPERATORS:
        raise ValueError(f"the operator {step.op!r} is not accepted")
    if not isinstance(step.args, list) or not isinstance(step.kwargs, dict):
        raise TypeError("arguments are no list or object")
    if not all(name.isidentifier() and not name.startswith("_") for name in step.kwargs):
        raise ValueError("an argument has no proper name")
    position, name = MUST_BE_OFF.get(step.op, (len(step.args), ""))
    if any(step.args[position : position + 1]) or step.kwargs.get(name):
        raise ValueError(f"{step.op!r} would draw numbers or change weights")
    for kind, text in _references([step.args, list(step.kwargs.values())], 0):
        if text not in (known if kind == "value" else weights):
            raise ValueError(f"the {kind} {text!r} does not exist")


def _references(argument: Any, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the values and weights that an argument names, refusing any other form."""
    if depth > MAX_DEPTH:
        raise ValueError("an argument nests too deeply")
    if argument is None or isinstance(argument, (bool, int, float)):
        return
    if isinstance(argument, list):
        for item in argument:
            yield from _references(item, depth + 1)
        return
    if (
        not isinstance(argument, dict)
        or len(argument) != 1
        or not argument.keys() <= _ARGUMENT_KEYS
    ):
        raise ValueError("an argument has an unknown form")
    ((kind, text),) = argument.items()
    allowed = {"dtype": DTYPES, "float": _FLOATS, "text": _TEXTS}.get(kind)
    if not isinstance(text, str) or (allowed is not None and text not in allowed):
        raise ValueError(f"{text!r} is no {kind}")
    if allowed is None:
        yield kind, text


def _values(items: Any) -> Iterator[Value]:
    for item in items:
        dtype, shape = item["dtype"], tuple(_dim(dim) for dim in item["shape"])
        if dtype not in DTYPES or not all(isinstance(item[k], str) for k in ("name", "value")):
            raise ValueError("a value is described wrongly")
        yield Value(TensorSpec(item["name"], dtype, shape), item["value"])


def _dim(dim: Any) -> Dim:
    if dim is None or isinstance(dim, str) or (type(dim) is int and dim >= 0):
        return dim
    raise ValueError("a dimension is neither a size nor a name")
