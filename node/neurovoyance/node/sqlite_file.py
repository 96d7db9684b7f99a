"""One SQLite file of this node, which belongs to one provider and chain.

Place: under ``journal`` and the journals of the duties, over ``durable.sqlite_book``: closed to
other users, and kept through a power cut. Never: a schema, or a rule about what is kept.
"""

from __future__ import annotations

from pathlib import Path

from neurovoyance.durable.sqlite_book import SqliteBook
from neurovoyance.protocol.errors import ConfigError

BUSY_TIMEOUT_S = 5
_IDENTITY = (
    "CREATE TABLE IF NOT EXISTS identity (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
)


class SqliteFile(SqliteBook):
    """A database file of one identity; base of the journals.

    Args:
        path: the file; it and its directory are made with modes 0600 and 0700.
        schema: statements that make what is missing; each ``IF NOT EXISTS``.
        identity: what the file belongs to (chain id, genesis, market, provider).

    Raises:
        ConfigError: the file belongs to another identity.
    """

    def __init__(self, path: Path, schema: str, identity: dict[str, str]) -> None:
        super().__init__(path, _IDENTITY + schema, busy_timeout_s=BUSY_TIMEOUT_S, any_thread=False)
        try:
            self._claim(identity)
        except ConfigError:
            self._db.close()
            raise

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
