"""Rows are written once a batch, and an undone batch leaves nothing."""

from __future__ import annotations

from sqlalchemy import func, select

from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.rows import Rows, undo_to
from neurovoyance.marketplace.indexer.schema import BOOK, JOB, UNDO
from neurovoyance.marketplace.indexer.store import IndexStore


def read(database: Database) -> dict[str, str]:
    with database.reader.connect() as connection:
        return {row.entry: row.value for row in connection.execute(select(BOOK))}


def batch(database: Database, at_block: int, **values: str | None) -> None:
    rows = Rows()
    with database.writer.begin() as connection:
        rows.begin(connection)
        for key, value in values.items():
            if value is None:
                rows.remove(BOOK, key)
            else:
                rows.change(BOOK, key, value=value)
        rows.flush(at_block)


def test_undoing_gives_every_row_its_value_at_the_checkpoint(
    database: Database, store: IndexStore
) -> None:
    batch(database, 1, a="1", b="1")
    batch(database, 2, a="2", b=None, c="2")
    batch(database, 3, a=None, b="3", c="3", d="3")
    with database.writer.begin() as connection:
        undo_to(connection, 1)
    assert read(database) == {"a": "1", "b": "1"}
    with database.writer.begin() as connection:
        undo_to(connection, 0)
    assert read(database) == {}


def test_what_changes_back_is_not_written(database: Database, store: IndexStore) -> None:
    batch(database, 1, a="1")
    rows = Rows()
    with database.writer.begin() as connection:
        rows.begin(connection)
        rows.change(BOOK, "a", value="2")
        rows.change(BOOK, "a", value="1")
        rows.change(BOOK, "new", value="1")
        rows.remove(BOOK, "new")
        rows.flush(2)
        assert connection.scalar(select(func.max(UNDO.c.at_block))) == 1
    assert read(database) == {"a": "1"}


def test_a_new_row_says_where_it_was_born(database: Database, store: IndexStore) -> None:
    rows = Rows()
    with database.writer.begin() as connection:
        rows.begin(connection)
        rows.stand_at(3, 4, 99)
        rows.change(JOB, "0x1", client="c")
        rows.stand_at(5, 0, 100)
        row = rows.change(JOB, "0x1", batch=2)
        assert (row["born"], row["born_at_s"]) == ((3 << 20) + 4, 99)
        assert (row["changed"], row["changed_at_s"]) == (5 << 20, 100)
        assert rows.get(JOB, "0x2") is None
        rows.flush(5)
