"""Honest traces give no point, whatever machine they are from; cheats give the right one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import magika
import numpy as np
import pytest
from tests.unit.verification.disputes import Served, exact_engine, serve
from tests.unit.verification.engine import ALL, trace_model
from tests.unit.verification.models import MODELS, cnn, feed_of, half, int8, with_weights

from neurovoyance.protocol.audit import PointKind
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.verification.canonical import Array
from neurovoyance.verification.operators.base import Consistent
from neurovoyance.verification.pointing import (
    PostedProjection,
    find_forged,
    find_point,
    judge_run,
    relative_distance,
)
from neurovoyance.verification.projection import Projection, ScaledTensor, project
from neurovoyance.verification.trace import Trace

MAGIKA = Path(magika.__file__).parent / "models" / "standard_v3_3" / "model.onnx"


def magika_feed(seed: int) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    return {"bytes": random.integers(0, 257, (1, 2048)).astype(np.int32)}


def case_of(name: str, seed: int = 1) -> tuple[bytes, dict[str, Array]]:
    if name == "magika":
        return MAGIKA.read_bytes(), magika_feed(seed)
    model = MODELS[name]()
    return model, feed_of(model, seed)


NAMES = [*MODELS, "magika"]


@cache
def honest(name: str) -> Served:
    """The challenger's own trace, made once for all tests that only read it."""
    model, feed = case_of(name)
    return serve(model, model, feed)


@pytest.mark.parametrize("name", NAMES)
def test_every_operator_of_an_honest_run_is_consistent(name: str) -> None:
    model, feed = case_of(name)
    for level in (None, ALL):
        graph, values = trace_model(model, feed, *([level] if level else []))
        for operator, finding in judge_run(graph, feed, values):
            assert isinstance(finding, Consistent), (operator.describe(), finding)


@pytest.mark.parametrize("name", NAMES)
def test_an_honest_trace_gives_no_point(name: str) -> None:
    model, feed = case_of(name)
    own, other = honest(name), serve(model, model, feed, ALL)
    assert find_point(own.graph, own.trace.rows, own.claims()) is None
    assert own.asked == []
    assert find_point(own.graph, own.trace.rows, other.claims()) is None


@pytest.mark.parametrize("change", [half, int8], ids=["fp16", "int8"])
@pytest.mark.parametrize("name", NAMES)
def test_a_cheaper_model_is_pointed_at_where_it_starts(name: str, change: object) -> None:
    model, feed = case_of(name)
    own = honest(name)
    cheat = serve(model, with_weights(model, change), feed)  # type: ignore[arg-type]
    point = find_point(own.graph, own.trace.rows, cheat.claims())
    assert point is not None and point.kind == PointKind.OPERATOR and point.row is not None
    weighty = {"Conv", "MatMul", "Gemm", "LSTM", "GRU"}
    first = own.graph.rows[point.row].operator
    assert first.op_type in weighty, point.reason
    differing = [at for at, row in enumerate(own.trace.rows) if row != cheat.trace.rows[at]]
    # The jump is where weights were changed, so a few operators are looked at, not all.
    assert point.row <= differing[0] + 1
    assert len(cheat.asked) <= 8


def test_one_changed_element_is_found() -> None:
    model, feed = case_of("transformer")
    own, cheat = serve(model, model, feed), serve(model, model, feed)
    name = own.graph.rows[20].name
    wrong = cheat.tensors[name].copy()
    wrong.reshape(-1)[3] += np.float32(0.01)
    cheat.replace(name, wrong)
    point = find_point(own.graph, own.trace.rows, cheat.claims())
    assert point is not None and point.kind == PointKind.OPERATOR and point.row == 20


def test_a_cached_answer_to_another_input_is_found_at_its_first_operator() -> None:
    model, feed = case_of("cnn")
    own = serve(model, model, feed)
    other = serve(model, model, feed_of(model, 99))
    cheat = Served(own.graph, feed, other.tensors)
    point = find_point(own.graph, own.trace.rows, cheat.claims())
    assert point is not None and point.row == 0


def test_a_forged_row_projection_is_pointed_at() -> None:
    model, feed = case_of("cnn")
    own, cheat = serve(model, model, feed), serve(model, model, feed)
    rows = list(cheat.trace.rows)
    rows[4] = replace(rows[4], z16=rows[3].z16)
    cheat.trace = Trace(tuple(rows))
    point = find_point(own.graph, own.trace.rows, cheat.claims())
    assert point is not None and (point.kind, point.row) == (PointKind.FORGED_PROJECTION, 4)
    assert cheat.asked == []


def test_hiding_a_cheat_behind_an_honest_projection_is_pointed_at() -> None:
    model, feed = case_of("cnn")
    own, cheat = serve(model, model, feed), serve(model, with_weights(model, int8), feed)
    rows = [
        replace(theirs, shift=mine.shift, z16=mine.z16)
        for mine, theirs in zip(own.trace.rows, cheat.trace.rows, strict=True)
    ]
    cheat.trace = Trace(tuple(rows))
    point = find_point(own.graph, own.trace.rows, cheat.claims())
    assert point is not None and (point.kind, point.row) == (PointKind.FORGED_PROJECTION, 0)


def test_a_tensor_that_is_not_served_is_missing() -> None:
    model, feed = case_of("cnn")
    own, cheat = serve(model, model, feed), serve(model, with_weights(model, half), feed)
    cheat.missing = {0}
    point = find_point(own.graph, own.trace.rows, cheat.claims())
    assert point is not None and (point.kind, point.row) == (PointKind.MISSING_ROW, 0)


def test_an_exact_trace_is_judged_by_bits() -> None:
    model, feed = case_of("cnn")
    own, cheat = serve(model, model, feed), serve(model, model, feed)
    run = exact_engine(model)
    wrong = np.nextafter(cheat.tensors["logits"], np.float32(np.inf))
    cheat.replace("logits", wrong)
    claims = cheat.claims()
    assert find_point(own.graph, own.trace.rows, claims) is None
    point = find_point(own.graph, own.trace.rows, claims, is_exact=True, exact_run=run)
    assert point is not None and point.row == own.graph.row_of("logits")


def test_a_trace_of_another_length_is_not_compared() -> None:
    model, feed = case_of("cnn")
    own = serve(model, model, feed)
    with pytest.raises(VerificationError, match="one row for every operator output"):
        find_point(own.graph, own.trace.rows[:-1], own.claims())


def test_distances_of_rows_show_size_and_equality() -> None:
    model, feed = case_of("cnn")
    own, cheat = serve(model, model, feed), serve(model, model, feed)
    cheat.replace("logits", cheat.tensors["logits"] * np.float32(1.01))
    row = own.graph.row_of("logits")
    assert relative_distance(own.trace.rows[0], cheat.trace.rows[0]) == 0
    gap = relative_distance(own.trace.rows[row], cheat.trace.rows[row])
    assert gap == pytest.approx(0.01, rel=0.01)


def test_a_forged_z0_is_found() -> None:
    tensors = [ScaledTensor(np.random.default_rng(1).normal(size=600).astype(np.float32))]
    seed = bytes(range(32))
    found = project(tensors, seed=seed, shift=8)
    assert isinstance(found, Projection)
    honest = PostedProjection("z0", found.words, tensors, seed, 8)
    forged = PostedProjection("zTrace", (found.words[1], *found.words[1:]), tensors, seed, 8)
    assert find_forged([honest]) is None
    point = find_forged([honest, forged])
    assert point is not None and point.row is None and "zTrace" in point.reason


def test_batch_normalization_of_old_opsets_is_clear() -> None:
    for opset in (9, 10, 11, 12, 13):
        model = cnn(opset)
        feed = feed_of(model)
        own, other = serve(model, model, feed), serve(model, model, feed, ALL)
        assert find_point(own.graph, own.trace.rows, other.claims()) is None
