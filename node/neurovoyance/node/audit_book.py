"""The auditor's journal: for which rounds our owner was drawn, and what we committed to there.

Place: between ``audit_rules`` and ``auditing``; a file beside the node's journal. A vote is fixed
under the seed of its audit before its commitment is sent, and never replaced: two commitments of
one auditor would give it a choice after the answer. Never: the key of a provider's result.
"""

from __future__ import annotations

from pathlib import Path

from neurovoyance.node.audit_rules import CaseKey, Vote
from neurovoyance.node.output_file import Words
from neurovoyance.node.records import (
    PostedJob,
    dump_facts,
    dump_job,
    load_facts,
    load_job,
)
from neurovoyance.node.sqlite_file import SqliteFile
from neurovoyance.protocol.audit import AuditFacts
from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.ids import JobId, hex_of

_SCHEMA = """
CREATE TABLE IF NOT EXISTS cases (
  job_id BLOB NOT NULL, slot INTEGER NOT NULL, round INTEGER NOT NULL,
  drawn_in INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0, checked INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (job_id, slot, round)) STRICT;
CREATE INDEX IF NOT EXISTS cases_live ON cases (ended);
CREATE TABLE IF NOT EXISTS facts (
  job_id BLOB NOT NULL, facts_hash BLOB NOT NULL, facts TEXT NOT NULL,
  PRIMARY KEY (job_id, facts_hash)) STRICT;
CREATE TABLE IF NOT EXISTS jobs (job_id BLOB PRIMARY KEY, job TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS votes (
  job_id BLOB NOT NULL, seed0 BLOB NOT NULL, slot INTEGER NOT NULL, round INTEGER NOT NULL,
  z1 BLOB NOT NULL, flags INTEGER NOT NULL, salt BLOB NOT NULL, commitment BLOB NOT NULL,
  PRIMARY KEY (job_id, seed0, slot, round)) STRICT;
CREATE TABLE IF NOT EXISTS answers (
  job_id BLOB NOT NULL, slot INTEGER NOT NULL, round INTEGER NOT NULL, words BLOB NOT NULL,
  PRIMARY KEY (job_id, slot, round)) STRICT;
CREATE TABLE IF NOT EXISTS results (
  job_id BLOB PRIMARY KEY, out_root BLOB NOT NULL, envelope_cid BLOB NOT NULL,
  result_key BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS endpoints (provider TEXT PRIMARY KEY, url TEXT NOT NULL) STRICT;
"""

Result = tuple[bytes, bytes, bytes]
"""What a provider published: output root, envelope CID, key."""


class AuditBook(SqliteFile):
    """The journal of one auditor; see :class:`~neurovoyance.node.sqlite_file.SqliteFile`."""

    def __init__(self, path: Path, identity: dict[str, str]) -> None:
        super().__init__(path, _SCHEMA, identity)

    # Cases.

    def add_case(self, key: CaseKey, block: int) -> None:
        """Remember that we were drawn, in a block; a case that ended before is alive again."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO cases (job_id, slot, round, drawn_in) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (job_id, slot, round) DO UPDATE SET ended = 0,"
                " drawn_in = excluded.drawn_in",
                (key.job_id, key.slot, key.round, block),
            )

    def live(self) -> list[CaseKey]:
        """Return the cases that have not ended, oldest first."""
        rows = self._db.execute(
            "SELECT job_id, slot, round FROM cases WHERE ended = 0 ORDER BY rowid"
        )
        return [CaseKey(JobId(row[0]), row[1], row[2]) for row in rows]

    def is_known(self, job_id: bytes) -> bool:
        """Tell whether we were ever drawn for a job."""
        row = self._db.execute("SELECT 1 FROM cases WHERE job_id = ?", (job_id,)).fetchone()
        return row is not None

    def drawn_in(self, key: CaseKey) -> int:
        """Return the block in which we were drawn."""
        row = self._db.execute(
            "SELECT drawn_in FROM cases WHERE job_id = ? AND slot = ? AND round = ?",
            (key.job_id, key.slot, key.round),
        ).fetchone()
        return int(row[0]) if row else 0

    def is_checked(self, key: CaseKey) -> bool:
        """Tell whether the answer in a case was compared with the revealed output."""
        row = self._db.execute(
            "SELECT checked FROM cases WHERE job_id = ? AND slot = ? AND round = ?",
            (key.job_id, key.slot, key.round),
        ).fetchone()
        return bool(row and row[0])

    def set_checked(self, key: CaseKey) -> None:
        """Note that the answer in a case was compared with the revealed output."""
        self._mark("checked", key)

    def end(self, key: CaseKey) -> None:
        """Note that nothing is left to do for a case."""
        self._mark("ended", key)

    def _mark(self, column: str, key: CaseKey) -> None:
        with self._transaction():
            self._db.execute(
                f"UPDATE cases SET {column} = 1"  # noqa: S608 - fixed text
                " WHERE job_id = ? AND slot = ? AND round = ?",
                (key.job_id, key.slot, key.round),
            )

    # What the chain said.

    def add_facts(self, facts: AuditFacts) -> None:
        """Remember the facts of an audit; a reorganisation may make several."""
        with self._transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO facts VALUES (?, ?, ?)",
                (facts.job_id, facts.facts_hash(), dump_facts(facts)),
            )

    def facts(self, job_id: JobId, facts_hash: bytes) -> AuditFacts | None:
        """Return the facts with a hash, or None."""
        row = self._db.execute(
            "SELECT facts FROM facts WHERE job_id = ? AND facts_hash = ?", (job_id, facts_hash)
        ).fetchone()
        return load_facts(row[0]) if row else None

    def add_job(self, job: PostedJob) -> None:
        """Remember a job that we audit, as it was listed."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO jobs VALUES (?, ?)", (job.job_id, dump_job(job))
            )

    def job(self, job_id: JobId) -> PostedJob | None:
        """Return a job that we audit, or None."""
        row = self._db.execute("SELECT job FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
        return load_job(row[0]) if row else None

    def set_answer(self, key: CaseKey, words: Words) -> None:
        """Remember the provider's answer; a later one, after a reorganisation, replaces it."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)",
                (key.job_id, key.slot, key.round, b"".join(words)),
            )

    def answer(self, key: CaseKey) -> Words | None:
        """Return the provider's answer in a round, four words, or None."""
        row = self._db.execute(
            "SELECT words FROM answers WHERE job_id = ? AND slot = ? AND round = ?",
            (key.job_id, key.slot, key.round),
        ).fetchone()
        return _words(row[0]) if row else None

    def set_result(self, job_id: JobId, result: Result) -> None:
        """Remember what the provider of a job published; the key in it is public by then."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)", (job_id, *result)
            )

    def result(self, job_id: JobId) -> Result | None:
        """Return what the provider of a job published, or None."""
        row = self._db.execute(
            "SELECT out_root, envelope_cid, result_key FROM results WHERE job_id = ?", (job_id,)
        ).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def set_endpoint(self, provider: str, url: str) -> None:
        """Remember where a provider says that it answers; never trusted, only tried."""
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO endpoints VALUES (?, ?)", (provider, url))

    def endpoint(self, provider: str) -> str | None:
        """Return where a provider says that it answers, or None."""
        row = self._db.execute(
            "SELECT url FROM endpoints WHERE provider = ?", (provider,)
        ).fetchone()
        return row[0] if row else None

    # Votes.

    def fix_vote(self, key: CaseKey, seed0: bytes, vote: Vote) -> Vote:
        """Fix a vote once and for all; return the one that counts."""
        with self._transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO votes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    key.job_id,
                    seed0,
                    key.slot,
                    key.round,
                    b"".join(vote.z1),
                    vote.flags,
                    vote.salt,
                    vote.commitment,
                ),
            )
        fixed = self.vote(key, seed0)
        if fixed is None:
            raise InternalError("A vote vanished from the journal.", job_id=hex_of(key.job_id))
        return fixed

    def vote(self, key: CaseKey, seed0: bytes) -> Vote | None:
        """Return the fixed vote of a round under a seed, or None."""
        row = self._db.execute(
            "SELECT z1, flags, salt, commitment FROM votes"
            " WHERE job_id = ? AND seed0 = ? AND slot = ? AND round = ?",
            (key.job_id, seed0, key.slot, key.round),
        ).fetchone()
        return Vote(_words(row[0]), *row[1:]) if row else None


def _words(raw: bytes) -> Words:
    return tuple(raw[at : at + 32] for at in range(0, len(raw), 32))
