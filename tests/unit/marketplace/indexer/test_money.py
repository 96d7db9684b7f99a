"""The books over rows are the books in memory, and a contradiction stops them, not the index."""

from __future__ import annotations

import json

from sqlalchemy import select
from tests.unit.marketplace.market_events import (
    Maker,
    address,
    busy_market,
    harvest,
    index_blocks,
    settle,
    shown,
    start,
)

from neurovoyance.chain import events as on_chain
from neurovoyance.marketplace.api.reading import Reading
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.errors import BooksUnavailable
from neurovoyance.marketplace.indexer.money import _DECODE, EPOCH_S, Money, _encode
from neurovoyance.marketplace.indexer.rows import Rows
from neurovoyance.marketplace.indexer.schema import BALANCE, BOOK, JOB
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.tokenomics.books import Books
from neurovoyance.tokenomics.delegation import Pool
from neurovoyance.tokenomics.entries import HeldSlash, JobEntry


def test_balances_are_those_of_the_books_in_memory(database: Database, store: IndexStore) -> None:
    blocks = busy_market(30)
    index_blocks(store, blocks, "a", 2)
    books = Books()
    for event in (event for block in blocks for event in block):
        books.apply(event.solidity_name, event)
    with database.reader.connect() as connection:
        rows = {row.party: row for row in connection.execute(select(BALANCE))}
    for party, row in rows.items():
        stake = books.stake_of(party)
        assert row.free_wei == books.free_wei[party]
        assert row.earned_wei == books.earned_wei[party]
        assert row.escrow_wei == books.reserved_wei(party)
        assert (row.own_wei, row.locked_wei) == (stake.own_wei, stake.locked_wei)
    assert sum(row.free_wei + row.earned_wei + row.escrow_wei for row in rows.values()) == (
        books.market_wei
    )


def test_entries_survive_the_database() -> None:
    pool = Pool()
    pool.delegate("d", 10**18, 3)
    pool.undelegate("d", 10**23, 4, 99)
    job = JobEntry("c", 5, 6, ended_in=JobState.SETTLED, provider="p")
    held = HeldSlash(b"\1" * 32, "p", 7, 2)
    for kind, value in (("pool", pool), ("job", job), ("held", held), ("lock", 4)):
        assert _DECODE[kind](_encode(value)) == value


def test_a_contradiction_stops_the_books_and_not_the_index(
    database: Database, store: IndexStore
) -> None:
    first, second, third = Maker("a", 1), Maker("a", 2), Maker("a", 3)
    start(first, 0)
    harvest(second, 0, 5)  # nothing was earned
    second.add(on_chain.Deposited, address(100), 1)
    settle(third, 7, 0)  # nobody posted it
    index_blocks(store, [first.made, second.made, third.made], "a", 1)
    reading = Reading(database)
    try:
        reading.totals()
    except BooksUnavailable as error:
        assert "Harvested in block 2, log 0" in error.context["event"]
    else:
        raise AssertionError
    assert shown(reading, BALANCE, address(100))["free_wei"] == str(10**24)
    assert len(json.loads(reading.page(JOB, {}, None, 9))["items"]) == 1


def test_a_voted_rate_applies_from_its_epoch_on(database: Database, store: IndexStore) -> None:
    rows = Rows()
    money = Money(rows)
    maker = Maker("a", 1)
    maker.add(on_chain.ParameterSet, b"noShowBps".ljust(32, b"\0"), 1_000, 700, 12)
    maker.add(on_chain.Deposited, address(1), 1)
    with database.writer.begin() as connection:
        rows.begin(connection)
        for epoch, rate in ((11, 1_000), (12, 700)):
            rows.stand_at(1, 0, epoch * EPOCH_S)
            money.apply(maker.made[0 if epoch == 11 else 1])
            assert money.books.rates.no_show_bps == rate
        money.finish()
        rows.flush(1)
        row = rows.get(BOOK, "totals")
    assert row is not None
    assert json.loads(row["value"])["values"] == {"noShowBps": 700}
