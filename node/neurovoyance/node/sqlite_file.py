"""One SQLite file of this node that survives a power cut, and belongs to one provider and chain.

Place: under ``journal`` and the journals of the duties. WAL mode with ``synchronous=FULL``: when a
transaction returns, a power cut cannot undo it. Journals hold keys and salts, so the file and its
directory are closed to other users. Never: a schema, or a rule about what is kept.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurovoyance.protocol.errors import ConfigError

BUSY_TIMEOUT_MS = 5_000
_IDENTITY = (
    "CREATE TABLE IF NOT EXISTS identity (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
)


class SqliteFile:
    """A database file of one identity; base of the journals.

    Args:
        path: the file; it and its directory are made with modes 0600 and 0700.
        schema: statements that make what is missing; each ``IF NOT EXISTS``.
        identity: what the file belongs to (chain id, genesis, market, provider).

    Raises:
        ConfigError: the file belongs to another identity.
    """

    def __init__(self, path: Path, schema: str, identity: dict[str, str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Made before SQLite opens it: its companion files copy the mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
        self.path = path
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS:d}")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_IDENTITY + schema)
        try:
            self._claim(identity)
        except ConfigError:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file; it must not be used after."""
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _claim(self, identity: dict[str, str]) -> None:
        with self._transaction():
            known = dict(self._db.execute("SELECT name, value FROM identity"))
            if not known:
                self._db.executemany("INSERT INTO identity VALUES (?, ?)", identity.items())
                return
        faults = [
            f"{name}: the journal has {known.get(name)}, the node {value}"
            for name, value in identity.items()
            if known.get(name) != value
        ]
        if faults:
            raise ConfigError(
                f"The journal {self.path} belongs to another provider or chain.",
                hint="Give this node a data directory of its own. Keep the old one until the jobs "
                "in it have ended: it holds the keys of their results.",
                faults=faults,
            )
