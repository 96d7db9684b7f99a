"""Written-out softmaxes are recognised, and only those."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.verification.engine import trace_model
from tests.unit.verification.models import Builder, feed_of

from neurovoyance.verification.onnx_graph import read_graph
from neurovoyance.verification.softmax_pattern import find_softmaxes
from neurovoyance.verification.tail import evaluate_tail
from neurovoyance.verification.tensor_choice import split_tail


def written(
    opset: int = 17,
    axis: int = -1,
    top_axis: int | None = None,
    floor: float = -np.inf,
    source: str = "logits",
) -> bytes:
    b = Builder(opset)
    b.add("MatMul", "x", b.weight(8, 6), name="logits")
    b.add("Neg", "logits", name="other")
    top = b.add("ReduceMax", source, axes=[axis if top_axis is None else top_axis])
    top = b.add("Max", b.constant(np.array(floor, np.float32)), top)
    terms = b.add("Exp", b.add("Sub", "logits", top), name="terms")
    total = b.add("ReduceSum", terms, b.constant(np.array([axis])))
    # The shape of the broadcast comes from the model's input, as some exporters have it.
    total = b.add("Expand", total, b.add("Shape", total))
    b.add("Div", terms, total, name="y")
    return b.model({"x": (3, 8)}, ["y"])


def test_a_written_softmax_becomes_one_node() -> None:
    model = written()
    graph, values = trace_model(model, feed_of(model))
    found = find_softmaxes(graph)["y"]
    assert (found.source, found.axis, found.output) == ("logits", -1, "y")
    tail = split_tail(graph, ["logits"])
    assert isinstance(tail, list) and [node.op for node in tail] == ["Softmax"]
    outputs = evaluate_tail(tail, {"logits": values["logits"]}, ["y"], graph.opset)
    assert np.allclose(outputs["y"], values["y"], rtol=1e-6)


@pytest.mark.parametrize(
    "model",
    [written(top_axis=0), written(floor=0.0), written(source="other")],
    ids=["axes differ", "a maximum that cuts", "the maximum of something else"],
)
def test_what_only_looks_like_one_is_left_alone(model: bytes) -> None:
    assert find_softmaxes(read_graph(model)) == {}
