"""Tails: what the client computes is what the engine computes, and certificates cannot harm it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.unit.verification.engine import Draw, i64, run_single, single

from neurovoyance.protocol.certificate import TailNode
from neurovoyance.protocol.errors import SpecError, VerificationError
from neurovoyance.verification.canonical import Array
from neurovoyance.verification.graph import Operator
from neurovoyance.verification.onnx_graph import read_graph
from neurovoyance.verification.tail import (
    TAIL_OPERATORS,
    constant_node,
    evaluate_tail,
    tail_node,
)

D = Draw(3)


def node(op: str, *inputs: str, out: str = "y", **attributes: Any) -> TailNode:
    return TailNode(op=op, inputs=list(inputs), outputs=[out], attributes=attributes)


CASES: list[tuple[str, list[Array], dict[str, Any]]] = [
    ("Softmax", [D.f(4, 30)], {"axis": 1}),
    ("LogSoftmax", [D.f(4, 30)], {"axis": -1}),
    ("Sigmoid", [D.f(4, 30)], {}),
    ("ArgMax", [D.f(4, 30)], {"axis": 1, "keepdims": 0}),
    ("Reshape", [D.f(4, 30), i64(2, -1)], {}),
    ("Squeeze", [D.f(4, 1, 3), i64(1)], {}),
    ("Unsqueeze", [D.f(4, 3), i64(1)], {}),
    ("Transpose", [D.f(4, 3)], {"perm": [1, 0]}),
    ("Cast", [D.f(4, 3)], {"to": 7}),
    ("Identity", [D.f(4, 3)], {}),
    ("Flatten", [D.f(4, 3, 2)], {"axis": 1}),
    ("Add", [D.f(4, 3), D.f(3)], {}),
    ("Mul", [D.f(4, 3), D.f(3)], {}),
    ("Relu", [D.f(4, 3)], {}),
    ("Gather", [D.f(9, 3), i64(0, 4, 2)], {"axis": 0}),
    ("ReduceMax", [D.f(4, 3)], {"axes": [1], "keepdims": 0}),
    ("Concat", [D.f(4, 3), D.f(4, 2)], {"axis": 1}),
    ("Slice", [D.f(4, 9), i64(1), i64(7), i64(1), i64(2)], {}),
    ("Clip", [D.f(4, 9), np.array(-1, np.float32), np.array(1, np.float32)], {}),
    ("HardSigmoid", [D.f(4, 9)], {"alpha": 0.3}),
]


@pytest.mark.parametrize(("op", "inputs", "attributes"), CASES, ids=lambda v: str(v)[:20])
def test_a_tail_operator_gives_what_the_engine_gives(
    op: str, inputs: list[Array], attributes: dict[str, Any]
) -> None:
    operator, (expected,) = run_single(op, inputs, 17, **attributes)
    written = tail_node(operator)
    again = TailNode.model_validate_json(written.model_dump_json())
    names = {f"in{at}": value for at, value in enumerate(inputs)}
    found = evaluate_tail([again], names, ["out0"], 17)["out0"]
    assert expected is not None
    assert found.dtype == expected.dtype and found.shape == expected.shape
    if found.dtype.kind == "f":
        assert np.allclose(found, expected, rtol=1e-6, atol=1e-7)
    else:
        assert np.array_equal(found, expected)


def test_several_outputs_and_steps() -> None:
    scores = D.f(4, 30)
    _, outputs = run_single("TopK", [scores, i64(5)], 17, 2)
    tail = [
        constant_node("k", i64(5)),
        TailNode(op="TopK", inputs=["scores", "k"], outputs=["best", "at"], attributes={}),
    ]
    found = evaluate_tail(tail, {"scores": scores}, ["best", "at", "scores"], 17)
    assert np.array_equal(found["best"], outputs[0]) and np.array_equal(found["at"], outputs[1])
    assert found["scores"] is scores


def test_reals_are_rounded_once() -> None:
    data = D.f(50, 200, scale=3)
    found = evaluate_tail([node("Softmax", "x", axis="1")], {"x": data}, ["y"], 17)["y"]
    wide = np.exp(data.astype(np.float64) - data.max(axis=1, keepdims=True).astype(np.float64))
    expected = (wide / wide.sum(axis=1, keepdims=True)).astype(np.float32)
    assert np.array_equal(found, expected)


@given(
    hnp.arrays(
        st.sampled_from([np.dtype(t) for t in ("f4", "f2", "i8", "i4", "u1", "?")]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    )
)
def test_a_constant_keeps_its_values(array: Array) -> None:
    written = TailNode.model_validate_json(constant_node("c", array).model_dump_json())
    found = evaluate_tail([written], {}, ["c"], 17)["c"]
    assert found.dtype == array.dtype and found.shape == array.shape
    assert np.array_equal(found, array, equal_nan=array.dtype.kind == "f")
    if array.dtype.kind == "f":
        nan = np.isnan(array)
        assert np.array_equal(np.signbit(found)[~nan], np.signbit(array)[~nan])


X = {"x": np.ones((2, 3), np.float32)}
CONSTANT = {"dtype": "float32", "shape": ["2"], "values": ["1", "2"]}


@pytest.mark.parametrize(
    ("tail", "problem"),
    [
        ([node("MatMul", "x", "x")], "no operator that a tail may hold"),
        ([node("Loop", "x")], "no operator that a tail may hold"),
        ([node("Relu", "z")], "before anything defines it"),
        ([node("Relu", "x", out="x")], "a second time"),
        ([node("Relu", "x", out="other")], "does not define the output"),
        ([node("Softmax", "x", axis="one")], "where an integer belongs"),
        ([node("Softmax", "x", axis=["1"])], "in a form that no tail has"),
        ([node("Relu", "x", anything="1")], "in a form that no tail has"),
        ([node("HardSigmoid", "x", alpha="x")], "where a number belongs"),
        ([node("Constant")], "needs dtype, shape and values"),
        ([node("Constant", **{**CONSTANT, "dtype": "float64"})], "is of the type"),
        ([node("Constant", **{**CONSTANT, "shape": ["3"]})], "do not fit"),
        ([node("Constant", **{**CONSTANT, "dtype": "uint8", "values": ["1", "-2"]})], "do not"),
    ],
)
def test_a_wrong_tail_is_refused(tail: list[TailNode], problem: str) -> None:
    with pytest.raises(SpecError, match=problem):
        evaluate_tail(tail, X, ["y"], 17)


@pytest.mark.parametrize(
    "tail",
    [
        [constant_node("s", i64(2**40, 2**20)), node("Expand", "x", "s")],
        [constant_node("s", i64(2**40)), node("ConstantOfShape", "s")],
        [constant_node("s", i64(2**30, 2**30)), node("Tile", "x", "s")],
        [constant_node("i", i64(9)), node("Gather", "x", "i", axis="0")],
        [constant_node("s", i64(7)), node("Reshape", "x", "s")],
    ],
)
def test_a_hostile_tail_allocates_nothing(tail: list[TailNode]) -> None:
    with pytest.raises(VerificationError):
        evaluate_tail(tail, X, ["y"], 17)


def test_a_large_or_odd_constant_is_refused() -> None:
    for array in (np.zeros(5000, np.float32), np.zeros(2, np.float64)):
        with pytest.raises(SpecError, match="too large for a tail"):
            constant_node("c", array)


def test_an_attribute_without_text_is_refused() -> None:
    with pytest.raises(SpecError, match="has no text"):
        tail_node(Operator(0, "Relu", ("x",), ("y",), {"body": None}))


def test_what_must_not_be_defined_is_renamed() -> None:
    operator = read_graph(single("TopK", [D.f(4, 30), i64(5)], 17, 2)).operators[0]
    written = tail_node(operator, {"out1"})
    assert written.outputs == ["out0", "unused:0:1"]
    assert {"Softmax", "ArgMax"} <= TAIL_OPERATORS
