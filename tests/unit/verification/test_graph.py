"""Rows of a graph: which values a trace lists, in which order."""

from __future__ import annotations

import numpy as np
import pytest

from neurovoyance.protocol.errors import SpecError
from neurovoyance.verification.graph import Graph, Operator, ValueInfo, Weight


def graph() -> Graph:
    weight = Weight("w", np.dtype("f4"), (2,), lambda: np.ones(2, np.float32))
    return Graph(
        17,
        (ValueInfo("x", "float32", (2,)),),
        (ValueInfo("y", "float32", (2,)),),
        (
            Operator(0, "Split", ("x",), ("a", "", "b")),
            Operator(1, "Add", ("a", "w"), ("y",), {"axis": 3, "mode": "m", "scale": 0.5}),
        ),
        {"w": weight},
    )


def test_a_row_is_an_operator_output_that_is_not_omitted() -> None:
    rows = graph().rows
    assert [(row.operator.index, row.output, row.name) for row in rows] == [
        (0, 0, "a"),
        (0, 2, "b"),
        (1, 0, "y"),
    ]
    assert graph().row_of("y") == 2
    with pytest.raises(SpecError, match="No operator"):
        graph().row_of("x")


def test_sources_are_weights_and_inputs() -> None:
    assert graph().is_source("w") and graph().is_source("x")
    assert not graph().is_source("a")
    assert [operator.index for operator in graph().consumers("a")] == [1]


def test_attributes_are_read_by_kind() -> None:
    operator = graph().operators[1]
    assert operator.int_of("axis", 0) == 3 and operator.int_of("mode", 7) == 7
    assert operator.text_of("mode", "") == "m" and operator.float_of("scale", 1.0) == 0.5
    assert operator.ints_of("axis") is None
    assert operator.describe() == "Add #1"
