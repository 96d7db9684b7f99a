"""ONNX models made for the tests, each with one habit, and the input files that go with them."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

F32, I64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
Value = onnx.ValueInfoProto
Array = npt.NDArray[Any]


def value(name: str, dtype: int, shape: Sequence[int | str | None] | None) -> Value:
    return helper.make_tensor_value_info(name, dtype, shape)


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    initializers: Sequence[onnx.TensorProto] = (),
    **fields: Any,
) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "graph", inputs, outputs, initializers)
    opsets = fields.pop("opset_imports", [helper.make_opsetid("", 18)])
    return helper.make_model(graph, opset_imports=opsets, ir_version=9, **fields)


def affine() -> onnx.ModelProto:
    """``sum = a + b`` and ``twice = 2a`` over float32 ``(n, 4)``."""
    two = numpy_helper.from_array(np.array([2], np.float32), "two")
    return model(
        [
            helper.make_node("Add", ["a", "b"], ["sum"]),
            helper.make_node("Mul", ["a", "two"], ["twice"]),
        ],
        [value("a", F32, ["n", 4]), value("b", F32, ["n", 4])],
        [value("sum", F32, ["n", 4]), value("twice", F32, ["n", 4])],
        [two],
    )


def matmul(size: int, layers: int = 1) -> onnx.ModelProto:
    """``layers`` products of float32 ``(n, size)`` with a fixed matrix and a Tanh between."""
    random = np.random.default_rng(7)
    weight = numpy_helper.from_array(
        (random.standard_normal((size, size)) / np.sqrt(size)).astype(np.float32), "w"
    )
    nodes, last = [], "x"
    for layer in range(layers):
        nodes.append(helper.make_node("MatMul", [last, "w"], [f"m{layer}"]))
        nodes.append(helper.make_node("Tanh", [f"m{layer}"], [f"t{layer}"]))
        last = f"t{layer}"
    return model(nodes, [value("x", F32, ["n", size])], [value(last, F32, ["n", size])], [weight])


def endless() -> onnx.ModelProto:
    """A loop of 2**63-1 rounds over float32 ``(1,)``."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Neg", ["v"], ["v_next"]),
        ],
        "body",
        [value("round", I64, []), value("go", BOOL, []), value("v", F32, [1])],
        [value("go_on", BOOL, []), value("v_next", F32, [1])],
    )
    rounds = numpy_helper.from_array(np.array(2**63 - 1, np.int64), "rounds")
    always = numpy_helper.from_array(np.array(True), "always")
    loop = helper.make_node("Loop", ["rounds", "always", "x"], ["y"], body=body)
    return model([loop], [value("x", F32, [1])], [value("y", F32, [1])], [rounds, always])


def filled(*, reduced: bool) -> onnx.ModelProto:
    """Ones of the shape given as int64 ``shape``; ``reduced`` sums them, so only memory is big."""
    one = numpy_helper.from_array(np.array([1], np.float32), "one")
    nodes = [helper.make_node("ConstantOfShape", ["shape"], ["big"], value=one)]
    if not reduced:
        return model(nodes, [value("shape", I64, [1])], [value("big", F32, ["k"])])
    nodes.append(helper.make_node("ReduceSum", ["big"], ["y"], keepdims=1))
    return model(nodes, [value("shape", I64, [1])], [value("y", F32, [1])])


def logarithm() -> onnx.ModelProto:
    """``y = log(x)`` over float32 ``(n,)``: NaN below zero, minus infinity at zero."""
    node = helper.make_node("Log", ["x"], ["y"])
    return model([node], [value("x", F32, ["n"])], [value("y", F32, ["n"])])


def identity(dtype: int) -> onnx.ModelProto:
    """``y = x`` over ``(n,)`` of any dtype."""
    node = helper.make_node("Identity", ["x"], ["y"])
    return model([node], [value("x", dtype, ["n"])], [value("y", dtype, ["n"])])


def with_external(location: str, **entries: str) -> onnx.ModelProto:
    """``y = x + w`` where ``w``, float32 ``(4,)``, lies in another file."""
    weight = TensorProto(name="w", data_type=F32, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, text in {"location": location, **entries}.items():
        weight.external_data.add(key=key, value=text)
    node = helper.make_node("Add", ["x", "w"], ["y"])
    return model([node], [value("x", F32, [4])], [value("y", F32, [4])], [weight])


def save(made: onnx.ModelProto, path: Path) -> Path:
    path.write_bytes(made.SerializeToString())
    return path


def save_input(path: Path, **tensors: Array) -> Path:
    save_file(tensors, path)
    return path


def magika_model() -> Path:
    """Return the classifier that the magika package carries, without importing the package."""
    found = importlib.util.find_spec("magika")
    if found is None or found.origin is None:
        pytest.skip("magika is not installed")
    return next((Path(found.origin).parent / "models").glob("*/model.onnx"))
