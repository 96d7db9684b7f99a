"""Rows as they will be when the batch is written: read on demand, changed in memory, written once.

Place: between the folds, which change rows, and ``store``, which owns the transaction. Rows stay in
memory from batch to batch; a rollback or a failed transaction drops them. What a row was before
its first change of the batch goes to ``undo``.

Never: a write before :meth:`Rows.flush`.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from neurovoyance.marketplace.indexer.schema import ENTITIES, GROWING, LOGS_PER_BLOCK, UNDO

Row: TypeAlias = dict[str, Any]
KEPT_ROWS = 200_000
_CHUNK = 500
_BY_NAME = {table.name: table for table in (*ENTITIES, *GROWING)}
_BLANKS: dict[str, Row] = {
    table.name: {
        column.name: getattr(column.default, "arg", None)
        for column in table.columns
        if column.default is not None
    }
    for table in ENTITIES
}
_KEYS = {table.name: next(iter(table.primary_key.columns)).name for table in ENTITIES}


class Rows:
    """The rows of all entities, as one batch changes them."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Row | None] = OrderedDict()
        self._before: dict[tuple[str, str], str | None] = {}
        self._grown: dict[str, list[Row]] = {table.name: [] for table in GROWING}
        self._connection: Connection | None = None
        self.born = 0
        self.time_s = 0

    def begin(self, connection: Connection) -> None:
        """Start a batch on a connection."""
        self._connection = connection
        while len(self._kept) > KEPT_ROWS:
            self._kept.popitem(last=False)

    def stand_at(self, block_number: int, log_index: int, time_s: int) -> None:
        """Say which event causes the next changes."""
        self.born = block_number * LOGS_PER_BLOCK + log_index
        self.time_s = time_s

    def forget(self) -> None:
        """Drop everything in memory: the database knows better."""
        self._kept.clear()
        self._before.clear()
        for grown in self._grown.values():
            grown.clear()

    def prefetch(self, table: Table, keys: Iterable[str]) -> None:
        """Read many rows at once; those that do not exist are remembered as missing."""
        wanted = sorted({key for key in keys if (table.name, key) not in self._kept})
        column = table.c[_KEYS[table.name]]
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            for key in part:
                self._kept[table.name, key] = None
            for found in self._open().execute(select(table).where(column.in_(part))).mappings():
                self._kept[table.name, found[column.name]] = dict(found)

    def get(self, table: Table, key: str) -> Row | None:
        """Return a row to look at, or None."""
        place = (table.name, key)
        if place not in self._kept:
            self.prefetch(table, [key])
        return self._kept[place]

    def change(self, table: Table, key: str, **values: Any) -> Row:
        """Return a row to change, made if it is not there, with some values set."""
        place = (table.name, key)
        row = self.get(table, key)
        if place not in self._before:
            self._before[place] = None if row is None else json.dumps(row)
        if row is None:
            row = {**_BLANKS[table.name], _KEYS[table.name]: key}
            if "born" in table.c:
                row["born"], row["born_at_s"] = self.born, self.time_s
            self._kept[place] = row
        row.update(values)
        if "changed" in row:
            row["changed"], row["changed_at_s"] = self.born, self.time_s
        return row

    def remove(self, table: Table, key: str) -> None:
        """Remove a row."""
        self.change(table, key)
        self._kept[table.name, key] = None

    def changed(self, table: Table) -> list[Row]:
        """Return the rows of a table that the batch changed so far."""
        keys = [key for name, key in self._before if name == table.name]
        return [row for key in keys if (row := self._kept[table.name, key]) is not None]

    def grow(self, table: Table, row: Row) -> None:
        """Add a row to a table that only grows."""
        self._grown[table.name].append(row)

    def flush(self, at_block: int) -> None:
        """Write the batch and what undoes it."""
        connection = self._open()
        for name, grown in self._grown.items():
            if grown:
                connection.execute(_BY_NAME[name].insert(), grown)
                grown.clear()
        written: dict[str, list[Row]] = {}
        gone: dict[str, list[str]] = {}
        undo: list[Row] = []
        for (name, key), before in self._before.items():
            row = self._kept[name, key]
            if (None if row is None else json.dumps(row)) == before:
                continue
            undo.append({"at_block": at_block, "place": name, "entity": key, "before": before})
            if row is None:
                gone.setdefault(name, []).append(key)
            else:
                written.setdefault(name, []).append(row)
        self._before.clear()
        if undo:
            connection.execute(UNDO.insert(), undo)
        write_rows(connection, written, gone)

    def _open(self) -> Connection:
        assert self._connection is not None, "begin comes first"  # noqa: S101 - for the types
        return self._connection


def write_rows(
    connection: Connection, written: Mapping[str, list[Row]], gone: Mapping[str, Iterable[str]]
) -> None:
    """Insert or replace rows, and delete others, by table name."""
    for name, keys in gone.items():
        table = _BY_NAME[name]
        listed = list(keys)
        for start in range(0, len(listed), _CHUNK):
            part = listed[start : start + _CHUNK]
            connection.execute(delete(table).where(table.c[_KEYS[name]].in_(part)))
    for name, rows in written.items():
        connection.execute(_upsert(_BY_NAME[name], connection.dialect.name), rows)


def _upsert(table: Table, dialect: str) -> Any:
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = make(table)
    key = _KEYS[table.name]
    values = {c.name: statement.excluded[c.name] for c in table.columns if c.name != key}
    return statement.on_conflict_do_update(index_elements=[key], set_=values)


def undo_to(connection: Connection, block: int) -> None:
    """Give every row the value it had at a checkpoint, and drop what was added above it."""
    for table in GROWING:
        connection.execute(delete(table).where(table.c.born >= (block + 1) * LOGS_PER_BLOCK))
    # The oldest change above the checkpoint knows what the row was there.
    oldest: dict[tuple[str, str], str | None] = {}
    kept = select(UNDO).where(UNDO.c.at_block > block).order_by(UNDO.c.at_block.desc())
    for change in connection.execute(kept).mappings():
        oldest[change["place"], change["entity"]] = change["before"]
    written: dict[str, list[Row]] = {}
    gone: dict[str, list[str]] = {}
    for (name, key), before in oldest.items():
        if before is None:
            gone.setdefault(name, []).append(key)
        else:
            written.setdefault(name, []).append(json.loads(before))
    write_rows(connection, written, gone)
    connection.execute(delete(UNDO).where(UNDO.c.at_block > block))
