"""The engine itself: load a checked model into onnxruntime, run it once, hand out its outputs.

Place: in the child, after ``confinement.lock``; the only module that calls onnxruntime. Never:
import this in the node's own process, or load a file that ``model_check`` has not passed.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# The engine's official builds send usage reports; this must be set before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state
from safetensors import SafetensorError, safe_open

from neurovoyance.node.runtime.base import Limits, Profile, TensorSpec
from neurovoyance.protocol.errors import (
    ExecutionError,
    NeurovoyanceError,
    ResourceExceeded,
    SpecError,
    UnsupportedModel,
)
from neurovoyance.verification.canonical import TENSOR_TYPES, Array

ENGINE_ERRORS = (
    ort_state.Fail,
    ort_state.InvalidArgument,
    ort_state.InvalidGraph,
    ort_state.InvalidProtobuf,
    ort_state.ModelLoaded,
    ort_state.NoModel,
    ort_state.NoSuchFile,
    ort_state.NotImplemented,
    ort_state.RuntimeException,
    ort_state.EngineError,
    ort_state.EPFail,
    RuntimeError,
    ValueError,
    TypeError,
)

_OUT_OF_MEMORY_TEXTS = ("bad_alloc", "bad allocation", "failed to allocate", "std::length_error")
_ENGINE_NAMES = {"float": "float32", "double": "float64"}
_CANONICAL_NAMES = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}
_BFLOAT16_TYPE = 16
"""Number of bfloat16 in ``TensorProto.DataType``."""

CANONICAL_DTYPES = frozenset(_CANONICAL_NAMES.get(kind.name, kind.name) for kind in TENSOR_TYPES)
"""Engine names of the dtypes that an output may have."""


class Session:
    """One loaded model."""

    def __init__(self, graph_path: Path, profile: Profile, limits: Limits) -> None:
        """Load a model.

        Raises:
            UnsupportedModel: the engine refuses it.
            ResourceExceeded: it does not fit into the memory limit.
        """
        options = ort.SessionOptions()
        level = ort.GraphOptimizationLevel
        reproducible = profile is Profile.C1
        options.graph_optimization_level = (
            level.ORT_DISABLE_ALL if reproducible else level.ORT_ENABLE_ALL
        )
        options.intra_op_num_threads = 1 if reproducible else limits.threads
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 4
        # Said outright, so that no file name or content makes the engine read another format.
        options.add_session_config_entry("session.load_model_format", "ONNX")
        try:
            self._engine = ort.InferenceSession(
                str(graph_path), options, providers=["CPUExecutionProvider"]
            )
        except (*ENGINE_ERRORS, MemoryError) as error:
            raise _translate(error, UnsupportedModel, "The engine refused the model") from error
        self.inputs = [_spec(node) for node in self._engine.get_inputs()]
        self.outputs = [_spec(node) for node in self._engine.get_outputs()]

    def select(self, wanted: Sequence[str] | None) -> list[TensorSpec]:
        """Return the outputs to produce, in graph order.

        Raises:
            SpecError: an output of that name does not exist, or none is wanted.
            UnsupportedModel: an output has a dtype without canonical form.
        """
        unknown = set(wanted or ()) - {spec.name for spec in self.outputs}
        chosen = [spec for spec in self.outputs if wanted is None or spec.name in wanted]
        if unknown or not chosen:
            raise SpecError(
                f"The model has no output named {sorted(unknown)}; nothing was run.",
                hint=f"Its outputs are {[spec.name for spec in self.outputs]}.",
            )
        for spec in chosen:
            if spec.dtype not in CANONICAL_DTYPES:
                raise UnsupportedModel(
                    f"The output {spec.name!r} is {spec.dtype}, which has no canonical form.",
                    hint="Name only the other outputs, or add a Cast to the model.",
                    output=spec.name,
                    dtype=spec.dtype,
                )
        return chosen

    def run(self, feed: Mapping[str, Array], wanted: Sequence[TensorSpec]) -> list[Array]:
        """Run the model once on the input as given and return the wanted outputs.

        Raises:
            ResourceExceeded: the engine ran out of memory.
            ExecutionError: the engine failed on this input.
        """
        try:
            values = {name: _to_engine(array) for name, array in feed.items()}
            found = self._engine.run_with_ort_values([spec.name for spec in wanted], values)
            return [_from_engine(value) for value in found]
        except (*ENGINE_ERRORS, MemoryError) as error:
            raise _translate(error, ExecutionError, "The engine failed") from error


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
        raise _translate(error, ExecutionError, "The input could not be read") from error
    except (SafetensorError, OSError, TypeError, ValueError, AttributeError) as error:
        raise SpecError(
            f"The input file is not readable as safetensors ({str(error)[:200]}).",
            hint="Write one tensor per graph input with safetensors.numpy.save_file.",
        ) from error


def describe_given(feed: Mapping[str, Array]) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return engine dtype name and shape per input."""
    return {name: (str(array.dtype), array.shape) for name, array in feed.items()}


def _spec(node: Any) -> TensorSpec:
    """Translate ``tensor(float)`` and the like; other kinds keep their full text as dtype."""
    text = str(node.type)
    if not (text.startswith("tensor(") and text.endswith(")")):
        return TensorSpec(node.name, text, ())
    name = text.removeprefix("tensor(").removesuffix(")")
    return TensorSpec(node.name, _ENGINE_NAMES.get(name, name), tuple(node.shape))


def _to_engine(array: Array) -> Any:
    if str(array.dtype) == "bfloat16":
        words = array.view(np.uint16)
        return ort.OrtValue.ortvalue_from_numpy_with_onnx_type(words, _BFLOAT16_TYPE)
    return ort.OrtValue.ortvalue_from_numpy(array)


def _from_engine(value: Any) -> Array:
    if value.element_type() != _BFLOAT16_TYPE:
        array: Array = value.numpy()
        return array
    # The engine has no numpy form of bfloat16; ``canonical`` refuses if numpy has none either.
    kind = next(kind for kind in TENSOR_TYPES if kind.name == "bf16")
    data = ctypes.string_at(value.data_ptr(), value.tensor_size_in_bytes())
    return np.frombuffer(data, dtype=kind.numpy_dtype()).reshape(value.shape())


def _translate(error: BaseException, kind: type[NeurovoyanceError], what: str) -> NeurovoyanceError:
    text = str(error)
    # The engine reports exhausted memory as text only.
    if isinstance(error, MemoryError) or any(mark in text.lower() for mark in _OUT_OF_MEMORY_TEXTS):
        return ResourceExceeded(
            "The execution needs more memory than its limit; it was ended.", limit="memory_bytes"
        )
    return kind(f"{what}: {text[:500] or type(error).__name__}.")
