"""The journal of canaries: those that wait for their draw, and those drawn for our owner.

Place: under ``canary_duty``; a file beside the node's journal. What a canary needs is read from the
chain in every sweep; the file says only which ones to look at. Never: an offer; those are in the
node's journal, with every other promise of stake.
"""

from __future__ import annotations

from pathlib import Path

from neurovoyance.node.sqlite_file import SqliteFile

_SCHEMA = """
CREATE TABLE IF NOT EXISTS requested (
  canary_id INTEGER PRIMARY KEY, requested_at_s INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS drawn (
  canary_id INTEGER PRIMARY KEY, seed BLOB NOT NULL, ended INTEGER NOT NULL DEFAULT 0) STRICT;
"""


class CanaryBook(SqliteFile):
    """The journal of one node; see :class:`~neurovoyance.node.sqlite_file.SqliteFile`."""

    def __init__(self, path: Path, identity: dict[str, str]) -> None:
        super().__init__(path, _SCHEMA, identity)

    def add_request(self, canary_id: int, requested_at_s: int) -> None:
        """Remember a canary that waits for its draw."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO requested VALUES (?, ?)", (canary_id, requested_at_s)
            )

    def requests(self) -> list[tuple[int, int]]:
        """Return the canaries that wait for their draw, with the second of the request."""
        return list(self._db.execute("SELECT * FROM requested ORDER BY canary_id"))

    def end_request(self, canary_id: int) -> None:
        """Forget a canary that was drawn, or that nothing can be drawn for."""
        with self._transaction():
            self._db.execute("DELETE FROM requested WHERE canary_id = ?", (canary_id,))

    def add_drawn(self, canary_id: int, seed: bytes) -> None:
        """Remember a canary that was drawn for us; one that had ended is alive again."""
        with self._transaction():
            self._db.execute("DELETE FROM requested WHERE canary_id = ?", (canary_id,))
            self._db.execute(
                "INSERT OR REPLACE INTO drawn (canary_id, seed) VALUES (?, ?)", (canary_id, seed)
            )

    def live(self) -> list[int]:
        """Return the canaries drawn for us that have not ended, oldest first."""
        rows = self._db.execute("SELECT canary_id FROM drawn WHERE ended = 0 ORDER BY canary_id")
        return [int(row[0]) for row in rows]

    def end(self, canary_id: int) -> None:
        """Note that nothing is left to do for a canary."""
        with self._transaction():
            self._db.execute("UPDATE drawn SET ended = 1 WHERE canary_id = ?", (canary_id,))
