"""Deriving models: seen through the onnx package, and run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from tests.models import MODELS
from tests.unit.node.runtime import models

from neurovoyance.node.runtime.config import Weights
from neurovoyance.node.runtime.model_edit import expose, read_graph, round_model, single_operator
from neurovoyance.node.runtime.weights import round_weights
from neurovoyance.protocol.errors import InputMismatch, SpecError, UnsupportedModel

AFFINE = models.affine().SerializeToString()


@pytest.mark.parametrize("name", MODELS)
def test_the_index_is_what_the_onnx_package_reads(name: str) -> None:
    data = MODELS[name]().onnx
    graph, expected = read_graph(data), onnx.load_from_string(data).graph
    assert [node.op_type for node in graph.nodes] == [node.op_type for node in expected.node]
    assert [list(node.inputs) for node in graph.nodes] == [list(n.input) for n in expected.node]
    assert list(graph.initializers) == [tensor.name for tensor in expected.initializer]
    assert list(graph.inputs) == [value.name for value in expected.input]
    assert graph.outputs == [value.name for value in expected.output]
    names = [out for node in expected.node for out in node.output if out]
    assert [(row.index, row.name) for row in graph.rows()] == list(enumerate(names))


def test_omitted_outputs_have_no_row() -> None:
    node = helper.make_node("LSTM", ["x", "w", "r"], ["", "h", ""], hidden_size=1)
    made = models.model([node], [models.value("x", models.F32, [1, 1, 1])], [])
    assert [row.name for row in read_graph(made.SerializeToString()).rows()] == ["h"]


def test_exposed_values_are_added_to_the_outputs() -> None:
    data = MODELS["mlp_softmax"]().onnx
    found = onnx.load_from_string(expose(data, read_graph(data), ["logits", "y", "relu0"]))
    assert [value.name for value in found.graph.output] == ["y", "logits", "relu0"]
    assert len(found.graph.node) == len(onnx.load_from_string(data).graph.node)


@pytest.mark.parametrize("name", ["a", "two", "", "sum ", "../sum", "x" * 10_000, "\0"])
def test_what_no_operator_makes_cannot_be_exposed(name: str) -> None:
    with pytest.raises(SpecError, match="no operator output"):
        expose(AFFINE, read_graph(AFFINE), [name])


def test_one_operator_keeps_its_weights_and_takes_the_rest() -> None:
    graph = read_graph(AFFINE)
    data, outputs = single_operator(graph, 1, {"a": ("fp32", (2, 4))})
    found = onnx.load_from_string(data)
    assert outputs == ["twice"]
    assert [node.op_type for node in found.graph.node] == ["Mul"]
    assert [tensor.name for tensor in found.graph.initializer] == ["two"]
    assert [value.name for value in found.graph.input] == ["a"]
    assert found.opset_import[0].version == models.affine().opset_import[0].version


def test_constants_travel_with_the_operator() -> None:
    made = MODELS["transformer"]()
    graph = read_graph(made.onnx)
    (row,) = (row.index for row in graph.rows() if row.name == "l0.scaled")
    data, _ = single_operator(graph, row, {"l0.scores": ("fp32", (1, 4, 24, 24))})
    assert [node.op_type for node in onnx.load_from_string(data).graph.node] == ["Constant", "Div"]


@pytest.mark.parametrize("names", [(), ("a", "b"), ("two",)])
def test_inputs_that_the_operator_does_not_take_are_refused(
    names: tuple[str, ...],
) -> None:
    with pytest.raises(InputMismatch):
        single_operator(read_graph(AFFINE), 1, dict.fromkeys(names, ("fp32", (1,))))


@pytest.mark.parametrize("row", [-1, 2, 1 << 40])
def test_a_row_that_does_not_exist_is_refused(row: int) -> None:
    with pytest.raises(SpecError):
        single_operator(read_graph(AFFINE), row, {})


def test_an_operator_with_a_graph_of_its_own_is_refused() -> None:
    graph = read_graph(models.endless().SerializeToString())
    with pytest.raises(UnsupportedModel, match="holds a graph"):
        single_operator(graph, 0, {"x": ("fp32", (1,))})


@pytest.mark.parametrize("weights", [kind for kind in Weights if kind is not Weights.FP32])
def test_every_weight_is_rounded_and_nothing_else(weights: Weights) -> None:
    data = MODELS["mlp_sigmoid"]().onnx
    found = onnx.load_from_string(round_model(read_graph(data), weights, Path())).graph
    before = onnx.load_from_string(data).graph
    assert found.node == before.node
    for old, new in zip(before.initializer, found.initializer, strict=True):
        expected = round_weights(numpy_helper.to_array(old), weights, (0,))
        assert old.name == new.name
        assert numpy_helper.to_array(new).tobytes() == expected.tobytes()


def test_weights_in_constants_typed_fields_and_other_files_are_rounded(tmp_path: Path) -> None:
    third = np.full((2, 2), 1 / 3, np.float32)
    half = float(np.float16(1 / 3))
    constant = helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(third, "c"))
    typed = helper.make_tensor("t", models.F32, [2, 2], third.ravel().tolist())
    outside = onnx.TensorProto(name="e", data_type=models.F32, dims=[2, 2], data_location=1)
    outside.external_data.add(key="location", value="w.bin")
    outside.external_data.add(key="offset", value="4")
    (tmp_path / "w.bin").write_bytes(bytes(4) + third.tobytes())
    made = models.model([constant], [], [], [typed, outside])
    data = round_model(read_graph(made.SerializeToString()), Weights.FP16, tmp_path)
    found = onnx.load_from_string(data).graph
    tensors = [*found.initializer, found.node[0].attribute[0].t]
    assert [numpy_helper.to_array(tensor).ravel().tolist() for tensor in tensors] == [
        [half] * 4
    ] * 3


def test_integer_and_scalar_initializers_stay() -> None:
    kept = [np.arange(6).reshape(2, 3), np.array(1e-12, np.float32)]
    tensors = [numpy_helper.from_array(array, f"i{at}") for at, array in enumerate(kept)]
    made = models.model([], [], [], tensors)
    data = round_model(read_graph(made.SerializeToString()), Weights.FP16, Path())
    assert list(onnx.load_from_string(data).graph.initializer) == tensors
