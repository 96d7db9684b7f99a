"""The engine ``ort``: load a checked model into onnxruntime, run it, hand out its outputs.

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

from neurovoyance.node.runtime.base import TensorSpec
from neurovoyance.node.runtime.config import EngineConfig, Optimisation, Weights
from neurovoyance.node.runtime.engine import aligned, translate
from neurovoyance.node.runtime.model_check import ModelFacts, check_model
from neurovoyance.node.runtime.model_edit import expose, read_graph, round_model
from neurovoyance.protocol.errors import ExecutionError, UnsupportedModel
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

_ENGINE_NAMES = {"float": "float32", "double": "float64"}
_BFLOAT16_TYPE = 16
"""Number of bfloat16 in ``TensorProto.DataType``."""

_LEVELS = {
    Optimisation.OFF: ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
    Optimisation.BASIC: ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    Optimisation.EXTENDED: ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    Optimisation.ALL: ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
}


def describe() -> str:
    """Return name and version of the engine."""
    return f"onnxruntime {ort.__version__}"


def check(path: Path) -> ModelFacts:
    """Look a model over without loading it; see ``model_check``."""
    return check_model(path)


def load(
    facts: ModelFacts, config: EngineConfig, output_names: Sequence[str] | None = None
) -> Session:
    """Load a checked model, with intermediate values as outputs if they are named.

    Raises:
        SpecError: a name is no value that can be an output.
        UnsupportedModel: the engine refuses the model.
        ResourceExceeded: it does not fit into the memory limit.
    """
    if output_names is None and config.weights is Weights.FP32:
        return Session(facts.graph_path, config)
    model = prepare(facts, config)
    graph = read_graph(model)
    if config.weights is Weights.FP32 and set(output_names or ()) <= set(graph.outputs):
        return Session(facts.graph_path, config)
    return Session(expose(model, graph, output_names or ()), config, facts.graph_path.parent)


def prepare(facts: ModelFacts, config: EngineConfig) -> bytes:
    """Return the bytes of a checked model, its weights rounded as the configuration says."""
    data = facts.graph_path.read_bytes()
    if config.weights is Weights.FP32:
        return data
    return round_model(read_graph(data), config.weights, facts.graph_path.parent)


class Session:
    """One loaded model."""

    def __init__(self, source: Path | bytes, config: EngineConfig, folder: Path | None = None):
        """Load a model.

        Args:
            source: the graph's file, or its bytes.
            config: how to run; ``weights`` are the caller's business.
            folder: where weight files of ``bytes`` lie.

        Raises:
            UnsupportedModel: the engine refuses it.
            ResourceExceeded: it does not fit into the memory limit.
        """
        options = ort.SessionOptions()
        options.graph_optimization_level = _LEVELS[config.optimisation]
        options.intra_op_num_threads = config.threads
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 4
        # Said outright, so that no file name or content makes the engine read another format.
        options.add_session_config_entry("session.load_model_format", "ONNX")
        if folder is not None:
            options.add_session_config_entry(
                "session.model_external_initializers_file_folder_path", str(folder)
            )
        model = source if isinstance(source, bytes) else str(source)
        try:
            self._engine = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except (*ENGINE_ERRORS, MemoryError) as error:
            raise translate(error, UnsupportedModel, "The engine refused the model") from error
        self.inputs = [_spec(node) for node in self._engine.get_inputs()]
        self.outputs = [_spec(node) for node in self._engine.get_outputs()]

    def run(self, feed: Mapping[str, Array], wanted: Sequence[TensorSpec]) -> list[Array]:
        """Run the model once on the input as given and return the wanted outputs.

        Raises:
            ResourceExceeded: the engine ran out of memory.
            ExecutionError: the engine failed on this input.
        """
        try:
            # The engine borrows the arrays' memory, so they must outlive the run.
            held = {name: aligned(array) for name, array in feed.items()}
            values = {name: _to_engine(array) for name, array in held.items()}
            found = self._engine.run_with_ort_values([spec.name for spec in wanted], values)
            return [_from_engine(value) for value in found]
        except (*ENGINE_ERRORS, MemoryError) as error:
            raise translate(error, ExecutionError, "The engine failed") from error


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
