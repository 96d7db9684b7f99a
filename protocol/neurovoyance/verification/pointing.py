"""Find the one row of a trace to point at, as the challenger does.

Place: L2, stage 7, in a dispute. Data flow: the challenger's own trace and the provider's rows ->
rows that differ -> operators around them, those where the difference jumps first -> the first one
whose claimed outputs do not follow from its claimed inputs. Tensors are asked for one operator at
a time. An honest trace, from whatever machine, gives None. Never: a point without a reason that a
referee can check with the same tensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from neurovoyance.protocol.audit import PointKind, TraceRow, unpack_ints
from neurovoyance.verification.canonical import Array
from neurovoyance.verification.commitment import tensor_hash
from neurovoyance.verification.evidence import Claims
from neurovoyance.verification.graph import Graph, Operator
from neurovoyance.verification.operators.base import Finding, Inconsistent
from neurovoyance.verification.operators.judge import check
from neurovoyance.verification.projection import Projection, ScaledTensor, project
from neurovoyance.verification.trace import project_row

SUSPICIOUS: Final = 2.0**-14
"""Relative distance of two honest runs' rows that is looked at first; it convicts nobody."""

JUMP: Final = 8.0
"""Growth of the distance over one operator that is looked at first."""


@dataclass(frozen=True, slots=True)
class Point:
    """What to point at.

    Attributes:
        row: index of the row; None for a forged z0 or zTrace.
        reason: one full sentence for people.
    """

    kind: PointKind
    row: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class PostedProjection:
    """A projection over whole verify tensors that the provider posted: z0 or zTrace.

    Attributes:
        name: ``z0`` or ``zTrace``.
        words: as posted, four words.
        tensors: what it must be the projection of: revealed, or those of the verify rows.
        seed: seed0 of the job.
        shift: as committed.
    """

    name: str
    words: Sequence[bytes]
    tensors: Sequence[ScaledTensor]
    seed: bytes
    shift: int

    def is_true(self) -> bool:
        """Tell whether the words are the projection of the tensors."""
        found = project(self.tensors, seed=self.seed, shift=self.shift)
        return isinstance(found, Projection) and found.words == tuple(self.words)


def find_forged(posted: Sequence[PostedProjection]) -> Point | None:
    """Return the first posted projection that is not what it claims to be."""
    for one in posted:
        if not one.is_true():
            reason = f"{one.name} is not the projection of its tensors."
            return Point(PointKind.FORGED_PROJECTION, None, reason)
    return None


def find_point(
    graph: Graph,
    own: Sequence[TraceRow],
    claims: Claims,
    *,
    is_exact: bool = False,
    exact_run: Callable[[Operator, Sequence[Array | None]], Sequence[Array | None]] | None = None,
) -> Point | None:
    """Return what to point at in a provider's trace; None if it holds.

    Args:
        own: rows of the challenger's own run of the same model and input, under the same seed.
        claims: the provider's rows and access to its tensors.
        is_exact: the job is EXACT: an operator is wrong if its bits are.
        exact_run: for EXACT, runs one operator in the job's numeric class with weights as
            initializers; without it an EXACT row that differs is checked by the bounds.

    Raises:
        VerificationError: the rows are not as many as the model's.
    """
    claims.need_rows(own)
    differing = [row for row in range(len(own)) if own[row] != claims.rows[row]]
    for row in differing:
        mine, theirs = own[row], claims.rows[row]
        if mine.tensor_hash == theirs.tensor_hash:
            return Point(
                PointKind.FORGED_PROJECTION,
                row,
                f"Row {row} carries a projection that is not that of its tensor.",
            )
    for operator in _suspects(graph, own, claims.rows, differing):
        point = _look_at(graph, claims, operator, exact_run if is_exact else None)
        if point is not None:
            return point
    return None


def judge_run(
    graph: Graph, sources: Mapping[str, Array], outputs: Mapping[str, Array]
) -> Iterator[tuple[Operator, Finding]]:
    """Yield the finding on every operator of a run whose tensors are all at hand.

    Registration runs it once, to learn whether every operator of a model can be judged.

    Args:
        sources: the job's inputs by name; weights come from the graph.
        outputs: every operator output by name.
    """
    for operator in graph.operators:
        inputs = [_value(graph, sources, outputs, name) for name in operator.inputs]
        claimed = [outputs[name] if name else None for name in operator.outputs]
        yield operator, check(operator, inputs, claimed, graph.opset)


def _value(
    graph: Graph, sources: Mapping[str, Array], outputs: Mapping[str, Array], name: str
) -> Array | None:
    if not name:
        return None
    if name in graph.weights:
        return graph.weights[name].load()
    return sources[name] if name in sources else outputs[name]


def relative_distance(mine: TraceRow, theirs: TraceRow) -> float:
    """Return the relative distance of two rows' tensors as their projections show it.

    Equal tensors give 0, tensors without projections infinity if their hashes differ.
    """
    if mine.tensor_hash == theirs.tensor_hash:
        return 0.0
    a = [math.ldexp(value, -mine.shift) for value in unpack_ints(mine.z16)]
    b = [math.ldexp(value, -theirs.shift) for value in unpack_ints(theirs.z16)]
    norm = math.sqrt(sum(value * value for value in a))
    gap = math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))
    if norm == 0.0:
        return math.inf
    return gap / norm


def _suspects(
    graph: Graph, own: Sequence[TraceRow], claimed: Sequence[TraceRow], differing: list[int]
) -> Iterator[Operator]:
    """Yield operators worth recomputing: first where the distance jumps, then all that differ."""
    gaps = {row: relative_distance(own[row], claimed[row]) for row in differing}
    seen: set[int] = set()
    for row in differing:
        operator = graph.rows[row].operator
        if operator.index not in seen and _jumps(graph, gaps, operator, gaps[row]):
            seen.add(operator.index)
            yield operator
    names = {graph.rows[row].name for row in differing}
    for operator in graph.operators:
        touches = names.intersection(operator.inputs) or names.intersection(operator.outputs)
        if touches and operator.index not in seen:
            seen.add(operator.index)
            yield operator


def _jumps(graph: Graph, gaps: Mapping[int, float], operator: Operator, gap: float) -> bool:
    before = [
        gaps.get(graph.row_by_name[name], 0.0)
        for name in operator.inputs
        if name in graph.row_by_name
    ]
    return gap > SUSPICIOUS and gap > JUMP * max(before, default=0.0)


def _look_at(
    graph: Graph,
    claims: Claims,
    operator: Operator,
    exact_run: Callable[[Operator, Sequence[Array | None]], Sequence[Array | None]] | None,
) -> Point | None:
    """Return a point at one operator or at a row around it, or None if it holds."""
    for name in (*operator.inputs, *operator.outputs):
        row = graph.row_by_name.get(name)
        if row is None:
            continue
        array = claims.tensor(name)
        if array is None:
            return Point(PointKind.MISSING_ROW, row, f"The tensor of row {row} is not served.")
        if not is_projection_true(claims.rows[row], array, claims.seed):
            reason = f"Row {row} carries a projection that is not that of its tensor."
            return Point(PointKind.FORGED_PROJECTION, row, reason)
    inputs = [claims.tensor(name) if name else None for name in operator.inputs]
    outputs = [claims.tensor(name) if name else None for name in operator.outputs]
    first = next(graph.row_by_name[name] for name in operator.outputs if name)
    if exact_run is not None:
        expected = exact_run(operator, inputs)
        for position, (right, found) in enumerate(zip(expected, outputs, strict=True)):
            if right is not None and found is not None and tensor_hash(right) != tensor_hash(found):
                reason = f"Output {position} of {operator.describe()} has other bits."
                return Point(PointKind.OPERATOR, first, reason)
        return None
    finding = check(operator, inputs, outputs, graph.opset)
    if isinstance(finding, Inconsistent):
        row = graph.row_by_name[operator.outputs[finding.output]]
        return Point(PointKind.OPERATOR, row, finding.reason)
    return None


def is_projection_true(row: TraceRow, array: Array, seed: bytes) -> bool:
    """Tell whether a row's shift and z16 are those of its tensor."""
    shift, z16 = project_row(array, seed)
    return (shift, z16) == (row.shift, row.z16)
