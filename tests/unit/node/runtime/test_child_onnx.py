"""Grouping the rows of a trace, so that only some are in memory at once."""

from __future__ import annotations

import numpy as np
import pytest

from neurovoyance.node.runtime.base import TensorSpec
from neurovoyance.node.runtime.child_onnx import group_rows, symbol_sizes

ROWS = [TensorSpec(str(at), "float32", ("n", 25)) for at in range(6)]


def names(groups: list[list[TensorSpec]]) -> list[str]:
    return ["".join(spec.name for spec in group) for group in groups]


@pytest.mark.parametrize(
    ("budget", "expected"),
    [(10_000, ["012345"]), (400, ["01", "23", "45"]), (399, list("012345")), (1, list("012345"))],
)
def test_a_group_stays_within_the_budget(budget: int, expected: list[str]) -> None:
    assert names(group_rows(ROWS, {"n": 2}, budget)) == expected


def test_a_row_of_unknown_size_counts_as_the_largest() -> None:
    rows = [ROWS[0], TensorSpec("?", "float32", (None,)), ROWS[1]]
    assert names(group_rows(rows, {"n": 2}, 400)) == ["0?", "1"]
    assert group_rows([], {}, 1) == []


def test_symbols_take_their_size_from_the_input() -> None:
    declared = [TensorSpec("x", "float32", ("n", 3)), TensorSpec("y", "int64", (None, "m"))]
    feed = {"x": np.zeros((5, 3)), "y": np.zeros((1, 7))}
    assert symbol_sizes(declared, feed) == {"n": 5, "m": 7}
