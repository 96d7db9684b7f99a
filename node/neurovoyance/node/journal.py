"""The node's memory on disk: what it was about to do, before every effect outside.

Place: between ``execution`` and ``agent``. When a method returns, a power cut cannot undo it (see
``sqlite_file``). The file holds the result keys and salts of unrevealed outputs. Calls block for
one disk flush (about a millisecond); they are short and keep the order of steps, so they are not
sent to a thread. Never: an opening replaced by another, which could make two commitments for one
job.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from neurovoyance.node.execution_values import Action, Execution, Instruction, Outcome, Phase
from neurovoyance.node.records import (
    PostedJob,
    dump_execution,
    dump_facts,
    dump_job,
    load_execution,
    load_facts,
    load_job,
)
from neurovoyance.node.sqlite_file import SqliteFile
from neurovoyance.protocol.audit import AuditFacts
from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.ids import JobId, hex_of
from neurovoyance.protocol.result import Opening

_SCHEMA = """
CREATE TABLE IF NOT EXISTS executions (
  job_id BLOB PRIMARY KEY, job TEXT NOT NULL, record TEXT NOT NULL,
  phase TEXT NOT NULL, changed_s INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS executions_by_phase ON executions (phase, changed_s);
CREATE TABLE IF NOT EXISTS openings (
  job_id BLOB PRIMARY KEY, out_root BLOB NOT NULL, envelope_cid BLOB NOT NULL,
  result_key BLOB NOT NULL, shift INTEGER NOT NULL, salt BLOB NOT NULL,
  commitment BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS instructions (
  number INTEGER PRIMARY KEY, job_id BLOB NOT NULL, action TEXT NOT NULL, key TEXT NOT NULL,
  asked_s INTEGER NOT NULL, answer TEXT) STRICT;
CREATE INDEX IF NOT EXISTS instructions_by_job ON instructions (job_id);
CREATE TABLE IF NOT EXISTS seeds (
  job_id BLOB NOT NULL, seed0 BLOB NOT NULL, PRIMARY KEY (job_id, seed0)) STRICT;
CREATE TABLE IF NOT EXISTS audits (
  job_id BLOB NOT NULL, facts_hash BLOB NOT NULL, facts TEXT NOT NULL,
  PRIMARY KEY (job_id, facts_hash)) STRICT;
CREATE TABLE IF NOT EXISTS answers (
  job_id BLOB NOT NULL, seed BLOB NOT NULL, words BLOB NOT NULL,
  PRIMARY KEY (job_id, seed)) STRICT;
CREATE TABLE IF NOT EXISTS offers (
  nonce TEXT PRIMARY KEY, client TEXT NOT NULL, spec_hash BLOB NOT NULL,
  price_wei TEXT NOT NULL, lock_wei TEXT NOT NULL, valid_until_s INTEGER NOT NULL,
  taken_by BLOB UNIQUE) STRICT;
CREATE INDEX IF NOT EXISTS offers_live ON offers (valid_until_s) WHERE taken_by IS NULL;
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One execution with the job it is about; ``changed_s`` is chain time."""

    job: PostedJob
    execution: Execution
    changed_s: int


@dataclass(frozen=True, slots=True)
class LoggedInstruction:
    """One line of the instruction log; ``answer`` is None while nothing came back."""

    job_id: JobId
    action: Action
    key: str
    asked_s: int
    answer: str | None


@dataclass(frozen=True, slots=True)
class SealedOutput:
    """An opening and the commitment that it makes; fixed together."""

    opening: Opening
    commitment: bytes


@dataclass(frozen=True, slots=True)
class OfferRecord:
    """A signed offer that can still be taken."""

    nonce: int
    client: str
    spec_hash: bytes
    price_wei: int
    lock_wei: int
    valid_until_s: int


class Journal(SqliteFile):
    """The journal file of one provider on one chain.

    Args:
        path: the file; it and its directory are made with modes 0600 and 0700.
        identity: what the journal belongs to (chain id, genesis, market, provider).

    Raises:
        ConfigError: the file belongs to another identity.
    """

    def __init__(self, path: Path, identity: dict[str, str]) -> None:
        super().__init__(path, _SCHEMA, identity)

    # Executions.

    def write(
        self,
        execution: Execution,
        instructions: tuple[Instruction, ...],
        time_s: int,
        job: PostedJob | None = None,
    ) -> None:
        """Record a step before it is obeyed: the execution, and what it asked for.

        Args:
            job: needed the first time only.
        """
        row = (dump_execution(execution), execution.phase.value, time_s, execution.job_id)
        with self._transaction():
            if job is not None:
                self._db.execute(
                    "INSERT INTO executions (record, phase, changed_s, job_id, job)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (*row, dump_job(job)),
                )
            else:
                changed = self._db.execute(
                    "UPDATE executions SET record = ?, phase = ?, changed_s = ? WHERE job_id = ?",
                    row,
                )
                if changed.rowcount != 1:
                    raise InternalError(
                        "A step was written for a job that the journal does not know.",
                        job_id=hex_of(execution.job_id),
                    )
            self._db.executemany(
                "INSERT INTO instructions (job_id, action, key, asked_s) VALUES (?, ?, ?, ?)",
                [(execution.job_id, i.action.value, i.key, time_s) for i in instructions],
            )

    def answer(self, job_id: JobId, action: Action, text: str) -> None:
        """Note what came of an action, in the instruction log; for people and tests."""
        with self._transaction():
            self._db.execute(
                "UPDATE instructions SET answer = ? WHERE number = (SELECT max(number) FROM"
                " instructions WHERE job_id = ? AND action = ? AND answer IS NULL)",
                (text[:500], job_id, action.value),
            )

    def entry(self, job_id: JobId) -> Entry | None:
        """Return one execution, or None if the job was never seen."""
        return next(self._entries("job_id = ?", (job_id,)), None)

    def unended(self) -> list[Entry]:
        """Return the executions that have not ended."""
        return list(self._entries("phase != ?", (Phase.ENDED.value,)))

    def ended_since(self, time_s: int) -> list[Entry]:
        """Return the executions that ended at or after a moment; a reorganisation may revive
        them.
        """
        return list(self._entries("phase = ? AND changed_s >= ?", (Phase.ENDED.value, time_s)))

    def recent(self, limit: int) -> list[Entry]:
        """Return the executions that changed last, newest first."""
        return list(self._entries("1 ORDER BY changed_s DESC, rowid DESC LIMIT ?", (limit,)))

    def settled(self) -> Iterator[Entry]:
        """Return the executions that were paid, oldest first."""
        return self._entries(
            "phase = ? AND json_extract(record, '$.execution.outcome') = ? ORDER BY changed_s",
            (Phase.ENDED.value, Outcome.SETTLED.value),
        )

    def outcomes(self) -> dict[Outcome, int]:
        """Return how many executions ended in each outcome, all outcomes named."""
        rows = self._db.execute(
            "SELECT json_extract(record, '$.execution.outcome'), count(*) FROM executions"
            " WHERE phase = ? GROUP BY 1",
            (Phase.ENDED.value,),
        )
        found = dict(rows.fetchall())
        return {outcome: int(found.get(outcome.value, 0)) for outcome in Outcome}

    def instructions(self, job_id: JobId) -> list[LoggedInstruction]:
        """Return the instruction log of a job in order."""
        rows = self._db.execute(
            "SELECT action, key, asked_s, answer FROM instructions WHERE job_id = ?"
            " ORDER BY number",
            (job_id,),
        )
        return [LoggedInstruction(job_id, Action(row[0]), *row[1:]) for row in rows]

    def _entries(self, where: str, values: tuple[object, ...]) -> Iterator[Entry]:
        rows = self._db.execute(
            f"SELECT job, record, changed_s FROM executions WHERE {where}",  # noqa: S608 - fixed text
            values,
        ).fetchall()
        for job, record, changed_s in rows:
            yield Entry(load_job(job), load_execution(record), changed_s)

    # Openings and seeds.

    def fix_opening(self, job_id: JobId, opening: Opening, commitment: bytes) -> SealedOutput:
        """Fix the opening of a job once and for all, and return the one that counts.

        Returns:
            The opening given, or the one that was fixed before; the caller uses what it gets.
        """
        with self._transaction():
            self._db.execute(
                "INSERT INTO openings VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job_id) DO NOTHING",
                (
                    job_id,
                    opening.out_root,
                    opening.envelope_cid,
                    opening.result_key,
                    opening.shift,
                    opening.salt,
                    commitment,
                ),
            )
        sealed = self.sealed(job_id)
        if sealed is None:
            raise InternalError("An opening vanished from the journal.", job_id=hex_of(job_id))
        return sealed

    def sealed(self, job_id: JobId) -> SealedOutput | None:
        """Return the fixed opening of a job, with a zero seed, or None."""
        row = self._db.execute(
            "SELECT out_root, envelope_cid, result_key, shift, salt, commitment FROM openings"
            " WHERE job_id = ?",
            (job_id,),
        ).fetchone()
        return SealedOutput(Opening(bytes(32), *row[:5]), row[5]) if row else None

    def add_seed(self, job_id: JobId, seed0: bytes) -> None:
        """Remember a seed that was drawn for a job; a reorganisation may make several."""
        with self._transaction():
            self._db.execute("INSERT OR IGNORE INTO seeds VALUES (?, ?)", (job_id, seed0))

    def seeds(self, job_id: JobId) -> list[bytes]:
        """Return every seed seen for a job; the chain's binding says which one holds."""
        rows = self._db.execute("SELECT seed0 FROM seeds WHERE job_id = ?", (job_id,))
        return [row[0] for row in rows]

    # Audits of our own jobs.

    def add_audit(self, facts: AuditFacts) -> None:
        """Remember the facts of an audit that was opened; a reorganisation may make several."""
        with self._transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO audits VALUES (?, ?, ?)",
                (facts.job_id, facts.facts_hash(), dump_facts(facts)),
            )

    def audit(self, job_id: JobId, facts_hash: bytes) -> AuditFacts | None:
        """Return the facts of the audit that the chain holds, by their hash, or None."""
        row = self._db.execute(
            "SELECT facts FROM audits WHERE job_id = ? AND facts_hash = ?", (job_id, facts_hash)
        ).fetchone()
        return load_facts(row[0]) if row else None

    def fix_answer(self, job_id: JobId, seed: bytes, words: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """Fix the answer under the seed of a round once and for all; return the one that counts."""
        with self._transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO answers VALUES (?, ?, ?)", (job_id, seed, b"".join(words))
            )
        return self.answer_to(job_id, seed) or words

    def answer_to(self, job_id: JobId, seed: bytes) -> tuple[bytes, ...] | None:
        """Return the fixed answer under a seed, four words, or None."""
        row = self._db.execute(
            "SELECT words FROM answers WHERE job_id = ? AND seed = ?", (job_id, seed)
        ).fetchone()
        return tuple(row[0][at : at + 32] for at in range(0, 128, 32)) if row else None

    # Offers.

    def add_offer(self, offer: OfferRecord) -> None:
        """Record an offer before its signature leaves the node."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO offers (nonce, client, spec_hash, price_wei, lock_wei,"
                " valid_until_s) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    f"{offer.nonce:064x}",
                    offer.client,
                    offer.spec_hash,
                    str(offer.price_wei),
                    str(offer.lock_wei),
                    offer.valid_until_s,
                ),
            )

    def live_offers(self, time_s: int) -> list[OfferRecord]:
        """Return the offers that can still be taken at a moment of chain time."""
        rows = self._db.execute(
            "SELECT nonce, client, spec_hash, price_wei, lock_wei, valid_until_s FROM offers"
            " WHERE taken_by IS NULL AND valid_until_s >= ? ORDER BY valid_until_s",
            (time_s,),
        )
        return [OfferRecord(int(r[0], 16), r[1], r[2], int(r[3]), int(r[4]), r[5]) for r in rows]

    def take_offer(self, job_id: JobId, spec_hash: bytes, client: str, lock_wei: int) -> bool:
        """Count one live offer for a spec as taken by a job, once; False when none fits.

        The nonce does not show in the chain's events, and offers of the same terms are alike.
        """
        with self._transaction():
            changed = self._db.execute(
                "UPDATE offers SET taken_by = ?1 WHERE nonce = (SELECT nonce FROM offers WHERE"
                " taken_by IS NULL AND spec_hash = ?2 AND lock_wei = ?3"
                " ORDER BY client != ?4, valid_until_s LIMIT 1)"
                " AND NOT EXISTS (SELECT 1 FROM offers WHERE taken_by = ?1)",
                (job_id, spec_hash, str(lock_wei), client),
            )
        return changed.rowcount == 1

    # Notes.

    def note(self, name: str) -> str | None:
        """Return a small fact kept across starts, or None."""
        row = self._db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_note(self, name: str, value: str) -> None:
        """Keep a small fact across starts; never a secret."""
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))
