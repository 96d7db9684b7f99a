"""One SQLite file that survives a power cut and is closed to other users.

Place: under the journal of transactions, and the journals, books and keys of clients and nodes,
which hold keys and salts. With WAL and ``synchronous=FULL`` a power cut cannot undo a transaction
that returned; foreign keys hold. Never: a schema, or a rule about what is kept.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path(":memory:")
"""The path of a book that is gone with the object."""
BUSY_TIMEOUT_S = 10


class SqliteBook:
    """A database file; base of what clients and nodes remember.

    Args:
        path: the file; it and its directory are made with modes 0600 and 0700.
        schema: statements that make what is missing; each ``IF NOT EXISTS``.
        busy_timeout_s: how long a statement waits for another process's transaction.
        any_thread: whether other threads may use it, one at a time.
    """

    def __init__(
        self,
        path: Path,
        schema: str,
        *,
        busy_timeout_s: int = BUSY_TIMEOUT_S,
        any_thread: bool = True,
    ) -> None:
        if path != MEMORY:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Made before SQLite opens it: its companion files copy the mode.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            path.chmod(0o600)
        self.path = path
        self._db = sqlite3.connect(
            path, isolation_level=None, timeout=busy_timeout_s, check_same_thread=not any_thread
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA foreign_keys=ON")
        self._db.executescript(schema)

    def close(self) -> None:
        """Close the file; it must not be used after."""
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Keep all that is written inside, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
