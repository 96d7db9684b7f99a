"""Judge what a challenger pointed at, as a referee does.

Place: L2, stage 7, in a dispute. Data flow: the point, the proven rows, tensors checked by hash
-> one vote with its reason. Only what was pointed at is looked at. Never: a GUILTY for what cannot
be judged (ABSTAIN), or for what the referee's own engine gets wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from neurovoyance.protocol.audit import PointKind, RefereeVote
from neurovoyance.verification.canonical import Array
from neurovoyance.verification.commitment import tensor_hash
from neurovoyance.verification.evidence import Claims, open_tensor
from neurovoyance.verification.graph import Operator
from neurovoyance.verification.operators.base import CannotJudge, Inconsistent
from neurovoyance.verification.operators.judge import check
from neurovoyance.verification.pointing import PostedProjection, is_projection_true

SingleRun: TypeAlias = Callable[[Operator, Sequence["Array | None"]], Sequence["Array | None"]]
"""Runs one operator in an engine, under profile C1, with the model's weights as initializers."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A vote and its reason, one full sentence for people."""

    vote: RefereeVote
    reason: str


def judge_point(
    kind: PointKind,
    row: int | None,
    claims: Claims,
    *,
    is_exact: bool = False,
    single_run: SingleRun | None = None,
    posted: Sequence[PostedProjection] = (),
    served_inputs: Mapping[str, bytes] | None = None,
) -> Judgement:
    """Return the vote on a point.

    Args:
        row: index of the row pointed at; None for a forged z0 or zTrace.
        is_exact: the job is EXACT: judged by the bits of ``single_run``.
        single_run: the referee's own engine; in TENSOR jobs it checks the engine against the
            bound, and a referee without one is content with binary64.
        posted: z0 and zTrace with their tensors, for a point without a row.
        served_inputs: canonical bytes that the provider served as the operator's inputs, by name,
            for a point at a wrong source.
    """
    if row is None:
        return _judge_posted(posted)
    if not 0 <= row < len(claims.rows) or len(claims.rows) != len(claims.graph.rows):
        return Judgement(RefereeVote.UNAVAILABLE, f"The trace does not list row {row}.")
    if kind == PointKind.MISSING_ROW:
        return _judge_missing(row, claims)
    if kind == PointKind.FORGED_PROJECTION:
        return _judge_projection(row, claims)
    if kind == PointKind.WRONG_SOURCE:
        return _judge_sources(row, claims, served_inputs or {})
    return _judge_operator(claims.graph.rows[row].operator, claims, is_exact, single_run)


def _judge_posted(posted: Sequence[PostedProjection]) -> Judgement:
    if not posted:
        return Judgement(RefereeVote.ABSTAIN, "The tensors of z0 and zTrace are not at hand.")
    for one in posted:
        if not one.is_true():
            reason = f"{one.name} is not the projection of its tensors."
            return Judgement(RefereeVote.GUILTY, reason)
    return Judgement(RefereeVote.CLEAR, "z0 and zTrace are the projections of their tensors.")


def _judge_missing(row: int, claims: Claims) -> Judgement:
    if claims.row_tensor(row) is None:
        return Judgement(RefereeVote.UNAVAILABLE, f"The tensor of row {row} is not served.")
    return Judgement(RefereeVote.CLEAR, f"The tensor of row {row} is served and has its hash.")


def _judge_projection(row: int, claims: Claims) -> Judgement:
    array = claims.row_tensor(row)
    if array is None:
        return Judgement(RefereeVote.UNAVAILABLE, f"The tensor of row {row} is not served.")
    if is_projection_true(claims.rows[row], array, claims.seed):
        return Judgement(RefereeVote.CLEAR, f"Row {row} carries the projection of its tensor.")
    reason = f"Row {row} carries a projection that is not that of its tensor."
    return Judgement(RefereeVote.GUILTY, reason)


def _judge_sources(row: int, claims: Claims, served: Mapping[str, bytes]) -> Judgement:
    operator = claims.graph.rows[row].operator
    for name, data in served.items():
        if name not in operator.inputs:
            continue
        if name in claims.graph.row_by_name:
            needed = claims.rows[claims.graph.row_of(name)].tensor_hash
        else:
            source = claims.tensor(name)
            needed = tensor_hash(source) if source is not None else b""
        if open_tensor(data, needed) is None:
            reason = f"What was served as {name!r} is not the model's, the job's or a row's tensor."
            return Judgement(RefereeVote.GUILTY, reason)
    return Judgement(RefereeVote.CLEAR, f"The inputs of {operator.describe()} are the right ones.")


def _judge_operator(
    operator: Operator, claims: Claims, is_exact: bool, single_run: SingleRun | None
) -> Judgement:
    inputs: list[Array | None] = []
    outputs: list[Array | None] = []
    for names, values in ((operator.inputs, inputs), (operator.outputs, outputs)):
        for name in names:
            array = claims.tensor(name) if name else None
            if name and array is None:
                reason = f"The tensor {name!r} of {operator.describe()} is not served."
                return Judgement(RefereeVote.UNAVAILABLE, reason)
            values.append(array)
    own = None if single_run is None else single_run(operator, inputs)
    if is_exact:
        return _judge_bits(operator, outputs, own)
    opset = claims.graph.opset
    if own is not None:
        mine = check(operator, inputs, own, opset)
        if isinstance(mine, Inconsistent):
            reason = f"The engine here breaks its own bound: {mine.reason}"
            return Judgement(RefereeVote.ABSTAIN, reason)
    finding = check(operator, inputs, outputs, opset)
    if isinstance(finding, CannotJudge):
        return Judgement(RefereeVote.ABSTAIN, finding.reason)
    if isinstance(finding, Inconsistent):
        return Judgement(RefereeVote.GUILTY, finding.reason)
    reason = (
        f"{operator.describe()} gives what it should: {finding.ratio:.2g} of the allowed error."
    )
    return Judgement(RefereeVote.CLEAR, reason)


def _judge_bits(
    operator: Operator, outputs: Sequence[Array | None], own: Sequence[Array | None] | None
) -> Judgement:
    if own is None:
        reason = "An EXACT job is judged by an engine of its numeric class; none is at hand."
        return Judgement(RefereeVote.ABSTAIN, reason)
    for position, (claimed, mine) in enumerate(zip(outputs, own, strict=True)):
        if claimed is None:
            continue
        if mine is None or tensor_hash(mine) != tensor_hash(claimed):
            reason = f"Output {position} of {operator.describe()} has other bits."
            return Judgement(RefereeVote.GUILTY, reason)
    return Judgement(RefereeVote.CLEAR, f"{operator.describe()} gives the same bits.")
