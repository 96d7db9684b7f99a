"""Cursors are ours or refused; amounts are text."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.sql import quoted_name

from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.api.reading import as_json, decode_cursor, encode_cursor, written
from neurovoyance.marketplace.indexer.schema import DISPUTE, EVENT, JOB
from neurovoyance.protocol.errors import SpecError

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(st.integers(0, 2**63 - 1), TEXT)
def test_a_cursor_comes_back(born: int, key: str) -> None:
    assert decode_cursor(encode_cursor(born, key)) == (born, key)


@given(st.text(max_size=60))
def test_no_text_breaks_a_cursor(text: str) -> None:
    with contextlib.suppress(SpecError):
        decode_cursor(text)


@pytest.mark.parametrize(
    "text", ["", "bnVsbA", "WzEsMl0", "Wy0xLCAiYSJd", "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OSwiIl0"]
)
def test_what_is_not_a_place_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        decode_cursor(text)


def test_amounts_are_text_and_documents_are_documents() -> None:
    row = {"price_wei": 10**30, "batch": 3, "spec_json": '{"a":1}'}
    assert as_json(JOB, row) == {"price_wei": str(10**30), "batch": 3, "spec": {"a": 1}}


def test_names_are_plain_text_so_that_writing_json_is_quick() -> None:
    shown = as_json(JOB, {quoted_name("batch", None): 3, quoted_name("price_wei", None): 5})
    assert shown == {"batch": 3, "price_wei": "5"}
    assert {type(name) for name in shown} == {str}


AMOUNTS = st.integers(0, 10**40 - 1)


@given(AMOUNTS, TEXT, st.recursive(st.none() | TEXT | st.integers(), st.lists))
def test_rows_are_written_as_any_reader_of_json_reads_them(
    amount_wei: int, text: str, document: object
) -> None:
    dispute = dict.fromkeys(DISPUTE.columns.keys(), 3) | {"job_id": text}
    told = json.loads(written(DISPUTE, [*(dispute | {"bond_wei": f"{amount_wei:040d}"}).values()]))
    assert told == dispute | {"bond_wei": str(amount_wei)}
    given_text = json.dumps(document, ensure_ascii=False)
    event = dict.fromkeys(EVENT.columns.keys(), text) | {"data": given_text}
    assert json.loads(written(EVENT, [*event.values()])) == event | {"data": document}


def test_a_page_tells_what_its_rows_tell_one_by_one(parts: Parts) -> None:
    page = json.loads(parts.reading.page(JOB, {"client": None}, None, 5))
    assert len(page["items"]) == 5
    for item in page["items"]:
        assert json.loads(parts.reading.one(JOB, item["job_id"])) == item
    following = json.loads(parts.reading.page(JOB, {}, page["next"], 5))["items"]
    assert following[0]["born"] < page["items"][-1]["born"]


def test_providers_are_found_by_name_or_all(parts: Parts) -> None:
    everybody = parts.reading.providers()
    assert len(everybody) == 8
    first, *_ = everybody
    assert parts.reading.providers([first, "0xnobody"]) == {first: everybody[first]}
    assert sum(one["jobs_settled"] for one in everybody.values()) == 30
