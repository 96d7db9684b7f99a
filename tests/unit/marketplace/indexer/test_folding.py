"""A batch makes one row an event, with its time, and reads each row it needs once."""

from __future__ import annotations

import pytest
from sqlalchemy import event as hooks
from sqlalchemy import select
from tests.unit.marketplace.market_events import busy_market, index_blocks

from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.schema import EVENT
from neurovoyance.marketplace.indexer.store import IndexStore


def test_events_are_kept_as_they_came(database: Database, store: IndexStore) -> None:
    blocks = busy_market(10)
    index_blocks(store, blocks, "a", 2)
    made = [event for block in blocks for event in block]
    with database.reader.connect() as connection:
        kept = connection.execute(select(EVENT).order_by(EVENT.c.born)).all()
    assert [(row.name, row.tx_hash, row.time_s) for row in kept] == [
        (event.solidity_name, event.meta.tx_hash, 1_000_000 + 12 * event.meta.block_number)
        for event in made
    ]


@pytest.mark.parametrize("jobs", [20, 200])
def test_the_number_of_queries_does_not_grow_with_the_batch(
    database: Database, store: IndexStore, jobs: int
) -> None:
    blocks = busy_market(jobs)
    queries = []
    hooks.listen(database.writer, "before_cursor_execute", lambda *given: queries.append(given[2]))
    index_blocks(store, blocks, "a", 1_000)
    assert len(queries) < 60
