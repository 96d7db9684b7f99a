"""What a challenger fixes: a point with its proof, a point at what is missing, or nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.node.disputing.conftest import Bench
from tests.unit.node.disputing.test_claims import ARRAYS, FACTS, WORDS
from tests.unit.node.disputing.test_duty import META

from neurovoyance.chain.events import TracePosted
from neurovoyance.node.disputing.casebook import NOTHING, POINT
from neurovoyance.node.disputing.claims import Claimed
from neurovoyance.node.disputing.examiner import Examiner
from neurovoyance.node.disputing.forms import PointPlan, Reason
from neurovoyance.node.disputing.projections import Projections
from neurovoyance.node.disputing.seeking import NO_ROW, Seeker
from neurovoyance.node.disputing.tracing import Tracer
from neurovoyance.protocol.audit import PointKind
from neurovoyance.verification.pointing import Point
from neurovoyance.verification.trace import TraceManifest, build_trace, is_row_proven

KEY = FACTS.facts_hash()
TRACE = build_trace(ARRAYS, FACTS.dispute_id)
CLAIMED: Any = SimpleNamespace(listed=TraceManifest(FACTS.dispute_id, TRACE, ("x",) * 3))


@pytest.fixture
def seeker(bench: Bench) -> Seeker:
    return Seeker(
        Tracer(bench.runtime, bench.intake),
        bench.content,
        Examiner(),
        Claimed(bench.content, bench.runtime, bench.intake),
        Projections(bench.court, bench.content, 1 << 20),
        bench.court.book,
    )


def plan(seeker: Seeker) -> PointPlan:
    found = seeker.book.fixed_value(KEY, POINT, PointPlan)
    assert found is not None
    return found


async def test_a_wrong_operator_is_pointed_at_with_its_proof(seeker: Seeker) -> None:
    seeker._fix(FACTS, CLAIMED, Point(PointKind.OPERATOR, 1, "It is wrong."))
    found = plan(seeker)
    assert (found.kind, found.row, found.why) == (PointKind.OPERATOR, TRACE.rows[1], "It is wrong.")
    assert is_row_proven(TRACE.root, found.row, found.proof)


async def test_a_missing_tensor_needs_no_proof(seeker: Seeker) -> None:
    seeker._fix(FACTS, CLAIMED, Point(PointKind.MISSING_ROW, 2, "It is missing."))
    assert (plan(seeker).row.index, plan(seeker).proof) == (2, ())


async def test_a_forged_end_is_pointed_at_without_a_row(seeker: Seeker) -> None:
    seeker._fix(FACTS, CLAIMED, Point(PointKind.FORGED_PROJECTION, None, "z0 is forged."))
    assert (plan(seeker).row, plan(seeker).proof) == (NO_ROW, ())


async def test_nothing_found_is_said_in_words(seeker: Seeker) -> None:
    seeker._fix(FACTS, CLAIMED, None)
    found = seeker.book.fixed_value(KEY, NOTHING, Reason)
    assert found is not None
    assert "let the dispute lapse" in found.why
    assert seeker.book.fixed(KEY).found_nothing


@pytest.mark.parametrize("is_last", [False, True])
async def test_a_listing_that_is_not_served_is_pointed_at_only_in_the_end(
    seeker: Seeker, bench: Bench, tmp_path: Path, is_last: bool
) -> None:
    nowhere = await bench.storage.add(b"no listing")
    posted = TracePosted(
        META, FACTS.dispute_id, TRACE.root, nowhere.to_bytes(), (), WORDS, WORDS, 0
    )
    material: Any = SimpleNamespace(sources=())
    done = await seeker.seek(material, FACTS, posted, tmp_path / "seek", 60, is_last=is_last)
    assert done is is_last
    assert seeker.book.fixed(KEY).has_point is is_last
    if is_last:
        assert (plan(seeker).kind, plan(seeker).row.index) == (PointKind.MISSING_ROW, 0)
