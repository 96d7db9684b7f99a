"""Reading ONNX files: the same as the onnx package reads, and nothing hostile."""

from __future__ import annotations

import contextlib
import math
import struct
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, external_data_helper, helper, numpy_helper
from tests.unit.verification.models import MODELS, cnn

from neurovoyance.protocol.errors import UnsupportedModel
from neurovoyance.verification.onnx_graph import read_graph


@pytest.mark.parametrize("name", MODELS)
def test_the_onnx_package_reads_the_same(name: str) -> None:
    raw = MODELS[name]()
    graph, proto = read_graph(raw), onnx.load_from_string(raw)
    assert graph.opset == proto.opset_import[0].version and not graph.faults
    assert [value.name for value in graph.inputs] == [value.name for value in proto.graph.input]
    for operator, node in zip(graph.operators, proto.graph.node, strict=True):
        assert operator.op_type == node.op_type
        assert operator.inputs == tuple(node.input) and operator.outputs == tuple(node.output)
        for attribute in node.attribute:
            value = helper.get_attribute_value(attribute)
            found = operator.attributes[attribute.name]
            wanted = value.decode() if isinstance(value, bytes) else value
            assert found == (tuple(wanted) if isinstance(found, tuple) else wanted)
    for weight in proto.graph.initializer:
        read = graph.weights[weight.name].load()
        assert np.array_equal(read, numpy_helper.to_array(weight))
        assert not read.flags.writeable


ARRAYS = [
    np.array([[1.5, -0.0], [np.inf, 3]], np.float32),
    np.array([1, -2, 2**40], np.int64),
    np.array([1, -2], np.int32),
    np.array([True, False]),
    np.array([0, 255], np.uint8),
    np.array([-128, 127], np.int8),
    np.array([1.5, -2], np.float16),
    np.array([1.5, -2], np.float64),
    np.array([2**63 + 1], np.uint64),
    np.array([1.5, -2], ml_dtypes.bfloat16),
    np.array(7, np.int64),
    np.zeros((0, 3), np.float32),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}-{a.shape}")
@pytest.mark.parametrize("is_raw", [True, False])
def test_a_tensor_keeps_its_bits(array: np.ndarray, is_raw: bool) -> None:
    code = helper.np_dtype_to_tensor_dtype(array.dtype)
    values = array.tobytes() if is_raw else array.reshape(-1).tolist()
    tensor = helper.make_tensor("w", code, array.shape, values, raw=is_raw)
    node = helper.make_node("Constant", [], ["y"], value=tensor)
    out = onnx.ValueInfoProto(name="y")
    model = helper.make_model(helper.make_graph([node], "g", [], [out], [tensor]))
    graph = read_graph(model.SerializeToString())
    for read in (graph.weights["w"].load(), graph.operators[0].attributes["value"]):
        assert isinstance(read, np.ndarray)
        assert read.dtype == array.dtype and read.tobytes() == array.tobytes()
        assert read.shape == array.shape


def test_external_data_comes_from_the_resolver(tmp_path: Path) -> None:
    proto = onnx.load_from_string(cnn())
    external_data_helper.convert_model_to_external_data(
        proto, location="weights.bin", size_threshold=0
    )
    onnx.save_model(proto, tmp_path / "m.onnx")
    raw, blob = (tmp_path / "m.onnx").read_bytes(), (tmp_path / "weights.bin").read_bytes()
    with pytest.raises(UnsupportedModel, match="another file"):
        read_graph(raw)

    def resolver(name: str, offset: int, length: int | None) -> memoryview:
        assert name == "weights.bin" and length is not None
        return memoryview(blob)[offset : offset + length]

    graph, whole = read_graph(raw, resolver), read_graph(cnn())
    for name, weight in whole.weights.items():
        assert np.array_equal(graph.weights[name].load(), weight.load())
    with pytest.raises(UnsupportedModel, match="bytes instead of"):
        read_graph(raw, lambda *_: memoryview(b"xx"))


def rebuilt(**changes: object) -> bytes:
    proto = onnx.load_from_string(cnn())
    if "swap" in changes:
        nodes = list(proto.graph.node)[::-1]
        del proto.graph.node[:]
        proto.graph.node.extend(nodes)
    if "twice" in changes:
        proto.graph.node[1].output[0] = proto.graph.node[0].output[0]
    if "ghost" in changes:
        proto.graph.output[0].name = "nothing"
    if "twin" in changes:
        proto.graph.initializer.append(proto.graph.initializer[0])
    if "huge" in changes:
        proto.graph.initializer[0].dims[0] = 2**50
    if "negative" in changes:
        proto.graph.initializer[0].dims[0] = -1
    if "text" in changes:
        proto.graph.initializer[0].data_type = TensorProto.STRING
    if "opset" in changes:
        del proto.opset_import[:]
    return proto.SerializeToString()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("swap", "before an operator gives it"),
        ("twice", "twice"),
        ("ghost", "no operator gives"),
        ("twin", "same name"),
        ("huge", "too large"),
        ("negative", "impossible shape"),
        ("text", "element type 8"),
        ("opset", "version of the ONNX operators"),
    ],
)
def test_a_graph_that_does_not_hold_together_is_refused(change: str, problem: str) -> None:
    with pytest.raises(UnsupportedModel, match=problem):
        read_graph(rebuilt(**{change: True}))


def test_a_promise_of_many_elements_allocates_nothing() -> None:
    tensor = b"\x08" + b"\xff\xff\xff\xff\x7f" + b"\x10\x01\x42\x01w"
    graph = b"\x2a" + bytes([len(tensor)]) + tensor
    model = b"\x42\x02\x10\x11\x3a" + bytes([len(graph)]) + graph
    with pytest.raises(UnsupportedModel):
        read_graph(model)


def small() -> bytes:
    """A few hundred bytes that hold every kind of message."""
    weight = numpy_helper.from_array(np.ones((2, 2), np.float32), "w")
    listed = helper.make_tensor("v", TensorProto.INT64, [2], [1, -1])
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        helper.make_node("LeakyRelu", ["a"], ["b"], alpha=0.5),
        helper.make_node("Constant", [], ["c"], value=listed),
        helper.make_node("Transpose", ["b"], ["y"], perm=[1, 0], name="last"),
    ]
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])
    graph = helper.make_graph(nodes, "g", [value], [onnx.ValueInfoProto(name="y")], [weight])
    return helper.make_model(graph).SerializeToString()


SMALL = small()


@settings(max_examples=500)
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), max_size=4))
def test_a_damaged_file_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    raw = bytearray(SMALL)
    for at, value in changes:
        raw[at] = value
    with contextlib.suppress(UnsupportedModel):
        read_graph(bytes(raw))


def test_a_float_attribute_is_the_binary32_value() -> None:
    node = helper.make_node("LeakyRelu", ["x"], ["y"], alpha=0.1)
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, "n", 3])
    proto = helper.make_graph([node], "g", [value], [onnx.ValueInfoProto(name="y")])
    graph = read_graph(helper.make_model(proto).SerializeToString())
    exact = struct.unpack("<f", struct.pack("<f", 0.1))[0]
    assert math.isclose(graph.operators[0].float_of("alpha", 0), exact, rel_tol=0)
    assert graph.inputs[0].shape == ("", "n", 3)
