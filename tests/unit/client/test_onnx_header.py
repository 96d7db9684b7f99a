"""The header reader agrees with the onnx package and never fails other than by its own error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from neurovoyance.client.filetypes import installed_model
from neurovoyance.client.onnx_header import OnnxHeader, parse_onnx_header, read_onnx_header
from neurovoyance.protocol.errors import UnsupportedModel


def tiny_model(
    *, weights_are_inputs: bool = False, dtype: int = TensorProto.FLOAT
) -> onnx.ModelProto:
    x = helper.make_tensor_value_info("x", dtype, ["batch", 4])
    y = helper.make_tensor_value_info("y", dtype, ["batch", 2])
    weight = numpy_helper.from_array(np.ones((4, 2), np.float32), "w")
    inputs = [x]
    if weights_are_inputs:
        inputs = [helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 2]), x]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], "g", inputs, [y], [weight]
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    )


def header_of(model: onnx.ModelProto) -> OnnxHeader:
    return parse_onnx_header(model.SerializeToString())


def test_names_dtypes_and_shapes_are_read() -> None:
    header = header_of(tiny_model())
    assert header.opset == 17
    assert [(t.name, t.dtype, t.shape) for t in header.inputs] == [("x", "float32", ["batch", "4"])]
    assert [(t.name, t.dtype, t.shape) for t in header.outputs] == [
        ("y", "float32", ["batch", "2"])
    ]


def test_weights_listed_as_inputs_are_left_out() -> None:
    assert [t.name for t in header_of(tiny_model(weights_are_inputs=True)).inputs] == ["x"]


def test_the_file_type_model_reads_as_the_onnx_package_reads_it() -> None:
    path = installed_model().path
    header, model = read_onnx_header(path), onnx.load(path)
    assert header.opset == next(o.version for o in model.opset_import if o.domain == "")
    assert header.ir_version == model.ir_version
    for found, wanted in (
        (header.inputs, model.graph.input),
        (header.outputs, model.graph.output),
    ):
        assert [t.name for t in found] == [v.name for v in wanted]
        for tensor, value in zip(found, wanted, strict=True):
            dims = value.type.tensor_type.shape.dim
            assert tensor.shape == [d.dim_param or str(d.dim_value) for d in dims]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (TensorProto.FLOAT, "float32"),
        (TensorProto.FLOAT16, "float16"),
        (TensorProto.BFLOAT16, "bfloat16"),
        (TensorProto.INT32, "int32"),
        (TensorProto.INT64, "int64"),
        (TensorProto.UINT8, "uint8"),
        (TensorProto.BOOL, "bool"),
    ],
)
def test_every_dtype_of_a_manifest_is_known(code: int, name: str) -> None:
    assert header_of(tiny_model(dtype=code)).inputs[0].dtype == name


def test_a_string_tensor_is_refused() -> None:
    with pytest.raises(UnsupportedModel, match="of a kind that a job cannot carry"):
        header_of(tiny_model(dtype=TensorProto.STRING))


def test_an_unnamed_dimension_gets_a_name() -> None:
    model = tiny_model()
    model.graph.input[0].type.tensor_type.shape.dim[0].Clear()
    assert header_of(model).inputs[0].shape == ["dim_0", "4"]


def test_files_of_external_weights_are_listed(tmp_path: Path) -> None:
    model = tiny_model()
    path = tmp_path / "model.onnx"
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    assert read_onnx_header(path).external_files == ("weights.bin",)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.onnx"
    path.write_bytes(b"")
    with pytest.raises(UnsupportedModel, match="is empty"):
        read_onnx_header(path)


def test_two_graphs_are_refused() -> None:
    raw = tiny_model().SerializeToString()
    graph = tiny_model().graph.SerializeToString()
    assert len(graph) < 128
    with pytest.raises(UnsupportedModel, match="two graphs"):
        parse_onnx_header(raw + bytes([7 << 3 | 2, len(graph)]) + graph)


def test_a_model_of_two_default_opsets_is_refused() -> None:
    model = tiny_model()
    model.opset_import.append(helper.make_opsetid("", 18))
    with pytest.raises(UnsupportedModel, match="exactly one version"):
        header_of(model)


@pytest.mark.parametrize("junk", [b"\x00", b"PK\x03\x04" * 20, b"\xff" * 64, b"\x3a\x05abc"])
def test_other_files_are_refused(junk: bytes) -> None:
    with pytest.raises(UnsupportedModel):
        parse_onnx_header(junk)


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=300))
def test_random_bytes_end_in_a_header_or_a_refusal(data: bytes) -> None:
    try:
        assert parse_onnx_header(data).inputs
    except UnsupportedModel as error:
        assert error.hint


@settings(max_examples=400, deadline=None)
@given(cut=st.integers(0, 10_000), at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_damaged_model_ends_in_a_header_or_a_refusal(cut: int, at: int, flip: int) -> None:
    raw = bytearray(tiny_model().SerializeToString())
    raw[at % len(raw)] ^= flip
    try:
        parse_onnx_header(bytes(raw[: cut % len(raw) or None]))
    except UnsupportedModel as error:
        assert error.message.startswith("The model file")
