"""The casebook: what this node knows, has fixed and has done in every dispute, on disk.

Place: a journal of its own beside the node's, written before every effect outside. What is
fixed (a trace, a point, a vote with its salt) is never replaced: the first value wins and every
caller uses what it gets back. The steps tell people in words why the node did what it did.
Calls block for one disk flush. Never: a second vote for a level, or a key of a result.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from neurovoyance.node.disputing.forms import Finding, PointPlan, Reason, TracePlan, dump, load
from neurovoyance.node.disputing.values import LEVELS, Fixed, HeldSlash, Role
from neurovoyance.node.sqlite_file import SqliteFile
from neurovoyance.protocol.audit import DisputeFacts, RefereeVote
from neurovoyance.protocol.errors import InternalError

STEP_MAX_CHARS = 2_000

TRACE, HOPELESS, POINT, NOTHING, FINDING = "trace", "hopeless", "point", "nothing", "finding"
WITHDRAWN = "withdrawn"
_T = TypeVar("_T", TracePlan, PointPlan, Finding, Reason)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS dispute_cases (
  facts_hash BLOB PRIMARY KEY, dispute_id TEXT NOT NULL, job_id BLOB NOT NULL,
  facts TEXT NOT NULL, role TEXT NOT NULL, is_over INTEGER NOT NULL,
  changed_s INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS dispute_cases_by_job ON dispute_cases (job_id);
CREATE TABLE IF NOT EXISTS dispute_fixed (
  facts_hash BLOB NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (facts_hash, name)) STRICT;
CREATE TABLE IF NOT EXISTS dispute_serials (
  key TEXT PRIMARY KEY, serial INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS dispute_steps (
  number INTEGER PRIMARY KEY, facts_hash BLOB NOT NULL, job_id BLOB NOT NULL,
  time_s INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS dispute_steps_by_job ON dispute_steps (job_id);
CREATE TABLE IF NOT EXISTS held_slashes (
  slash_id BLOB PRIMARY KEY, job_id BLOB NOT NULL, ready_s INTEGER NOT NULL,
  is_over INTEGER NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One dispute in the book; ``changed_s`` is chain time."""

    facts: DisputeFacts
    role: Role
    is_over: bool
    changed_s: int


@dataclass(frozen=True, slots=True)
class Step:
    """One decision in words, at a moment of chain time."""

    dispute_id: int
    time_s: int
    text: str


def vote_name(level: int) -> str:
    """Return the name under which the vote of a level is fixed."""
    return f"vote:{level}"


class Casebook(SqliteFile):
    """The disputes of one node.

    Args:
        path: the file.
        identity: what it belongs to, as for the journal.

    Raises:
        ConfigError: the file belongs to another identity.
    """

    def __init__(self, path: Path, identity: dict[str, str]) -> None:
        super().__init__(path, _SCHEMA, identity)

    # Cases.

    def open(self, facts: DisputeFacts, role: Role, time_s: int) -> bool:
        """Add a dispute; False if it is in the book already, which changes nothing."""
        with self._transaction():
            changed = self._db.execute(
                "INSERT INTO dispute_cases VALUES (?, ?, ?, ?, ?, 0, ?)"
                " ON CONFLICT (facts_hash) DO NOTHING",
                (
                    facts.facts_hash(),
                    str(facts.dispute_id),
                    facts.job_id,
                    dump(facts),
                    role.value,
                    time_s,
                ),
            )
        return changed.rowcount == 1

    def set_over(self, facts_hash: bytes, is_over: bool, time_s: int) -> None:
        """Note whether a dispute can still want something of us."""
        with self._transaction():
            self._db.execute(
                "UPDATE dispute_cases SET is_over = ?, changed_s = ? WHERE facts_hash = ?",
                (int(is_over), time_s, facts_hash),
            )

    def unended(self) -> list[Entry]:
        """Return the disputes that may want something of us."""
        return self._entries("is_over = 0 ORDER BY rowid", ())

    def ended_since(self, time_s: int) -> list[Entry]:
        """Return the disputes over since a moment, which a reorganisation may revive."""
        return self._entries("is_over = 1 AND changed_s >= ? ORDER BY rowid", (time_s,))

    def of_job(self, job_id: bytes) -> list[Entry]:
        """Return the disputes about a job in the order seen."""
        return self._entries("job_id = ? ORDER BY rowid", (job_id,))

    def _entries(self, where: str, values: tuple[object, ...]) -> list[Entry]:
        rows = self._db.execute(
            f"SELECT facts, role, is_over, changed_s FROM dispute_cases WHERE {where}",  # noqa: S608 - fixed text
            values,
        ).fetchall()
        return [Entry(load(DisputeFacts, r[0]), Role(r[1]), bool(r[2]), r[3]) for r in rows]

    # What is fixed.

    def fix(self, facts_hash: bytes, name: str, value: _T) -> _T:
        """Fix a value once and for all and return the one that counts: this or an earlier one."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO dispute_fixed VALUES (?, ?, ?)"
                " ON CONFLICT (facts_hash, name) DO NOTHING",
                (facts_hash, name, dump(value)),
            )
        found = self.fixed_value(facts_hash, name, type(value))
        if found is None:
            raise InternalError("A fixed value vanished from the casebook.", name=name)
        return found

    def fixed_value(self, facts_hash: bytes, name: str, kind: type[_T]) -> _T | None:
        """Return a fixed value, or None."""
        row = self._db.execute(
            "SELECT value FROM dispute_fixed WHERE facts_hash = ? AND name = ?",
            (facts_hash, name),
        ).fetchone()
        return load(kind, row[0]) if row else None

    def fixed(self, facts_hash: bytes) -> Fixed:
        """Return all that is fixed for a dispute, as the rules see it."""
        rows = self._db.execute(
            "SELECT name, value FROM dispute_fixed WHERE facts_hash = ?", (facts_hash,)
        )
        known: dict[str, str] = dict(rows)
        votes = tuple(
            (level, load(Finding, known[vote_name(level)]).vote)
            for level in range(LEVELS)
            if vote_name(level) in known
        )
        finding = load(Finding, known[FINDING]).vote if FINDING in known else RefereeVote.NONE
        return Fixed(
            has_trace=TRACE in known,
            is_trace_hopeless=HOPELESS in known,
            has_point=POINT in known,
            found_nothing=NOTHING in known,
            votes=votes,
            finding=finding,
        )

    def reason(self, facts_hash: bytes, name: str) -> str:
        """Return why a value was fixed, in words; "" if it was not, or says nothing."""
        found: PointPlan | Reason | Finding | None
        if name == POINT:
            found = self.fixed_value(facts_hash, name, PointPlan)
        elif name in (HOPELESS, NOTHING):
            found = self.fixed_value(facts_hash, name, Reason)
        else:
            found = self.fixed_value(facts_hash, name, Finding)
        return "" if found is None else found.why

    # Keys that a revert used up.

    def serial(self, key: str) -> int:
        """Return how often a key was used up."""
        row = self._db.execute(
            "SELECT serial FROM dispute_serials WHERE key = ?", (key,)
        ).fetchone()
        return int(row[0]) if row else 0

    def use_up(self, key: str) -> None:
        """Note that a key was used up by a revert; the next attempt takes another."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO dispute_serials VALUES (?, 1)"
                " ON CONFLICT (key) DO UPDATE SET serial = serial + 1",
                (key,),
            )

    # Steps in words.

    def note(self, facts: DisputeFacts, time_s: int, text: str) -> None:
        """Add a decision in words; the same words twice in a row are kept once."""
        key, text = facts.facts_hash(), text[:STEP_MAX_CHARS]
        with self._transaction():
            last = self._db.execute(
                "SELECT text FROM dispute_steps WHERE facts_hash = ? ORDER BY number DESC LIMIT 1",
                (key,),
            ).fetchone()
            if last is None or last[0] != text:
                self._db.execute(
                    "INSERT INTO dispute_steps (facts_hash, job_id, time_s, text)"
                    " VALUES (?, ?, ?, ?)",
                    (key, facts.job_id, time_s, text),
                )

    def steps(self, job_id: bytes) -> list[Step]:
        """Return all decisions about a job in order."""
        rows = self._db.execute(
            "SELECT dispute_cases.dispute_id, dispute_steps.time_s, dispute_steps.text"
            " FROM dispute_steps JOIN dispute_cases USING (facts_hash)"
            " WHERE dispute_steps.job_id = ? ORDER BY number",
            (job_id,),
        )
        return [Step(int(row[0]), row[1], row[2]) for row in rows]

    # Held slashes.

    def hold(self, slash: HeldSlash) -> None:
        """Remember a slash that was booked; a later time, after a reorganisation, counts."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO held_slashes VALUES (?, ?, ?, 0) ON CONFLICT (slash_id)"
                " DO UPDATE SET ready_s = excluded.ready_s, is_over = 0",
                (slash.slash_id, slash.job_id, slash.ready_s),
            )

    def split(self, slash_id: bytes) -> None:
        """Note that a held slash was split."""
        with self._transaction():
            self._db.execute("UPDATE held_slashes SET is_over = 1 WHERE slash_id = ?", (slash_id,))

    def held_slashes(self) -> list[HeldSlash]:
        """Return the slashes that were booked and not seen split."""
        rows = self._db.execute(
            "SELECT slash_id, job_id, ready_s FROM held_slashes WHERE is_over = 0 ORDER BY rowid"
        )
        return [HeldSlash(*row) for row in rows]
