"""What a certificate should cover, and the tail that goes with it."""

from __future__ import annotations

from pathlib import Path

import magika
import numpy as np
import pytest
from tests.unit.verification.engine import trace_model
from tests.unit.verification.models import MODELS, Builder, feed_of

from neurovoyance.verification.graph import Graph
from neurovoyance.verification.onnx_graph import read_graph
from neurovoyance.verification.tail import evaluate_tail
from neurovoyance.verification.tensor_choice import (
    NoTail,
    candidate_verify_tensors,
    split_tail,
)

MAGIKA = Path(magika.__file__).parent / "models" / "standard_v3_3" / "model.onnx"


@pytest.mark.parametrize("name", MODELS)
def test_tensors_before_squashing_come_first_and_give_the_outputs(name: str) -> None:
    model = MODELS[name]()
    feed = feed_of(model)
    graph, values = trace_model(model, feed)
    proposals = candidate_verify_tensors(graph)
    assert proposals[0].candidate.names == ("logits",) and proposals[0].candidate.behind == ""
    assert "before S" in proposals[0].reason
    assert proposals[1].candidate.names[0] == "logits" and len(proposals[1].candidate.names) > 1
    assert proposals[-1].candidate.names == ("y",) and proposals[-1].candidate.behind
    for proposal in proposals:
        tail = split_tail(graph, proposal.candidate.names)
        assert isinstance(tail, list)
        given = {one: values[one] for one in proposal.candidate.names}
        found = evaluate_tail(tail, given, ["y"], graph.opset)["y"]
        assert np.allclose(found, values["y"], rtol=1e-5, atol=1e-7)


def test_a_softmax_written_out_is_passed() -> None:
    raw = MAGIKA.read_bytes()
    feed = {"bytes": np.random.default_rng(1).integers(0, 257, (2, 2048)).astype(np.int32)}
    graph, values = trace_model(raw, feed)
    first = candidate_verify_tensors(graph)[0].candidate.names
    assert first != ("target_label",)
    logits = values[first[0]]
    assert logits.shape == (2, 214) and logits.min() < 0
    tail = split_tail(graph, first)
    assert isinstance(tail, list)
    found = evaluate_tail(tail, {first[0]: logits}, ["target_label"], graph.opset)
    assert np.allclose(found["target_label"], values["target_label"], rtol=1e-5, atol=1e-8)


def graph_of(builder: Builder, *outputs: str) -> Graph:
    return read_graph(builder.model({"x": (2, 8)}, list(outputs)))


def test_what_a_client_cannot_compute_is_a_reason() -> None:
    b = Builder(17)
    b.add("Relu", b.add("MatMul", "x", b.weight(8, 8), name="m"), name="a")
    b.add("Softmax", b.add("MatMul", "a", b.weight(8, 4), name="logits"), name="y")
    found = split_tail(graph_of(b, "y"), ["a"])
    assert isinstance(found, NoTail) and "MatMul #2 (" not in found.reasons[0]
    assert "MatMul #2" in found.reasons[0] and found.reasons[0].endswith(".")


def test_an_output_that_needs_the_input_itself_is_a_reason() -> None:
    b = Builder(17)
    b.add("Add", b.add("MatMul", "x", b.weight(8, 8), name="m"), "x", name="y")
    found = split_tail(graph_of(b, "y"), ["m"])
    assert isinstance(found, NoTail) and "input 'x' itself" in found.reasons[0]
    assert candidate_verify_tensors(graph_of(b, "y"))[0].candidate.names == ("y",)


def test_a_large_weight_and_a_long_tail_are_reasons() -> None:
    b = Builder(17)
    at = b.add("MatMul", "x", b.weight(8, 8), name="m")
    b.add("Gather", b.weight(600, 8), b.add("Cast", at, to=7), axis=0, name="y")
    found = split_tail(graph_of(b, "y"), ["m"])
    assert isinstance(found, NoTail) and "too large for a tail" in found.reasons[0]
    b = Builder(17)
    at = b.add("MatMul", "x", b.weight(8, 8), name="m")
    for _ in range(65):
        at = b.add("Relu", at)
    b.add("Identity", at, name="y")
    found = split_tail(graph_of(b, "y"), ["m"])
    assert isinstance(found, NoTail) and "more than 64" in found.reasons[0]


def test_several_outputs_share_their_tensors() -> None:
    b = Builder(17)
    logits = b.add("MatMul", "x", b.weight(8, 4), name="logits")
    b.add("Softmax", logits, name="p")
    b.add("ArgMax", logits, axis=1, name="best")
    graph = graph_of(b, "p", "best", "logits")
    assert candidate_verify_tensors(graph)[0].candidate.names == ("logits",)
    tail = split_tail(graph, ["logits"])
    assert isinstance(tail, list) and [one.op for one in tail] == ["Softmax", "ArgMax"]
