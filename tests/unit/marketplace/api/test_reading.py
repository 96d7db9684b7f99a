"""Cursors are ours or refused; amounts are text."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.sql import quoted_name

from neurovoyance.marketplace.api.reading import as_json, decode_cursor, encode_cursor
from neurovoyance.marketplace.indexer.schema import JOB
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
