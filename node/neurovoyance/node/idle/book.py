"""What the idle mode keeps on disk: pauses as they began and ended, and the owner's own words.

Place: under ``gate`` and ``control``. A pause by hand survives a restart. Never: a name of a
program or the times of an owner in any answer to strangers; this file is the owner's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neurovoyance.node.idle.policy import Hold, Reason
from neurovoyance.node.sqlite_file import SqliteFile

KEPT = 1_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS pauses (
  number INTEGER PRIMARY KEY, device TEXT NOT NULL, began_s INTEGER NOT NULL, ended_s INTEGER,
  reasons TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS choices (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Pause:
    """One rest of a device, unix seconds; ``ended_s`` is None while it lasts."""

    device: str
    began_s: int
    ended_s: int | None
    reasons: tuple[str, ...]


class IdleBook(SqliteFile):
    """The file of one node.

    Args:
        path: the file.
        identity: see :class:`SqliteFile`.
    """

    def __init__(self, path: Path, identity: dict[str, str]) -> None:
        super().__init__(path, _SCHEMA, identity)

    def begin(self, device: str, reasons: Sequence[Reason], time_s: int) -> None:
        """Note that a device rests from now on; one that rests already is left alone."""
        words = json.dumps([reason.message for reason in reasons])
        with self._transaction():
            self._db.execute(
                "INSERT INTO pauses (device, began_s, reasons) SELECT ?1, ?2, ?3 WHERE NOT EXISTS"
                " (SELECT 1 FROM pauses WHERE device = ?1 AND ended_s IS NULL)",
                (device, time_s, words),
            )
            self._db.execute(
                "DELETE FROM pauses WHERE number <= (SELECT max(number) FROM pauses) - ?", (KEPT,)
            )

    def end(self, device: str, time_s: int) -> None:
        """Note that a device may run again."""
        with self._transaction():
            self._db.execute(
                "UPDATE pauses SET ended_s = ? WHERE device = ? AND ended_s IS NULL",
                (time_s, device),
            )

    def pauses(self, limit: int) -> list[Pause]:
        """Return the last pauses, newest first."""
        rows = self._db.execute(
            "SELECT device, began_s, ended_s, reasons FROM pauses ORDER BY number DESC LIMIT ?",
            (limit,),
        )
        return [Pause(row[0], row[1], row[2], tuple(json.loads(row[3]))) for row in rows]

    def hold(self) -> Hold:
        """Return what the owner said by hand last."""
        text = self.choice("hold")
        if text is None:
            return Hold()
        found = json.loads(text)
        return Hold(bool(found["is_held"]), found["until_s"])

    def set_hold(self, hold: Hold) -> None:
        """Keep what the owner said by hand."""
        self.set_choice("hold", json.dumps({"is_held": hold.is_held, "until_s": hold.until_s}))

    def choice(self, name: str) -> str | None:
        """Return a choice of the owner, or None."""
        row = self._db.execute("SELECT value FROM choices WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_choice(self, name: str, value: str) -> None:
        """Keep a choice of the owner."""
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO choices VALUES (?, ?)", (name, value))
