"""A graph tells what to compare, what a cheat changes, and why a model is refused."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.models import MODELS

from neurovoyance.node.calibration.survey import Survey, survey_of
from neurovoyance.verification.onnx_graph import read_graph


def graph_of(nodes: list[onnx.NodeProto], weights: dict[str, np.ndarray], kind: int = 1) -> bytes:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, ["n", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString())


def test_the_best_proposal_lies_before_the_softmax_and_the_worst_behind_it() -> None:
    found = survey_of(read_graph(MODELS["mlp_softmax"]().onnx))
    assert found.refusals == found.tensor_refusals == []
    assert (found.options[0].names, found.options[0].behind) == (["logits"], "")
    assert [node.op for node in found.options[0].tail] == ["Softmax"]
    assert found.options[1].hidden == ["feature"]
    assert (found.options[-1].names, found.options[-1].behind) == (["y"], "Softmax")
    assert found.changed_by == ["bf16", "fp16", "int8"]
    assert Survey.model_validate(found.model_dump(mode="json")) == found


def test_tensors_that_were_asked_for_come_first() -> None:
    found = survey_of(read_graph(MODELS["mlp_softmax"]().onnx), ["y"])
    assert (found.options[0].names, found.options[0].behind) == (["y"], "Softmax")
    assert [one.names for one in found.options].count(["y"]) == 1
    assert found.options[1].names == ["logits"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("nothing", "No operator of the model gives a value named 'nothing'."),
     ("gemm0", "The outputs do not follow from these tensors. Gemm")],
)  # fmt: skip
def test_tensors_that_cannot_be_compared_are_refused(name: str, why: str) -> None:
    found = survey_of(read_graph(MODELS["mlp_softmax"]().onnx), [name])
    assert found.options == []
    assert found.refusals[0].startswith(why)


def test_control_flow_is_refused_in_words() -> None:
    branch = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["b"])],
        "b",
        [],
        [helper.make_tensor_value_info("b", TensorProto.FLOAT, None)],
    )
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    found = survey_of(read_graph(graph_of([node], {"c": np.array(True)})))
    assert found.refusals == ["If #0 is control flow, which a trace by operators cannot show."]


def test_weights_that_survive_rounding_are_no_cheat() -> None:
    node = helper.make_node("Mul", ["x", "w"], ["y"])
    found = survey_of(read_graph(graph_of([node], {"w": np.array([1, 2, 0.5], np.float32)})))
    assert found.changed_by == []
    odd = survey_of(read_graph(graph_of([node], {"w": np.array([1, 2, 0.1], np.float32)})))
    assert odd.changed_by == ["bf16", "fp16"]


def test_half_precision_weights_are_for_exact_jobs_alone() -> None:
    nodes = [helper.make_node("Cast", ["w"], ["v"], to=1), helper.make_node("Mul", ["x", "v"], "y")]
    found = survey_of(read_graph(graph_of(nodes, {"w": np.ones(3, np.float16)})))
    assert found.refusals == []
    assert found.tensor_refusals[0].startswith("The weights are float16 (such as 'w')")


def test_the_table_bounds_the_integers_that_look_it_up() -> None:
    node = helper.make_node("Gather", ["w", "x"], ["y"])
    weights = {"w": np.ones((50, 4), np.float32)}
    found = survey_of(read_graph(graph_of([node], weights, kind=TensorProto.INT64)))
    assert found.integer_bounds == {"x": 50}
