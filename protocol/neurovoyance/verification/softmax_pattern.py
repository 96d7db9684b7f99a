"""Recognise a softmax that an exporter wrote out as maximum, difference, Exp, sum and quotient.

Place: L2, at registration, below ``tensor_choice``. Some exporters also compute shapes for the
broadcasts from the model's input, which a client does not have; one Softmax node in the tail needs
no shapes. Never: a guess that is not checked: registration compares the tail's outputs with the
model's on every input.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from neurovoyance.verification.graph import Graph, Operator

_SHAPING: Final = frozenset({"Reshape", "Expand", "Identity", "Squeeze", "Unsqueeze"})
_MAX_STEPS: Final = 8


@dataclass(frozen=True, slots=True)
class WrittenSoftmax:
    """A softmax of ``source`` along ``axis``; ``output`` is the name of the quotient."""

    source: str
    axis: int
    output: str


def find_softmaxes(graph: Graph) -> dict[str, WrittenSoftmax]:
    """Return every softmax that is written out, by the name of its output."""
    found: dict[str, WrittenSoftmax] = {}
    for operator in graph.operators:
        softmax = _softmax(graph, operator) if operator.op_type == "Div" else None
        if softmax is not None:
            found[softmax.output] = softmax
    return found


def _producer(graph: Graph, name: str, op_type: str) -> Operator | None:
    row = graph.row_by_name.get(name)
    if row is None:
        return None
    operator = graph.rows[row].operator
    return operator if operator.op_type == op_type else None


def _softmax(graph: Graph, quotient: Operator) -> WrittenSoftmax | None:
    exp = _producer(graph, quotient.inputs[0], "Exp")
    total = _behind_shaping(graph, quotient.inputs[1], "ReduceSum")
    if exp is None or total is None or total.inputs[0] != exp.outputs[0]:
        return None
    shifted = _producer(graph, exp.inputs[0], "Sub")
    if shifted is None:
        return None
    top = _behind_shaping(graph, shifted.inputs[1], "ReduceMax")
    if top is None or top.inputs[0] != shifted.inputs[0]:
        return None
    axis = _axis(graph, total, 13)
    if axis is None or axis != _axis(graph, top, 18) or (graph.opset < 13 and axis != -1):
        return None
    return WrittenSoftmax(shifted.inputs[0], axis, quotient.outputs[0])


def _behind_shaping(graph: Graph, name: str, op_type: str) -> Operator | None:
    """Walk back over operators that only reshape or broadcast to one of ``op_type``."""
    for _ in range(_MAX_STEPS):
        row = graph.row_by_name.get(name)
        if row is None:
            return None
        operator = graph.rows[row].operator
        if operator.op_type == op_type:
            return operator
        if operator.op_type == "Max":
            rest = [one for one in operator.inputs if not _is_lowest(graph, one)]
            if len(rest) != 1:
                return None
            name = rest[0]
        elif operator.op_type in _SHAPING:
            name = operator.inputs[0]
        else:
            return None
    return None


def _is_lowest(graph: Graph, name: str) -> bool:
    """Tell whether a value is the constant minus infinity, which a maximum ignores."""
    weight = graph.weights.get(name)
    return weight is not None and weight.shape in ((), (1,)) and bool(np.isneginf(weight.load()))


def _axis(graph: Graph, operator: Operator, since: int) -> int | None:
    """Return the one axis of a reduction; None if it has several, or if it is not constant."""
    if graph.opset < since:
        axes = operator.ints_of("axes")
    else:
        weight = graph.weights.get(operator.inputs[1]) if len(operator.inputs) > 1 else None
        if weight is None or weight.shape not in ((), (1,)):
            return None
        axes = tuple(int(axis) for axis in weight.load().reshape(-1))
    return axes[0] if axes is not None and len(axes) == 1 else None
