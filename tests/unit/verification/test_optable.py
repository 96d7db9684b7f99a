"""The operator table: what it admits, and the page that prints it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.unit.verification.models import MODELS

from neurovoyance.verification.onnx_graph import read_graph
from neurovoyance.verification.operators.judge import RULES
from neurovoyance.verification.optable import (
    OP_TABLE_VERSION,
    judgeable,
    table_text,
    unsupported,
)

PAGE = Path(__file__).parents[3] / "docs" / "optable.md"


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == table_text()
    assert f"version {OP_TABLE_VERSION}" in table_text()
    assert all(f"| {name} |" in table_text() for name in RULES)


@pytest.mark.parametrize("name", MODELS)
def test_ordinary_models_are_admitted(name: str) -> None:
    assert unsupported(read_graph(MODELS[name]())) == []


def test_an_operator_counts_from_its_first_opset_on() -> None:
    assert judgeable("Conv", 7) and judgeable("Gelu", 20)
    assert not judgeable("Gelu", 19) and not judgeable("Conv", 22) and not judgeable("Loop", 17)


def reasons(node: onnx.NodeProto, opset: int = 17, dtype: int = TensorProto.FLOAT) -> list[str]:
    value = helper.make_tensor_value_info("x", dtype, [3])
    zero = numpy_helper.from_array(np.zeros(1, np.int8), "zero")
    out = onnx.ValueInfoProto(name="y")
    graph = helper.make_graph([node], "g", [value], [out], [zero])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    return unsupported(read_graph(model.SerializeToString()))


def branch() -> onnx.GraphProto:
    node = helper.make_node("Identity", ["x"], ["z"])
    return helper.make_graph([node], "b", [], [onnx.ValueInfoProto(name="z")])


@pytest.mark.parametrize(
    ("node", "problem"),
    [
        (helper.make_node("If", ["x"], ["y"], then_branch=branch(), else_branch=branch()), "contr"),
        (helper.make_node("Thing", ["x"], ["y"], domain="com.example"), "domain 'com.example'"),
        (helper.make_node("NonMaxSuppression", ["x", "x"], ["y"]), "has no rule"),
        (helper.make_node("Cast", ["x"], ["y"], to=TensorProto.DOUBLE), "gives float64"),
        (helper.make_node("Cast", ["x"], ["y"], to=TensorProto.STRING), "gives another type"),
        (helper.make_node("QuantizeLinear", ["x", "x", "zero"], ["y"]), "gives int8"),
    ],
)
def test_what_cannot_be_judged_is_refused_in_a_sentence(node: onnx.NodeProto, problem: str) -> None:
    found = reasons(node)
    assert len(found) == 1 and problem in found[0] and found[0].endswith(".")


def test_types_and_opsets_without_a_rule_are_refused() -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    assert "float64" in reasons(node, dtype=TensorProto.DOUBLE)[0]
    assert "no canonical form" in reasons(node, dtype=TensorProto.STRING)[0]
    assert "opset 6" in reasons(node, opset=6)[0]
    assert reasons(node) == []


def test_functions_and_sparse_weights_are_refused() -> None:
    proto = onnx.load_from_string(MODELS["cnn"]())
    proto.functions.append(onnx.FunctionProto(name="f", domain="d"))
    proto.graph.sparse_initializer.append(onnx.SparseTensorProto())
    found = unsupported(read_graph(proto.SerializeToString()))
    assert "functions" in found[0] and "sparse" in found[1]
