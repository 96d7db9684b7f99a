"""The walk over a model: what is refused, that real models pass, and fuzzed bytes."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from tests.unit.node.runtime import models

from neurovoyance.node.runtime import model_check
from neurovoyance.node.runtime.model_check import check_model
from neurovoyance.protocol.errors import UnsupportedModel


def refuse(made: onnx.ModelProto, path: Path, problem: str) -> UnsupportedModel:
    with pytest.raises(UnsupportedModel, match=problem) as caught:
        check_model(models.save(made, path))
    return caught.value


def test_a_real_model_passes_and_is_counted() -> None:
    path = models.magika_model()
    facts = check_model(path)
    loaded = onnx.load(path)
    assert facts.node_count == len(loaded.graph.node)
    assert facts.opsets == {o.domain or "ai.onnx": o.version for o in loaded.opset_import}
    assert facts.model_bytes == path.stat().st_size


@pytest.mark.parametrize(
    "made", [models.affine(), models.endless(), models.filled(reduced=True), models.matmul(8)]
)
def test_models_of_common_make_pass(made: onnx.ModelProto, tmp_path: Path) -> None:
    assert check_model(models.save(made, tmp_path / "m")).node_count >= 1


def test_every_field_of_the_table_is_one_of_the_format() -> None:
    messages: dict[str, Any] = {
        "Model": onnx.ModelProto, "Opset": onnx.OperatorSetIdProto, "Graph": onnx.GraphProto,
        "Entry": onnx.StringStringEntryProto, "Node": onnx.NodeProto, "Tensor": onnx.TensorProto,
        "Attribute": onnx.AttributeProto, "Function": onnx.FunctionProto,
        "Sparse": onnx.SparseTensorProto, "Value": onnx.ValueInfoProto, "Type": onnx.TypeProto,
        "TypeTensor": onnx.TypeProto.Tensor, "TypeOf": onnx.TypeProto.Sequence,
        "Map": onnx.TypeProto.Map, "Shape": onnx.TensorShapeProto,
        "Dimension": onnx.TensorShapeProto.Dimension, "Annotation": onnx.TensorAnnotation,
    }  # fmt: skip
    assert set(messages) == set(model_check._MESSAGES)
    for name, message in messages.items():
        numbers = {field.number for field in message.DESCRIPTOR.fields}
        assert set(model_check._MESSAGES[name]) <= numbers, name


def test_training_information_is_refused(tmp_path: Path) -> None:
    made = models.affine()
    made.training_info.add().algorithm.name = "step"
    refuse(made, tmp_path / "m", "training_info")


def test_device_configurations_are_refused(tmp_path: Path) -> None:
    made = models.affine()
    made.configuration.add(name="two", num_devices=2)
    refuse(made, tmp_path / "m", "configuration")


@pytest.mark.parametrize("domain", ["com.example", "ai.onnx.preview.training", "com.microsoft.x"])
def test_an_operator_of_a_foreign_domain_is_refused(tmp_path: Path, domain: str) -> None:
    made = models.affine()
    made.graph.node[0].domain = domain
    assert refuse(made, tmp_path / "m", "not built into").context["domain"] == domain


def test_a_compiled_device_binary_is_refused(tmp_path: Path) -> None:
    made = models.affine()
    made.graph.node[0].domain, made.graph.node[0].op_type = "com.microsoft", "EPContext"
    refuse(made, tmp_path / "m", "EPContext")


def test_a_foreign_operator_hidden_in_a_subgraph_is_refused(tmp_path: Path) -> None:
    made = models.endless()
    made.graph.node[0].attribute[0].g.node[0].domain = "com.example"
    refuse(made, tmp_path / "m", "com.example")


def test_an_operator_that_the_model_defines_itself_passes(tmp_path: Path) -> None:
    made = models.affine()
    made.graph.node[0].domain, made.graph.node[0].op_type = "local", "MyAdd"
    node = helper.make_node("Add", ["p", "q"], ["r"])
    opset = helper.make_opsetid("", 18)
    made.functions.append(
        helper.make_function("local", "MyAdd", ["p", "q"], ["r"], [node], [opset])
    )
    assert check_model(models.save(made, tmp_path / "m")).node_count == 3


@pytest.mark.parametrize("field", ["graph", "opset_import", "ir_version"])
def test_a_model_without_an_essential_part_is_refused(tmp_path: Path, field: str) -> None:
    made = models.affine()
    made.ClearField(field)
    refuse(made, tmp_path / "m", "lacks a graph")


def test_two_graphs_that_would_be_merged_are_refused(tmp_path: Path) -> None:
    data = models.affine().SerializeToString()
    graph = onnx.ModelProto(graph=models.logarithm().graph).SerializeToString()
    (tmp_path / "m").write_bytes(data + graph)
    with pytest.raises(UnsupportedModel):
        check_model(tmp_path / "m")


def test_a_field_that_the_table_lacks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(models.affine().SerializeToString() + b"\xfa\x07\x01x")
    with pytest.raises(UnsupportedModel, match="unknown field 127 in a Model"):
        check_model(tmp_path / "m")


def test_a_field_stored_in_the_wrong_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(models.affine().SerializeToString() + b"\x0a\x01x")
    with pytest.raises(UnsupportedModel, match="stores ir_version of a Model in the wrong way"):
        check_model(tmp_path / "m")


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    inner = onnx.GraphProto()
    for _ in range(25):
        outer = onnx.GraphProto()
        outer.node.add(op_type="If").attribute.add(name="then").g.CopyFrom(inner)
        inner = outer
    made = models.affine()
    made.graph.node.extend(inner.node)
    refuse(made, tmp_path / "m", "nests deeper")


def external(tmp_path: Path, location: str, **entries: str) -> Path:
    directory = tmp_path / "model"
    directory.mkdir()
    np.arange(4, dtype=np.float32).tofile(tmp_path / "outside.bin")
    np.arange(4, dtype=np.float32).tofile(directory / "w.bin")
    (directory / "link.bin").symlink_to(tmp_path / "outside.bin")
    (directory / "up").symlink_to(tmp_path)
    (directory / "folder").mkdir()
    os.mkfifo(directory / "pipe")
    models.save(models.with_external(location, **entries), directory / "model.onnx")
    return directory


def test_weights_inside_the_directory_pass(tmp_path: Path) -> None:
    directory = external(tmp_path, "./w.bin", offset="0", length="16", checksum="00")
    assert check_model(directory).external == {directory / "w.bin": 16}


@pytest.mark.parametrize(
    "location",
    [
        "/etc/passwd",
        "../outside.bin",
        "folder/../../outside.bin",
        "link.bin",
        "up/outside.bin",
        "folder",
        "pipe",
        "missing.bin",
        "",
        ".",
        "..\\outside.bin",
        "C:w.bin",
        "w.bin\0x",
        "*/_ORT_MEM_ADDR_/*",
        "w" * 5000,
    ],
)
def test_weights_anywhere_else_are_refused(tmp_path: Path, location: str) -> None:
    with pytest.raises(UnsupportedModel):
        check_model(external(tmp_path, location))


@pytest.mark.parametrize(
    "entries",
    [
        {"offset": "1", "length": "16"},
        {"length": "17"},
        {"offset": "17"},
        {"offset": "-1"},
        {"offset": "0x0"},
        {"offset": "9" * 30},
        {"length": ""},
        {"basepath": "/"},
    ],
)
def test_a_range_that_the_weight_file_lacks_is_refused(
    tmp_path: Path, entries: dict[str, str]
) -> None:
    with pytest.raises(UnsupportedModel):
        check_model(external(tmp_path, "w.bin", **entries))


def test_a_single_file_may_not_refer_to_its_neighbours(tmp_path: Path) -> None:
    directory = external(tmp_path, "w.bin")
    with pytest.raises(UnsupportedModel, match="single file"):
        check_model(directory / "model.onnx")


def test_external_data_is_found_wherever_a_tensor_may_be(tmp_path: Path) -> None:
    outside = models.with_external("/etc/passwd").graph.initializer[0]
    in_attribute = models.affine()
    in_attribute.graph.node.append(helper.make_node("Constant", [], ["c"], value=outside))
    in_list = models.affine()
    in_list.graph.node[0].attribute.add(name="l", type=onnx.AttributeProto.TENSORS).tensors.append(
        outside
    )
    in_sparse = models.affine()
    in_sparse.graph.sparse_initializer.add().values.CopyFrom(outside)
    in_subgraph = models.endless()
    in_subgraph.graph.node[0].attribute[0].g.initializer.append(outside)
    in_function = models.affine()
    node = helper.make_node("Constant", [], ["r"], value=outside)
    in_function.functions.append(helper.make_function("local", "F", [], ["r"], [node], []))
    for position, made in enumerate([in_attribute, in_list, in_sparse, in_subgraph, in_function]):
        directory = tmp_path / str(position)
        directory.mkdir()
        models.save(made, directory / "model.onnx")
        with pytest.raises(UnsupportedModel, match="outside its directory"):
            check_model(directory)


def test_contradictory_tensors_are_refused(tmp_path: Path) -> None:
    marked = models.affine()
    marked.graph.initializer[0].data_location = TensorProto.EXTERNAL
    refuse(marked, tmp_path / "m", "contradicts itself")
    unmarked = models.affine()
    unmarked.graph.initializer[0].external_data.add(key="location", value="w.bin")
    refuse(unmarked, tmp_path / "m", "contradicts itself")


@pytest.mark.parametrize("kind", ["missing", "directory", "pipe", "device"])
def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "m"
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    with pytest.raises(UnsupportedModel):
        check_model(path)


@cache
def samples() -> list[bytes]:
    constant = numpy_helper.from_array(np.ones(3, np.float32), "c")
    with_constant = models.affine()
    with_constant.graph.node.append(helper.make_node("Constant", [], ["c"], value=constant))
    made = [with_constant, models.endless(), models.with_external("w.bin", offset="0")]
    return [one.SerializeToString() for one in made]


def check_bytes(data: bytes, tmp: Path) -> None:
    """Check a model of these bytes; only the one error may come out."""
    tmp.write_bytes(data)
    try:
        check_model(tmp)
    except UnsupportedModel as error:
        assert error.message  # any other exception fails the test


@given(data=st.data())
def test_mutated_models_pass_or_are_refused(data: Any, scratch: Path) -> None:
    mutated = bytearray(data.draw(st.sampled_from(samples())))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        match data.draw(st.sampled_from(["set", "cut", "insert"])):
            case "set":
                mutated[at] = data.draw(st.integers(0, 255))
            case "cut":
                del mutated[at : at + data.draw(st.integers(1, 9))]
            case "insert":
                mutated[at:at] = data.draw(st.binary(max_size=12))
        if not mutated:
            mutated = bytearray(b"\0")
    check_bytes(bytes(mutated), scratch)


@given(data=st.binary(min_size=1, max_size=300))
def test_random_bytes_are_refused(data: bytes, scratch: Path) -> None:
    scratch.write_bytes(data)
    with pytest.raises(UnsupportedModel):
        check_model(scratch)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "model.onnx"
