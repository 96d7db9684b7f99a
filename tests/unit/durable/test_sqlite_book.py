"""A journal is its owner's alone, and a transaction is kept whole or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from neurovoyance.chain.nonces import TxJournal
from neurovoyance.client.channel_book import ChannelBook
from neurovoyance.client.journal import Journal
from neurovoyance.client.private_keys import PrivateKeys
from neurovoyance.client.task_book import TaskBook
from neurovoyance.durable.sqlite_book import SqliteBook

SCHEMA = "CREATE TABLE IF NOT EXISTS kept (value INTEGER PRIMARY KEY) STRICT;"


@pytest.fixture
def book(tmp_path: Path) -> Iterator[SqliteBook]:
    made = SqliteBook(tmp_path / "home" / "book.sqlite", SCHEMA)
    yield made
    made.close()


def values(book: SqliteBook) -> list[int]:
    return [row[0] for row in book._db.execute("SELECT value FROM kept ORDER BY value")]


def test_the_file_and_its_companions_are_closed_to_others(book: SqliteBook) -> None:
    with book._transaction():
        book._db.execute("INSERT INTO kept VALUES (1)")
    files = list(book.path.parent.iterdir())
    assert len(files) > 1, "WAL has companion files"
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert book.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_transaction_is_kept_whole_or_not_at_all(book: SqliteBook) -> None:
    with pytest.raises(KeyboardInterrupt), book._transaction():
        book._db.execute("INSERT INTO kept VALUES (1)")
        raise KeyboardInterrupt
    assert values(book) == []
    with book._transaction():
        book._db.execute("INSERT INTO kept VALUES (2)")
    again = SqliteBook(book.path, SCHEMA)  # the first was never closed
    assert values(again) == [2]
    again.close()


def test_another_thread_may_use_it_and_a_power_cut_takes_nothing(book: SqliteBook) -> None:
    thread = threading.Thread(target=lambda: book._db.execute("INSERT INTO kept VALUES (3)"))
    thread.start()
    thread.join()
    assert values(book) == [3]
    assert book._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert book._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("kind", [ChannelBook, Journal, PrivateKeys, TaskBook, TxJournal])
def test_every_memory_of_a_client_is_such_a_file(kind: type[SqliteBook]) -> None:
    assert issubclass(kind, SqliteBook)
