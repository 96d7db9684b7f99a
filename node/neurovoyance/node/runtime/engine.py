"""What the child needs of any engine, and what the engines share.

Place: in the child, under ``child``; ``session`` (onnxruntime) and ``torch_session`` implement
:class:`EngineModule` and :class:`LoadedModel`. Never: import an engine here, or guess an input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from safetensors import SafetensorError, safe_open

from neurovoyance.node.runtime.base import TensorSpec
from neurovoyance.node.runtime.config import EngineConfig
from neurovoyance.node.runtime.model_check import ModelFacts
from neurovoyance.protocol.errors import (
    ExecutionError,
    NeurovoyanceError,
    ResourceExceeded,
    SpecError,
    UnsupportedModel,
)
from neurovoyance.verification.canonical import TENSOR_TYPES, Array

_OUT_OF_MEMORY_TEXTS: Final = (
    "bad_alloc",
    "bad allocation",
    "failed to allocate",
    "std::length_error",
    "can't allocate memory",
    "not enough memory",
    "storage size calculation overflowed",
)
_LONG_NAMES: Final = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}

CANONICAL_DTYPES: Final = frozenset(_LONG_NAMES.get(kind.name, kind.name) for kind in TENSOR_TYPES)
"""Engine names of the dtypes that an output may have."""


_ALIGNMENT_BYTES: Final = 64


class LoadedModel(Protocol):
    """One model in memory, ready to run."""

    inputs: list[TensorSpec]
    outputs: list[TensorSpec]

    def run(self, feed: Mapping[str, Array], wanted: Sequence[TensorSpec]) -> list[Array]:
        """Run once on the input as given and return the wanted outputs, in that order.

        Raises:
            ResourceExceeded: out of memory.
            ExecutionError: the engine failed on this input.
        """
        ...


class EngineModule(Protocol):
    """A module of one engine."""

    def describe(self) -> str:
        """Return name and version."""
        ...

    def check(self, path: Path) -> ModelFacts:
        """Refuse a model that is malformed or unsafe, before it is loaded."""
        ...

    def load(
        self, facts: ModelFacts, config: EngineConfig, output_names: Sequence[str] | None = None
    ) -> LoadedModel:
        """Load a checked model; ``output_names`` may name intermediate values."""
        ...


def select(outputs: Sequence[TensorSpec], wanted: Sequence[str] | None) -> list[TensorSpec]:
    """Return the outputs to produce, in the order asked for; None means all.

    Raises:
        SpecError: an output of that name does not exist, is named twice, or none is wanted.
        UnsupportedModel: an output has a dtype without canonical form.
    """
    known = {spec.name: spec for spec in outputs}
    names = [spec.name for spec in outputs] if wanted is None else list(wanted)
    unknown = sorted(set(names) - known.keys())
    if unknown or not names or len(set(names)) != len(names):
        raise SpecError(
            f"Outputs are asked for twice, not at all, or do not exist ({unknown[:8]}); "
            "nothing was run.",
            hint=f"The outputs of the model are {list(known)[:20]}.",
        )
    for name in names:
        if known[name].dtype not in CANONICAL_DTYPES:
            raise UnsupportedModel(
                f"The output {name!r} is {known[name].dtype}, which has no canonical form.",
                hint="Name only the other outputs, or add a Cast to the model.",
                output=name,
                dtype=known[name].dtype,
            )
    return [known[name] for name in names]


def read_inputs(path: Path) -> dict[str, Array]:
    """Return every tensor of a safetensors file.

    Raises:
        SpecError: the file is not safetensors, or holds a dtype that numpy cannot.
        ResourceExceeded: it does not fit into the memory limit.
    """
    try:
        with safe_open(str(path), framework="numpy") as file:
            return {name: np.asarray(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118
    except MemoryError as error:
        raise translate(error, ExecutionError, "The input could not be read") from error
    except (SafetensorError, OSError, TypeError, ValueError, AttributeError) as error:
        raise SpecError(
            f"The input file is not readable as safetensors ({str(error)[:200]}).",
            hint="Write one tensor per graph input with safetensors.numpy.save_file.",
        ) from error


def aligned(array: Array) -> Array:
    """Return the array in C order at an address that is a multiple of 64, as the engine's own are.

    Its sums of vectors start differently at odd addresses: measured, a ReduceSum over 512 values
    gave other bits for an input at 4 bytes past a multiple of 16.
    """
    place = np.empty(array.nbytes + _ALIGNMENT_BYTES, np.uint8)
    start = -place.ctypes.data % _ALIGNMENT_BYTES
    made: Array = place[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    made[...] = array
    return made


def describe_given(feed: Mapping[str, Array]) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return engine dtype name and shape per input."""
    return {name: (str(array.dtype), array.shape) for name, array in feed.items()}


def translate(error: BaseException, kind: type[NeurovoyanceError], what: str) -> NeurovoyanceError:
    """Return the error of this project for one of an engine."""
    text = str(error)
    # Engines report exhausted memory as text only.
    if isinstance(error, MemoryError) or any(mark in text.lower() for mark in _OUT_OF_MEMORY_TEXTS):
        return ResourceExceeded(
            "The execution needs more memory than its limit; it was ended.", limit="memory_bytes"
        )
    return kind(f"{what}: {text[:500] or type(error).__name__}.")
