"""How far each reader of events has come, and the block hashes that prove it.

Place: under ``events``; one SQLite file, one row per committed batch. The newest row of a reader is
its position; the older ones are where it can walk back to after a reorganisation.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple, Protocol

from neurovoyance.protocol.errors import ConfigError

KEPT = 1_024
_SCHEMA = """
CREATE TABLE IF NOT EXISTS checkpoint (
    reader TEXT NOT NULL,
    block_number INTEGER NOT NULL,
    block_hash TEXT NOT NULL,
    PRIMARY KEY (reader, block_number)
) WITHOUT ROWID;
"""


class Checkpoint(NamedTuple):
    """A block up to which everything was delivered; the hash is "" before the first block."""

    block_number: int
    block_hash: str


class Positions(Protocol):
    """Where the positions of one reader are kept; a database that also keeps the events may."""

    def position(self) -> Checkpoint | None:
        """Return the newest position, or None when nothing was committed yet."""

    def newest_first(self, at_most: int | None = None) -> list[Checkpoint]:
        """Return the kept positions, newest first, up to a block number if one is given."""

    def advance(self, to: Checkpoint | None, *, rolled_back_to: int | None) -> None:
        """Commit a position, forgetting what a rollback undid."""

    def close(self) -> None:
        """Close what holds them."""


class CheckpointStore:
    """Positions of one reader in a SQLite file; ConfigError when the file is not usable."""

    def __init__(self, path: Path, reader: str) -> None:
        self._reader = reader
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=30.0)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise ConfigError(
                f"The event cursor's file {path} cannot be opened: {error}.",
                hint="Check that the directory is writable; a damaged file may be removed, then "
                "events are read again from the start.",
                path=str(path),
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def newest_first(self, at_most: int | None = None) -> list[Checkpoint]:
        """Return the kept positions, newest first, up to a block number if one is given."""
        limit = 2**62 if at_most is None else at_most
        rows = self._db.execute(
            "SELECT block_number, block_hash FROM checkpoint WHERE reader = ? "
            "AND block_number <= ? ORDER BY block_number DESC",
            (self._reader, limit),
        ).fetchall()
        return [Checkpoint(int(number), str(block_hash)) for number, block_hash in rows]

    def position(self) -> Checkpoint | None:
        """Return the newest position, or None when nothing was committed yet."""
        row = self._db.execute(
            "SELECT block_number, block_hash FROM checkpoint WHERE reader = ? "
            "ORDER BY block_number DESC LIMIT 1",
            (self._reader,),
        ).fetchone()
        return None if row is None else Checkpoint(int(row[0]), str(row[1]))

    def advance(self, to: Checkpoint | None, *, rolled_back_to: int | None) -> None:
        """Commit a position, forgetting what a rollback undid and what is very old."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            if rolled_back_to is not None:
                self._db.execute(
                    "DELETE FROM checkpoint WHERE reader = ? AND block_number > ?",
                    (self._reader, rolled_back_to),
                )
            if to is not None:
                self._db.execute(
                    "INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)", (self._reader, *to)
                )
            self._db.execute(
                "DELETE FROM checkpoint WHERE reader = ?1 AND block_number <= "
                "(SELECT block_number FROM checkpoint WHERE reader = ?1 "
                "ORDER BY block_number DESC LIMIT 1 OFFSET ?2)",
                (self._reader, KEPT),
            )
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
