from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from neurovoyance.ipfs.negotiation import CAR_TYPE, RAW_TYPE, Wanted, negotiate
from neurovoyance.ipfs.selection import ByteRange, Scope
from neurovoyance.protocol.errors import SpecError


@pytest.mark.parametrize(
    ("accept", "query", "content_type"),
    [
        (RAW_TYPE, {}, RAW_TYPE),
        (f"text/html, {CAR_TYPE};q=0.5, {RAW_TYPE};q=0.9", {}, RAW_TYPE),
        (f"{RAW_TYPE};q=0.1,{CAR_TYPE}", {}, CAR_TYPE),
        (CAR_TYPE, {"format": "raw"}, RAW_TYPE),
        (None, {"format": "car"}, CAR_TYPE),
    ],
)
def test_the_query_wins_and_then_the_highest_quality(
    accept: str | None, query: dict[str, str], content_type: str
) -> None:
    wanted = negotiate(accept, query)
    assert isinstance(wanted, Wanted) and wanted.content_type == content_type


def test_a_byte_range_implies_the_entity_and_is_ignored_beside_other_scopes() -> None:
    ranged = negotiate(CAR_TYPE, {"entity-bytes": "1:2"})
    assert isinstance(ranged, Wanted)
    assert (ranged.scope, ranged.byte_range) == (Scope.ENTITY, ByteRange(1, 2))
    block = negotiate(CAR_TYPE, {"entity-bytes": "1:2", "dag-scope": "block"})
    assert isinstance(block, Wanted) and block.byte_range is None


@pytest.mark.parametrize("query", [{"car-order": "x"}, {"car-dups": "maybe"}, {"dag-scope": ""}])
def test_malformed_parameters_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(SpecError):
        negotiate(CAR_TYPE, query)


def test_parameters_of_the_accept_header_count_too() -> None:
    with pytest.raises(SpecError):
        negotiate(f"{CAR_TYPE}; version=2", {})


@given(st.text(max_size=60))
def test_any_accept_header_is_answered_or_refused(accept: str) -> None:
    assert isinstance(negotiate(accept, {}), Wanted | Response)
