"""Amounts keep every digit and their order, and refuse what has no place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from neurovoyance.marketplace.indexer.schema import ENTITIES, Amount
from neurovoyance.protocol.errors import InternalError

AMOUNTS = st.integers(0, 10**40 - 1)
DIALECT = sqlite.dialect()


@given(AMOUNTS, AMOUNTS)
def test_text_order_is_number_order(one: int, other: int) -> None:
    kind = Amount()
    texts = [kind.process_bind_param(value, DIALECT) or "" for value in (one, other)]
    assert (texts[0] < texts[1]) == (one < other)
    assert [kind.process_result_value(text, DIALECT) for text in texts] == [one, other]


@pytest.mark.parametrize("value", [-1, 10**40])
def test_what_has_no_place_is_refused(value: int) -> None:
    with pytest.raises(InternalError):
        Amount().process_bind_param(value, DIALECT)


def test_every_entity_has_one_key_of_text() -> None:
    for table in ENTITIES:
        [key] = table.primary_key.columns
        assert key.type.python_type is str
