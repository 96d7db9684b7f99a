"""The same index in PostgreSQL as in SQLite, row for row, through reorganisations.

The server is the test's own, see ``tests.clusters``; skipped where PostgreSQL is not installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.clusters import cluster
from tests.unit.marketplace.market_events import (
    DEPLOYMENT,
    address,
    batch_of,
    busy_market,
    contents,
    fresh,
    index_blocks,
    position,
    times,
)

from neurovoyance.chain.checkpoints import Checkpoint
from neurovoyance.marketplace.api.accounts import Accounts
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.marketplace.service_tables import SERVICE
from neurovoyance.protocol.errors import ConfigError, InternalError, SignatureError


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with cluster() as running:
        yield running.url


@pytest.fixture
def database(server: str) -> Iterator[Database]:
    opened = Database(server)
    with opened.writer.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    yield opened
    opened.close()


def live(store: IndexStore) -> None:
    """Index a market, replace its newest blocks by others, go on."""
    index_blocks(store, busy_market(60, 10), "a", 3)
    other = busy_market(60, 10, chain="b")
    kept = store.newest_first()[2]
    events = [event for block in other[kept.block_number :] for event in block]
    to = Checkpoint(len(other), "0x" + "b" * 64)
    store.apply(batch_of(position(store), events, to, kept.block_number), times(events))


def test_both_databases_hold_the_same_rows(database: Database, tmp_path: Path) -> None:
    live(IndexStore(database, DEPLOYMENT))
    for embedded, store in fresh(tmp_path):
        live(store)
        assert contents(database) == contents(embedded)


def test_a_second_process_cannot_double_a_batch(database: Database) -> None:
    blocks = busy_market(4)
    one, other = (IndexStore(database, DEPLOYMENT) for _ in range(2))
    base = position(one)
    index_blocks(one, blocks[:1], "a", 1)
    with pytest.raises(InternalError, match="read again"):
        other.apply(batch_of(base, blocks[0], Checkpoint(1, "0x1")), times(blocks[0]))


def test_sign_ins_work_there_too(database: Database) -> None:
    accounts = Accounts(database)
    nonce, _ = accounts.new_nonce()
    secret, _ = accounts.open_session(nonce, address(1), 60)
    with pytest.raises(SignatureError):
        accounts.open_session(nonce, address(1), 60)
    assert accounts.caller(secret).address == address(1)
    assert accounts.begin_once("p", "r") is None
    accounts.end_once("p", 200, "{}")
    assert accounts.begin_once("p", "r") == (200, "{}")
    SERVICE.drop_all(database.writer)


def test_a_server_that_is_down_stops_the_start(tmp_path: Path) -> None:
    away = Database(f"postgresql://market:hidden@/postgres?host={tmp_path}")
    with pytest.raises(ConfigError) as refused:
        away.check()
    assert "hidden" not in str(refused.value)
    away.close()
