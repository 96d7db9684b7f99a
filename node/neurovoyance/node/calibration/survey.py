"""What a model's graph tells before anything runs: refusals, proposals, weights that cheats change.

Place: pure; run in a confined child, since the graph may be a stranger's. A survey travels as JSON.
Never: run the model, or choose tensors that a client could not compute the outputs from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from neurovoyance.node.runtime.config import Weights
from neurovoyance.node.runtime.weights import is_rounded, round_weights
from neurovoyance.protocol.certificate import TailNode
from neurovoyance.protocol.manifest import TensorSpec
from neurovoyance.verification.calibration import Candidate
from neurovoyance.verification.canonical import Array
from neurovoyance.verification.graph import Graph, ValueInfo
from neurovoyance.verification.optable import unsupported
from neurovoyance.verification.tensor_choice import (
    SQUASHING,
    NoTail,
    Proposal,
    candidate_verify_tensors,
    split_tail,
)

ROUNDED: Final = (Weights.FP16, Weights.BF16, Weights.INT8)
"""Precisions of the cheats that are measured."""


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Option(_Form):
    """Tensors that might be compared, and all that the graph says about them.

    Attributes:
        names: graph values, in order.
        behind: operator that squeezes differences before them, or "".
        reason: why they are proposed, one full sentence.
        rows: row of a trace of every name.
        tail: operators from them to the outputs.
        hidden: names that are hidden states, scaled channel by channel where few are loud.
    """

    names: list[str]
    behind: str
    reason: str
    rows: list[int]
    tail: list[TailNode]
    hidden: list[str]

    @property
    def candidate(self) -> Candidate:
        """The same for the statistics."""
        return Candidate(tuple(self.names), self.behind)


class Survey(_Form):
    """What is known of a model without running it.

    Attributes:
        refusals: why the model cannot be certified at all, one full sentence each.
        tensor_refusals: why it cannot be certified for TENSOR jobs.
        options: what to try, best first.
        row_count: operators' outputs that a trace lists.
        changed_by: names of precisions whose rounding changes a weight; others are no cheat.
        integer_bounds: input name -> how many values its integers may take, where they index a
            table of the model.
    """

    opset: int
    refusals: list[str]
    tensor_refusals: list[str]
    inputs: list[TensorSpec]
    outputs: list[TensorSpec]
    options: list[Option]
    row_count: int
    changed_by: list[str]
    integer_bounds: dict[str, int]


def survey_of(graph: Graph, names: Sequence[str] = ()) -> Survey:
    """Return what a graph tells.

    Args:
        names: tensors that the caller wants compared; they come first, the proposals after them.
    """
    refusals = unsupported(graph)
    options: list[Option] = []
    if not refusals:
        options, wrong = _options(graph, names)
        refusals += wrong
    changed = [] if refusals else sorted(_changed_by(graph))
    return Survey(
        opset=graph.opset,
        refusals=refusals,
        tensor_refusals=[] if refusals else list(_unmeasurable(graph)),
        inputs=[_spec(value) for value in graph.inputs] if not refusals else [],
        outputs=[_spec(value) for value in graph.outputs] if not refusals else [],
        options=options,
        row_count=len(graph.rows),
        changed_by=changed,
        integer_bounds=_integer_bounds(graph),
    )


def _options(graph: Graph, names: Sequence[str]) -> tuple[list[Option], list[str]]:
    proposals = candidate_verify_tensors(graph)
    fronts = set(proposals[0].candidate.names) if proposals else set()
    wrong: list[str] = []
    if names:
        unknown = [name for name in names if name not in graph.row_by_name]
        if unknown:
            return [], [f"No operator of the model gives a value named {unknown[0][:120]!r}."]
        given = Proposal(
            Candidate(tuple(names), _behind(graph, names, proposals)),
            "These are the tensors that were asked for.",
        )
        found = split_tail(graph, names)
        if isinstance(found, NoTail):
            wrong = [f"The outputs do not follow from these tensors. {r}" for r in found.reasons]
        others = [one for one in proposals if one.candidate.names != tuple(names)]
        proposals = [given, *others]
    made = [] if wrong else [_option(graph, one, fronts) for one in proposals]
    if not made and not wrong:
        wrong = ["No tensors were found from which a client could compute the outputs itself."]
    return made, wrong


def _option(graph: Graph, proposal: Proposal, fronts: set[str]) -> Option:
    names = list(proposal.candidate.names)
    tail = split_tail(graph, names)
    outputs = {value.name: value for value in graph.outputs}
    hidden = [
        name
        for name in names
        if (len(outputs[name].shape or ()) > 2 if name in outputs else name not in fronts)
    ]
    return Option(
        names=names,
        behind=proposal.candidate.behind,
        reason=proposal.reason,
        rows=[graph.row_of(name) for name in names],
        tail=[] if isinstance(tail, NoTail) else tail,
        hidden=hidden,
    )


def _behind(graph: Graph, names: Sequence[str], proposals: Sequence[Proposal]) -> str:
    """Return what squeezes the wanted tensors: known of the outputs, else their own operator."""
    for one in proposals:
        if one.candidate.behind and set(names) <= set(one.candidate.names):
            return one.candidate.behind
    operators = [graph.rows[graph.row_of(name)].operator.op_type for name in names]
    return next((kind for kind in operators if kind in SQUASHING), "")


def _changed_by(graph: Graph) -> set[str]:
    """Return the precisions that a weight does not survive; int8 never leaves a matrix alone."""
    found: set[str] = set()
    for array in _float_weights(graph):
        for precision in ROUNDED:
            if precision.value in found or not is_rounded(array.shape, precision):
                continue
            rounded = round_weights(array, precision, (0,))
            if precision is Weights.INT8 or not np.array_equal(rounded, array):
                found.add(precision.value)
        if len(found) == len(ROUNDED):
            break
    return found


def _float_weights(graph: Graph) -> Iterator[Array]:
    for weight in graph.weights.values():
        if weight.dtype == np.float32:
            yield weight.load()
    for operator in graph.operators:
        value = operator.attributes.get("value")
        if isinstance(value, np.ndarray) and value.dtype == np.float32:
            yield value


def _unmeasurable(graph: Graph) -> Iterator[str]:
    for weight in graph.weights.values():
        many = int(np.prod(weight.shape)) > 1
        small = weight.dtype.name in ("int8", "uint8") and len(weight.shape) > 1
        if many and (weight.dtype.name in ("float16", "bfloat16") or small):
            yield (
                f"The weights are {weight.dtype.name} (such as {weight.name[:80]!r}), and cheats "
                "with rounded weights are measured for float32 alone."
            )
            return


def _integer_bounds(graph: Graph) -> dict[str, int]:
    """Return how many rows the table has that an integer input looks up, by input."""
    found: dict[str, int] = {}
    integers = {value.name for value in graph.inputs if value.dtype in ("int32", "int64", "uint8")}
    for operator in graph.operators:
        if operator.op_type != "Gather" or len(operator.inputs) < 2:
            continue
        table, index = graph.weights.get(operator.inputs[0]), operator.inputs[1]
        if table is not None and index in integers and table.shape:
            size = table.shape[operator.int_of("axis", 0)]
            found[index] = min(size, found.get(index, size))
    return found


def _spec(value: ValueInfo) -> TensorSpec:
    shape: Sequence[Any] = value.shape or ()
    named = [str(dim) if dim != "" else f"d{at}" for at, dim in enumerate(shape)]
    return TensorSpec(name=value.name, dtype=value.dtype, shape=named)
