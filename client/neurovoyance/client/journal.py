"""The client's memory: every attempt before it is sent, and every chain event that concerns it.

Place: under :mod:`.hiring` and :mod:`.jobs`. An attempt is written before anything leaves the
machine, with the salt that makes its job id, so a client that was killed finds its jobs again and
sends none twice. Chain events are keyed by block and position: applying one twice changes nothing.
Never: a decision; the chain is the truth, this file only remembers what to ask it about.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from neurovoyance.durable.sqlite_book import SqliteBook
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.job_spec import JobSpec, parse_spec_json
from neurovoyance.protocol.signing import Offer

_SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
  order_id TEXT PRIMARY KEY, made_s INTEGER NOT NULL, terms TEXT NOT NULL, manifest BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS attempts (
  job_id BLOB PRIMARY KEY, order_id TEXT NOT NULL REFERENCES orders, number INTEGER NOT NULL,
  spec TEXT NOT NULL, salt BLOB NOT NULL, price_wei TEXT NOT NULL, lock_wei TEXT NOT NULL,
  deadline_s INTEGER NOT NULL, source TEXT NOT NULL, offer TEXT, signature BLOB,
  status TEXT NOT NULL, note TEXT NOT NULL DEFAULT '', UNIQUE (order_id, number));
CREATE TABLE IF NOT EXISTS events (
  block_hash TEXT NOT NULL, log_index INTEGER NOT NULL, block_number INTEGER NOT NULL,
  tx_hash TEXT NOT NULL, name TEXT NOT NULL, job_id BLOB, body TEXT NOT NULL,
  PRIMARY KEY (block_hash, log_index));
CREATE INDEX IF NOT EXISTS events_by_job ON events (job_id, block_number, log_index);
CREATE INDEX IF NOT EXISTS events_by_name ON events (name, block_number, log_index);
"""


class Status(StrEnum):
    """What this client knows of an attempt; the chain may know more."""

    PLANNED = "planned"
    """Written down; whether it reached the chain has to be asked."""
    HIRED = "hired"
    """On chain."""
    VOID = "void"
    """Never reached the chain and no longer can: its offer or listing time is over."""
    REFUNDED = "refunded"
    """Ended without pay."""
    CHECKED = "checked"
    """The output is here and is the one that was committed to."""
    MISMATCH = "mismatch"
    """The output is not the one that was committed to."""
    SETTLED = "settled"
    """Paid; nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for; ``terms`` are the JSON-serialisable options of ``submit``."""

    order_id: str
    made_s: int
    terms: dict[str, Any]
    manifest: bytes


@dataclass(frozen=True, slots=True)
class Attempt:
    """One job on chain, or the intent of one.

    Attributes:
        price_wei: the offer's price, or the listing's maximum.
        lock_wei: the offer's lock, or the listing's minimum.
        deadline_s: last second of chain time at which the offer or listing can be taken.
        source: where the input is served, as announced in a listing.
    """

    job_id: JobId
    order_id: str
    number: int
    spec: JobSpec
    salt: bytes
    price_wei: int
    lock_wei: int
    deadline_s: int
    source: str
    offer: Offer | None = None
    signature: bytes | None = None
    status: Status = Status.PLANNED
    note: str = ""


class End(NamedTuple):
    """Where an attempt stands, in short: when its order was made (unix s), status, the note."""

    job_id: bytes
    made_s: int
    status: Status
    note: str


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A chain event as kept; ``body`` has its fields, bytes as hex and wei as decimal strings."""

    name: str
    block_number: int
    block_hash: str
    log_index: int
    tx_hash: str
    job_id: bytes | None
    body: dict[str, Any]


class Journal(SqliteBook):
    """One SQLite file; every method is one transaction and is durable when it returns."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _SCHEMA)

    # --- orders and attempts ---

    def add_order(self, order: Order) -> None:
        """Write down what was asked for."""
        self._db.execute(
            "INSERT INTO orders VALUES (?,?,?,?)",
            (order.order_id, order.made_s, json.dumps(order.terms), order.manifest),
        )

    def order(self, order_id: str) -> Order:
        """Return an order; KeyError when there is none."""
        row = self._db.execute("SELECT * FROM orders WHERE order_id=?", (order_id,)).fetchone()
        if row is None:
            raise KeyError(order_id)
        return Order(row[0], row[1], json.loads(row[2]), row[3])

    def add_attempt(self, attempt: Attempt) -> None:
        """Write down an attempt before it is sent."""
        offer = attempt.offer.model_dump_json() if attempt.offer else None
        self._db.execute(
            "INSERT INTO attempts VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                attempt.job_id,
                attempt.order_id,
                attempt.number,
                attempt.spec.canonical_bytes().decode(),
                attempt.salt,
                str(attempt.price_wei),
                str(attempt.lock_wei),
                attempt.deadline_s,
                attempt.source,
                offer,
                attempt.signature,
                attempt.status.value,
                attempt.note,
            ),
        )

    def set_status(self, job_id: bytes, status: Status, note: str = "") -> None:
        """Remember where an attempt stands."""
        self._db.execute(
            "UPDATE attempts SET status=?, note=? WHERE job_id=?", (status.value, note, job_id)
        )

    def attempt(self, job_id: bytes) -> Attempt | None:
        """Return one attempt, or None."""
        row = self._db.execute("SELECT * FROM attempts WHERE job_id=?", (job_id,)).fetchone()
        return None if row is None else _attempt(row)

    def attempts(self, order_id: str) -> list[Attempt]:
        """Return the attempts of an order, oldest first."""
        rows = self._db.execute(
            "SELECT * FROM attempts WHERE order_id=? ORDER BY number", (order_id,)
        )
        return [_attempt(row) for row in rows]

    def orders(self) -> list[Order]:
        """Return every order, newest first."""
        rows = self._db.execute("SELECT * FROM orders ORDER BY made_s DESC, rowid DESC")
        return [Order(row[0], row[1], json.loads(row[2]), row[3]) for row in rows]

    def providers_hired(self) -> dict[bytes, str]:
        """Return the provider of every job that was given to one: by an offer, or as assigned."""
        hired = {
            row[0]: Offer.model_validate_json(row[1]).provider
            for row in self._db.execute(
                "SELECT job_id, offer FROM attempts WHERE offer IS NOT NULL AND status<>?",
                (Status.VOID.value,),
            )
        }
        assigned = {
            event.job_id: str(event.body["provider"])
            for event in self.events_named("JobAssigned")
            if event.job_id is not None
        }
        return {**hired, **assigned}

    def ends(self) -> list[End]:
        """Return where every attempt stands, oldest order first."""
        rows = self._db.execute(
            "SELECT job_id, made_s, status, note FROM attempts JOIN orders USING (order_id) "
            "ORDER BY made_s, number"
        )
        return [End(row[0], row[1], Status(row[2]), row[3]) for row in rows]

    def job_ids(self) -> set[bytes]:
        """Return the ids of all attempts."""
        return {row[0] for row in self._db.execute("SELECT job_id FROM attempts")}

    def knows_job(self, job_id: bytes) -> bool:
        """Return whether a job is one of ours: attempted from here, or seen on chain."""
        found = self._db.execute(
            "SELECT 1 FROM attempts WHERE job_id=? UNION ALL SELECT 1 FROM events WHERE job_id=?",
            (job_id, job_id),
        )
        return found.fetchone() is not None

    # --- chain events ---

    def apply_events(self, events: Iterable[StoredEvent], forget_above: int | None = None) -> None:
        """Add events; first forget those above a block that a reorganisation took back."""
        with self._transaction():
            if forget_above is not None:
                self._db.execute("DELETE FROM events WHERE block_number>?", (forget_above,))
            self._db.executemany(
                "INSERT OR IGNORE INTO events VALUES (?,?,?,?,?,?,?)",
                [
                    (
                        event.block_hash,
                        event.log_index,
                        event.block_number,
                        event.tx_hash,
                        event.name,
                        event.job_id,
                        json.dumps(event.body),
                    )
                    for event in events
                ],
            )

    def events_of(self, job_id: bytes) -> list[StoredEvent]:
        """Return the events of a job in chain order."""
        return self._events("job_id=?", (job_id,))

    def events_named(self, *names: str) -> list[StoredEvent]:
        """Return all events of these names in chain order."""
        marks = ",".join("?" * len(names))
        return self._events(f"name IN ({marks})", names)

    def _events(self, where: str, values: tuple[Any, ...]) -> list[StoredEvent]:
        # `where` is one of the two constants above; values are bound.
        rows = self._db.execute(
            "SELECT name, block_number, block_hash, log_index, tx_hash, job_id, body FROM events "  # noqa: S608
            f"WHERE {where} ORDER BY block_number, log_index",
            values,
        )
        return [_event(row) for row in rows]


def _event(row: tuple[Any, ...]) -> StoredEvent:
    return StoredEvent(
        name=row[0],
        block_number=row[1],
        block_hash=row[2],
        log_index=row[3],
        tx_hash=row[4],
        job_id=row[5],
        body=json.loads(row[6]),
    )


def _attempt(row: tuple[Any, ...]) -> Attempt:
    return Attempt(
        job_id=JobId(row[0]),
        order_id=row[1],
        number=row[2],
        spec=parse_spec_json(row[3]),
        salt=row[4],
        price_wei=int(row[5]),
        lock_wei=int(row[6]),
        deadline_s=row[7],
        source=row[8],
        offer=Offer.model_validate_json(row[9]) if row[9] else None,
        signature=row[10],
        status=Status(row[11]),
        note=row[12],
    )
