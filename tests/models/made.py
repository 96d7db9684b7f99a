"""What a builder of test models gives: an ONNX model, its torch twin, and inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

Array = npt.NDArray[Any]
Inputs = dict[str, Array]
Shape = Sequence[int | str | None]
DTYPES = {
    "float32": TensorProto.FLOAT,
    "int64": TensorProto.INT64,
    "int32": TensorProto.INT32,
}


@dataclass(frozen=True)
class Made:
    """One model.

    Attributes:
        onnx: bytes of the ONNX file.
        verify: values that a certificate would compare, before softmax or sigmoid, at least 512
            elements together.
        outputs: graph outputs.
        make_inputs: seed -> one input.
        forward: the same in torch: weights by name and the one input to outputs, then verify
            tensors that are no outputs.
        weights: by name, as the torch twin takes them.
        symbols: input name -> axis -> name of the dimension, for what varies.
    """

    name: str
    onnx: bytes
    verify: tuple[str, ...]
    outputs: tuple[str, ...]
    make_inputs: Callable[[int], Inputs]
    forward: Callable[..., tuple[Any, ...]] | None = None
    weights: Mapping[str, Array] = field(default_factory=dict)
    symbols: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    def save(self, directory: Path) -> Path:
        """Write the ONNX file and return its path."""
        path = directory / f"{self.name}.onnx"
        path.write_bytes(self.onnx)
        return path

    def save_torch(self, directory: Path) -> Path:
        """Write the torch program and return its path; needs torch."""
        from tests.models.twin import save_twin

        return save_twin(self, directory / f"{self.name}.safetensors")

    def save_inputs(self, directory: Path, count: int, *, seed: int = 0) -> list[Path]:
        """Write ``count`` different inputs as safetensors and return their paths."""
        paths = []
        for number in range(count):
            path = directory / f"{self.name}-{seed + number}.input"
            save_file(self.make_inputs(seed + number), path)
            paths.append(path)
        return paths


class Graph:
    """Collects nodes and weights of an ONNX graph; ``op`` returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, Array] = {}

    def op(self, kind: str, *inputs: str, name: str, **attributes: Any) -> str:
        """Add an operator with one result, which gets ``name``."""
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def weight(self, name: str, array: Array) -> str:
        """Add an initializer."""
        self.initializers[name] = array
        return name

    def constant(self, name: str, array: Array) -> str:
        """Add a Constant operator."""
        self.op("Constant", name=name, value=numpy_helper.from_array(array))
        return name

    def build(
        self,
        inputs: Mapping[str, tuple[str, Shape]],
        outputs: Mapping[str, Shape],
        opset: int,
    ) -> bytes:
        """Return the bytes of the model, which has been checked."""
        graph = helper.make_graph(
            self.nodes,
            "graph",
            [
                helper.make_tensor_value_info(name, DTYPES[dtype], list(shape))
                for name, (dtype, shape) in inputs.items()
            ],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
                for name, shape in outputs.items()
            ],
            [numpy_helper.from_array(array, name) for name, array in self.initializers.items()],
        )
        opsets = [helper.make_opsetid("", opset)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        data: bytes = model.SerializeToString()
        return data


class Random:
    """Seeded float32 weights."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def normal(self, *shape: int, scale: float | None = None) -> Array:
        """Return normal values; the default scale keeps the size of what passes through."""
        fan_in = int(np.prod(shape[1:])) if len(shape) > 1 else 1
        factor = scale if scale is not None else (2 / fan_in) ** 0.5
        return (self._random.standard_normal(shape) * factor).astype(np.float32)

    def uniform(self, *shape: int, low: float, high: float) -> Array:
        """Return uniform values."""
        return self._random.uniform(low, high, shape).astype(np.float32)


def floats(name: str, *shape: int) -> Callable[[int], Inputs]:
    """Return a maker of inputs of one normal float32 tensor."""

    def make(seed: int) -> Inputs:
        values = np.random.default_rng(10_000 + seed).standard_normal(shape)
        return {name: values.astype(np.float32)}

    return make
