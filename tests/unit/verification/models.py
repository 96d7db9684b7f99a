"""Small whole models for the tests of traces, points and tails; every one runs in milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from neurovoyance.verification.canonical import Array


class Builder:
    """Collects nodes and weights of one graph."""

    def __init__(self, opset: int, seed: int = 7) -> None:
        self.opset, self.random = opset, np.random.default_rng(seed)
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def weight(self, *shape: int, scale: float = 0.3, positive: bool = False) -> str:
        values = (self.random.normal(size=shape) * scale).astype(np.float32)
        return self.constant(np.abs(values) + np.float32(0.1) if positive else values)

    def constant(self, values: Array) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def add(self, op_type: str, *inputs: str, name: str = "", outputs: int = 1, **more: Any) -> str:
        out = name or f"{op_type.lower()}{len(self.nodes)}"
        outs = [out] + [f"{out}_{at}" for at in range(1, outputs)]
        self.nodes.append(helper.make_node(op_type, list(inputs), outs, **more))
        return out

    def model(self, inputs: dict[str, tuple[int, ...]], outputs: list[str]) -> bytes:
        graph = helper.make_graph(
            self.nodes,
            "model",
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
                for name, shape in inputs.items()
            ],
            [onnx.ValueInfoProto(name=name) for name in outputs],
            self.weights,
        )
        opsets = [helper.make_opsetid("", self.opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


def cnn(opset: int = 12) -> bytes:
    """Convolutions with BatchNormalization, pooling, a dense layer and softmax."""
    b = Builder(opset)
    at = "x"
    for cin, cout in ((3, 8), (8, 16)):
        at = b.add("Conv", at, b.weight(cout, cin, 3, 3), b.weight(cout), pads=[1, 1, 1, 1])
        stats = [b.weight(cout), b.weight(cout), b.weight(cout), b.weight(cout, positive=True)]
        at = b.add("BatchNormalization", at, *stats)
        at = b.add("Relu", at)
        at = b.add("MaxPool", at, kernel_shape=[2, 2], strides=[2, 2])
    at = b.add("Flatten", at)
    at = b.add("Gemm", at, b.weight(16 * 16, 64), b.weight(64), name="features")
    at = b.add("Relu", at)
    at = b.add("Gemm", at, b.weight(64, 10), b.weight(10), name="logits")
    b.add("Softmax", at, name="y", axis=1)
    return b.model({"x": (2, 3, 16, 16)}, ["y"])


def transformer(layers: int = 2, width: int = 64, opset: int = 20) -> bytes:
    """Attention, LayerNormalization, GELU and softmax, decomposed as exporters do."""
    b, heads, length = Builder(opset), 4, 12
    depth = width // heads
    split = b.constant(np.array([0, length, heads, depth]))
    merge = b.constant(np.array([0, length, width]))
    scale = b.constant(np.array(depth**-0.5, dtype=np.float32))
    at = "x"
    for _ in range(layers):
        left = at
        at = b.add("LayerNormalization", at, b.weight(width), b.weight(width))
        parts = []
        for perm in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]):
            one = b.add("MatMul", at, b.weight(width, width))
            one = b.add("Add", one, b.weight(width))
            one = b.add("Reshape", one, split)
            parts.append(b.add("Transpose", one, perm=perm))
        scores = b.add("Mul", b.add("MatMul", parts[0], parts[1]), scale)
        mixed = b.add("MatMul", b.add("Softmax", scores), parts[2])
        mixed = b.add("Reshape", b.add("Transpose", mixed, perm=[0, 2, 1, 3]), merge)
        at = b.add("Add", left, b.add("MatMul", mixed, b.weight(width, width)))
        inner = b.add("LayerNormalization", at, b.weight(width), b.weight(width))
        inner = b.add("Gelu", b.add("MatMul", inner, b.weight(width, 4 * width)))
        at = b.add("Add", at, b.add("MatMul", inner, b.weight(4 * width, width)))
    at = b.add("MatMul", at, b.weight(width, 50), name="logits")
    b.add("Softmax", at, name="y")
    return b.model({"x": (2, length, width)}, ["y"])


def recurrent(op_type: str, *, lists_states: bool = True, opset: int = 14) -> bytes:
    """A bidirectional LSTM or GRU under a dense layer and a sigmoid."""
    b, gates, hidden = Builder(opset), {"LSTM": 4, "GRU": 3}[op_type], 24
    weights = [b.weight(2, gates * hidden, 16), b.weight(2, gates * hidden, hidden)]
    b.nodes.append(
        helper.make_node(
            op_type,
            ["x", *weights, b.weight(2, 2 * gates * hidden)],
            ["states" if lists_states else "", "last"],
            hidden_size=hidden,
            direction="bidirectional",
        )
    )
    at = b.add("Transpose", "last", perm=[1, 0, 2])
    at = b.add("Reshape", at, b.constant(np.array([0, 2 * hidden])))
    at = b.add("Gemm", at, b.weight(2 * hidden, 5), b.weight(5), name="logits")
    b.add("Sigmoid", at, name="y")
    return b.model({"x": (20, 3, 16)}, ["y"])


MODELS: dict[str, Callable[[], bytes]] = {
    "cnn": cnn,
    "cnn-opset-9": lambda: cnn(9),
    "cnn-opset-15": lambda: cnn(15),
    "transformer": transformer,
    "lstm": lambda: recurrent("LSTM"),
    "gru": lambda: recurrent("GRU"),
    "gru-last-state-only": lambda: recurrent("GRU", lists_states=False),
}


def feed_of(model: bytes, seed: int = 1) -> dict[str, Array]:
    """Return random inputs of a model above."""
    proto, random = onnx.load_from_string(model), np.random.default_rng(seed)
    return {
        value.name: random.normal(
            size=[dim.dim_value for dim in value.type.tensor_type.shape.dim]
        ).astype(np.float32)
        for value in proto.graph.input
    }


def with_weights(model: bytes, change: Callable[[Array], Array]) -> bytes:
    """Return the model with every float weight of two axes or more changed."""
    proto = onnx.load_from_string(model)
    for weight in proto.graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype == np.float32 and values.ndim >= 2:
            changed = np.asarray(change(values), dtype=np.float32)
            weight.CopyFrom(numpy_helper.from_array(changed, weight.name))
    return proto.SerializeToString()


def half(values: Array) -> Array:
    """Round to binary16, as a cheaper copy of the model would be stored."""
    return values.astype(np.float16)


def int8(values: Array) -> Array:
    """Round to 255 steps a channel."""
    axes = tuple(range(1, values.ndim))
    scale = np.max(np.abs(values), axis=axes, keepdims=True) / 127
    return np.round(values / scale) * scale
