"""Votes on every kind of point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.verification.disputes import Served, exact_engine, serve
from tests.unit.verification.engine import ALL
from tests.unit.verification.models import MODELS, cnn, feed_of, half, int8, with_weights

from neurovoyance.protocol.audit import PointKind, RefereeVote
from neurovoyance.verification.canonical import Array, encode_tensor
from neurovoyance.verification.graph import Operator
from neurovoyance.verification.pointing import PostedProjection, find_point
from neurovoyance.verification.projection import Projection, ScaledTensor, project
from neurovoyance.verification.refereeing import judge_point
from neurovoyance.verification.trace import Trace

MODEL = cnn()
FEED = feed_of(MODEL)
RUN = exact_engine(MODEL)
OPERATOR = PointKind.OPERATOR


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("change", [half, int8], ids=["fp16", "int8"])
def test_what_a_challenger_finds_a_referee_convicts(name: str, change: object) -> None:
    model = MODELS[name]()
    feed = feed_of(model)
    own = serve(model, model, feed)
    cheat = serve(model, with_weights(model, change), feed)  # type: ignore[arg-type]
    point = find_point(own.graph, own.trace.rows, cheat.claims())
    assert point is not None
    verdict = judge_point(point.kind, point.row, cheat.claims(), single_run=exact_engine(model))
    assert verdict.vote == RefereeVote.GUILTY and verdict.reason.endswith(".")


def test_every_row_of_an_honest_trace_is_clear() -> None:
    honest = serve(MODEL, MODEL, FEED, ALL)
    kinds = (OPERATOR, PointKind.MISSING_ROW, PointKind.FORGED_PROJECTION, PointKind.WRONG_SOURCE)
    for row in range(len(honest.trace.rows)):
        for kind in kinds:
            verdict = judge_point(kind, row, honest.claims(), single_run=RUN)
            assert verdict.vote == RefereeVote.CLEAR, verdict


def test_an_exact_job_is_judged_by_bits() -> None:
    honest = serve(MODEL, MODEL, FEED)
    for row in range(len(honest.trace.rows)):
        verdict = judge_point(OPERATOR, row, honest.claims(), is_exact=True, single_run=RUN)
        assert verdict.vote == RefereeVote.CLEAR
    row = honest.graph.row_of("logits")
    honest.replace("logits", np.nextafter(honest.tensors["logits"], np.float32(np.inf)))
    claims = honest.claims()
    assert judge_point(OPERATOR, row, claims).vote == RefereeVote.CLEAR
    verdict = judge_point(OPERATOR, row, claims, is_exact=True, single_run=RUN)
    assert verdict.vote == RefereeVote.GUILTY and "other bits" in verdict.reason
    assert judge_point(OPERATOR, row, claims, is_exact=True).vote == RefereeVote.ABSTAIN


@pytest.mark.parametrize("row", [2, 3])
def test_an_operator_whose_tensors_are_not_served_is_unavailable(row: int) -> None:
    served = serve(MODEL, MODEL, FEED)
    served.missing = {2}
    assert judge_point(OPERATOR, row, served.claims()).vote == RefereeVote.UNAVAILABLE


def test_a_missing_row_is_unavailable() -> None:
    served = serve(MODEL, MODEL, FEED)
    served.missing = {2}
    missing = PointKind.MISSING_ROW
    assert judge_point(missing, 2, served.claims()).vote == RefereeVote.UNAVAILABLE
    assert judge_point(missing, 99, served.claims()).vote == RefereeVote.UNAVAILABLE
    forged = PointKind.FORGED_PROJECTION
    assert judge_point(forged, 2, served.claims()).vote == RefereeVote.UNAVAILABLE


def test_a_forged_row_projection_is_guilty() -> None:
    served = serve(MODEL, MODEL, FEED)
    rows = list(served.trace.rows)
    rows[1] = replace(rows[1], shift=rows[1].shift - 1)
    served.trace = Trace(tuple(rows))
    verdict = judge_point(PointKind.FORGED_PROJECTION, 1, served.claims())
    assert verdict.vote == RefereeVote.GUILTY


def test_inputs_from_elsewhere_are_guilty() -> None:
    served = serve(MODEL, MODEL, FEED)
    right = {
        "x": encode_tensor(FEED["x"]),
        "w0": encode_tensor(served.graph.weights["w0"].load()),
        "unrelated": b"",
    }
    source = PointKind.WRONG_SOURCE
    verdict = judge_point(source, 0, served.claims(), served_inputs=right)
    assert verdict.vote == RefereeVote.CLEAR
    for name in ("x", "w0"):
        wrong = {**right, name: encode_tensor(FEED["x"] + np.float32(1))}
        verdict = judge_point(source, 0, served.claims(), served_inputs=wrong)
        assert verdict.vote == RefereeVote.GUILTY and repr(name) in verdict.reason
    wrong = {served.graph.rows[0].name: right["x"]}
    assert judge_point(source, 1, served.claims(), served_inputs=wrong).vote == RefereeVote.GUILTY


def test_a_referee_with_a_faulty_kernel_abstains() -> None:
    served: Served = serve(MODEL, MODEL, FEED)

    def faulty(operator: Operator, inputs: list[Array | None]) -> list[Array | None]:
        return [value * np.float32(1.01) for value in RUN(operator, inputs) if value is not None]

    verdict = judge_point(OPERATOR, 0, served.claims(), single_run=faulty)  # type: ignore[arg-type]
    assert verdict.vote == RefereeVote.ABSTAIN and "its own bound" in verdict.reason


def test_what_no_rule_covers_is_abstained_from() -> None:
    served = serve(MODEL, MODEL, FEED)
    odd = replace(served.graph.operators[0], op_type="NoSuchThing")
    graph = replace(served.graph, operators=(odd, *served.graph.operators[1:]))
    claims = replace(served.claims(), graph=graph)
    assert judge_point(OPERATOR, 0, claims).vote == RefereeVote.ABSTAIN


def test_posted_projections_are_recomputed() -> None:
    tensors = [ScaledTensor(np.random.default_rng(1).normal(size=600).astype(np.float32))]
    seed, kind = bytes(range(32)), PointKind.FORGED_PROJECTION
    found = project(tensors, seed=seed, shift=8)
    assert isinstance(found, Projection)
    claims = serve(MODEL, MODEL, FEED).claims()
    honest = PostedProjection("z0", found.words, tensors, seed, 8)
    forged = PostedProjection("zTrace", found.words[::-1], tensors, seed, 8)
    assert judge_point(kind, None, claims, posted=[honest]).vote == RefereeVote.CLEAR
    assert judge_point(kind, None, claims, posted=[honest, forged]).vote == RefereeVote.GUILTY
    assert judge_point(kind, None, claims).vote == RefereeVote.ABSTAIN
