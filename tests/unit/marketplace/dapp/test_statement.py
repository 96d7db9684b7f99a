"""Exact amounts, UTC, nothing that a spreadsheet runs, and never a mixture of two chains."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert
from tests.unit.marketplace.market_events import address, busy_market, index_blocks

from neurovoyance.marketplace.dapp import statement as module
from neurovoyance.marketplace.dapp.statement import HEADER, Statement, cell, exact_nvy
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.schema import REORG
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.errors import RpcError

CLIENT, PROVIDER = address(100), address(200)


@given(st.integers(0, 10**40 - 1), st.booleans())
def test_an_amount_keeps_all_of_its_eighteen_decimals(wei: int, is_out: bool) -> None:
    text = exact_nvy(wei, is_out=is_out)
    assert len(text.partition(".")[2]) == 18
    assert int(text.replace(".", "")) == (-wei if is_out else wei)
    assert cell(text) == text


@given(st.sampled_from("=+-@\t\r\n"), st.text(max_size=9))
def test_no_cell_begins_as_a_formula_unless_it_is_a_number(first: str, rest: str) -> None:
    shown = cell(first + rest)
    assert shown[0] == "'" or (first == "-" and Decimal(shown) <= 0)


def test_a_row_says_when_what_where_how_much_and_with_whom(
    database: Database, store: IndexStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_blocks(store, busy_market(30), "a", 3)
    whole = "".join(Statement(database, CLIENT).csv())
    monkeypatch.setattr(module, "_PIECE_ROWS", 7)
    assert "".join(Statement(database, CLIENT).csv()) == whole
    header, first, *rest = csv.reader(io.StringIO(whole))
    assert tuple(header) == HEADER
    assert first[:5] == [
        "1970-01-12T13:46:52Z",
        "Deposited",
        "free",
        "1000000.000000000000000000",
        "",
    ]
    settled = [row for row in rest if row[1] == "JobSettled"]
    assert {row[4] for row in settled} == {PROVIDER}
    assert {row[3] for row in settled} == {"-0.700000000000000000"}
    assert all(row[5].startswith("0x") and row[2] == "escrow" for row in settled)
    times = [row[0] for row in (first, *rest)]
    assert times == sorted(times)


def test_a_reorganisation_breaks_the_file_off(
    database: Database, store: IndexStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_blocks(store, busy_market(30), "a", 3)
    monkeypatch.setattr(module, "_PIECE_ROWS", 7)
    pieces = Statement(database, CLIENT).csv()
    assert [next(pieces), next(pieces)]
    with database.writer.begin() as connection:
        connection.execute(insert(REORG), {"to_block": 1})
    with pytest.raises(RpcError, match="reorganised"):
        next(pieces)


def test_a_stranger_has_a_header_alone(database: Database, store: IndexStore) -> None:
    assert "".join(Statement(database, address(9)).csv()).splitlines() == [",".join(HEADER)]
