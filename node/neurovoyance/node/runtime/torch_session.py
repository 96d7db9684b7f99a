"""The engine ``torch``: load a checked package, run it on the CPU, hand out its outputs.

Place: in the child, after ``confinement.lock``; with ``torch_program`` and ``torch_models`` the
only code that runs torch. Weights come from safetensors. Never: ``torch.load`` and its relatives,
compilation, gradients, or an operator that is not deterministic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from neurovoyance.node.runtime.base import TensorSpec
from neurovoyance.node.runtime.config import EngineConfig, Weights
from neurovoyance.node.runtime.engine import aligned, translate
from neurovoyance.node.runtime.model_check import ModelFacts
from neurovoyance.node.runtime.torch_format import Package, check_package, refused
from neurovoyance.node.runtime.torch_models import Architecture, build
from neurovoyance.node.runtime.torch_program import ProgramModel
from neurovoyance.node.runtime.weights import round_weights
from neurovoyance.protocol.errors import ExecutionError, InternalError, UnsupportedModel
from neurovoyance.verification.canonical import TENSOR_TYPES, Array

_ENGINE_ERRORS = (RuntimeError, ValueError, TypeError, IndexError, KeyError, NotImplementedError)


@dataclass(slots=True)
class TorchFacts(ModelFacts):
    """What the check found."""

    package: Package | None = None


def describe() -> str:
    """Return name and version of the engine."""
    return f"torch {torch.__version__}"


def check(path: Path) -> TorchFacts:
    """Check a package without loading it; see ``torch_format``."""
    package = check_package(path)
    steps = 0 if package.program is None else len(package.program.steps)
    return TorchFacts(
        package.weights_path, {"torch": 1}, steps, package.size_bytes, {}, package=package
    )


def load(
    facts: ModelFacts, config: EngineConfig, output_names: Sequence[str] | None = None
) -> Session:
    """Load a checked package.

    Raises:
        UnsupportedModel: its weights do not fit the network.
        ResourceExceeded: it does not fit into the memory limit.
    """
    if not isinstance(facts, TorchFacts) or facts.package is None:
        raise InternalError("The torch engine was given another engine's model.")
    return Session(facts.package, config, shows_values=output_names is not None)


class Session:
    """One loaded package."""

    def __init__(self, package: Package, config: EngineConfig, *, shows_values: bool) -> None:
        torch.set_num_threads(config.threads)
        # What ``use_deterministic_algorithms`` does; that function also imports the compiler.
        torch._C._set_deterministic_algorithms(True)
        torch.set_flush_denormal(False)
        try:
            self._model = _load(package, config.weights)
        except (SafetensorError, OSError) as error:
            raise refused(f"The weights cannot be read ({str(error)[:200]}).") from error
        except (*_ENGINE_ERRORS, MemoryError) as error:
            raise translate(error, UnsupportedModel, "The engine refused the model") from error
        self.inputs: list[TensorSpec] = self._model.inputs
        self.outputs = self._model.outputs + (self._model.values if shows_values else [])

    def run(self, feed: Mapping[str, Array], wanted: Sequence[TensorSpec]) -> list[Array]:
        """Run once and return the wanted outputs; see ``engine.LoadedModel``."""
        try:
            with torch.inference_mode():
                tensors = {name: _to_torch(array) for name, array in feed.items()}
                found = self._model(tensors, wanted)
                return [_from_torch(tensor) for tensor in found]
        except (*_ENGINE_ERRORS, MemoryError) as error:
            raise translate(error, ExecutionError, "The engine failed") from error


def _load(package: Package, weights: Weights) -> ProgramModel | Architecture:
    tensors = load_file(package.weights_path)
    if package.program is not None:
        model = ProgramModel(package.program, tensors)
        return ProgramModel(package.program, _rounded(tensors, weights, model.weight_axes()))
    network = build(package.config or {}, tensors)
    network.replace_weights(_rounded(network.weights, weights, network.weight_axes()))
    return network


def _rounded(
    tensors: Mapping[str, torch.Tensor], weights: Weights, axes: Mapping[str, int]
) -> dict[str, torch.Tensor]:
    if weights is Weights.FP32:
        return dict(tensors)
    found = {}
    for name, tensor in tensors.items():
        if tensor.dtype == torch.float32:
            array = round_weights(
                tensor.numpy(), weights, (axes.get(name, 0) % max(tensor.ndim, 1),)
            )
            found[name] = torch.from_numpy(np.array(array))
        else:
            found[name] = tensor
    return found


def _to_torch(array: Array) -> torch.Tensor:
    held = aligned(array)
    if str(held.dtype) == "bfloat16":
        return torch.from_numpy(held.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(held)


def _from_torch(value: Any) -> Array:
    tensor = torch.as_tensor(value).contiguous()
    if tensor.dtype != torch.bfloat16:
        array: Array = tensor.numpy()
        return array
    kind = next(kind for kind in TENSOR_TYPES if kind.name == "bf16")
    return tensor.view(torch.int16).numpy().view(kind.numpy_dtype())
