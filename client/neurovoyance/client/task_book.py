"""The payer's memory of batches: ordered, received, paid; or given up, or refused.

Place: under :mod:`.tasks`, beside ``channel_book``; request and reply of each batch lie in a folder
of their own. An order is written before it is sent, a delivery before it is paid, so that a batch
is found again after a crash and paid once. Never: a payment (that is ``channel_book``'s), or a
step back.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from neurovoyance.durable.sqlite_book import SqliteBook
from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.tasks import BatchRequest, Task, parse

_SCHEMA = """
CREATE TABLE IF NOT EXISTS batches (
  order_hash BLOB PRIMARY KEY, channel_id BLOB NOT NULL, payee TEXT NOT NULL, state TEXT NOT NULL,
  request TEXT NOT NULL, delivered INTEGER NOT NULL DEFAULT 0, changed_s INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS tasks (
  order_hash BLOB NOT NULL, position INTEGER NOT NULL, spec_hash BLOB NOT NULL,
  input_cid BLOB NOT NULL, rows INTEGER NOT NULL, price TEXT NOT NULL,
  PRIMARY KEY (order_hash, position)) STRICT;
CREATE INDEX IF NOT EXISTS by_spec ON tasks (spec_hash);
"""


class BatchState(StrEnum):
    """Where a batch is; the last three are final."""

    ORDERED = "ordered"
    RECEIVED = "received"
    PAID = "paid"
    GIVEN_UP = "given up"
    REFUSED = "refused"


_BEFORE = {
    BatchState.RECEIVED: (BatchState.ORDERED,),
    BatchState.PAID: (BatchState.RECEIVED,),
    BatchState.GIVEN_UP: (BatchState.ORDERED,),
    BatchState.REFUSED: (BatchState.ORDERED, BatchState.RECEIVED),
}


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of ours.

    Attributes:
        order_hash: 32 bytes.
        request: as it was signed.
        tasks: what was asked for, in order.
        state: where it is.
        delivered: how many of the tasks were received.
    """

    order_hash: bytes
    request: BatchRequest
    tasks: tuple[Task, ...]
    state: BatchState
    delivered: int


class TaskBook(SqliteBook):
    """The batches of one client; the file has mode 0600."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _SCHEMA)

    def order(self, order_hash: bytes, request: BatchRequest, tasks: Sequence[Task]) -> None:
        """Remember an order before it is sent."""
        order, now_s = request.order, int(time.time())
        rows = [
            (
                order_hash,
                position,
                task.spec.spec_hash(),
                task.spec.input_cid,
                task.spec.batch,
                str(task.price_wei),
            )
            for position, task in enumerate(tasks)
        ]
        text = request.model_copy(update={"voucher": None}).model_dump_json()
        with self._transaction():
            self._db.execute(
                "INSERT INTO batches VALUES (?, ?, ?, ?, ?, 0, ?)",
                (order_hash, order.channel_id, order.payee, BatchState.ORDERED, text, now_s),
            )
            self._db.executemany("INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?)", rows)

    def advance(
        self, order_hash: bytes, state: BatchState, *, delivered: int | None = None
    ) -> None:
        """Take a batch to another state; the same one again changes nothing.

        Args:
            order_hash: which.
            state: the new one.
            delivered: how many tasks came, when they did.

        Raises:
            InternalError: the table of states forbids it.
        """
        found = self.state(order_hash)
        if found is state:
            return
        changed = 0
        if found in _BEFORE.get(state, ()):
            changed = self._db.execute(
                "UPDATE batches SET state = ?, delivered = coalesce(?, delivered), changed_s = ? "
                "WHERE order_hash = ? AND state = ?",
                (state, delivered, int(time.time()), order_hash, found),
            ).rowcount
        if changed != 1:
            raise InternalError(
                f"A batch cannot become {state.value} now.", order=hex_of(order_hash)
            )

    def state(self, order_hash: bytes) -> BatchState | None:
        """Return where a batch is, or None for an unknown one."""
        row = self._db.execute(
            "SELECT state FROM batches WHERE order_hash = ?", (order_hash,)
        ).fetchone()
        return None if row is None else BatchState(row[0])

    def batch(self, order_hash: bytes) -> Batch:
        """Return a batch.

        Raises:
            InternalError: there is none.
        """
        row = self._db.execute(
            "SELECT request, state, delivered FROM batches WHERE order_hash = ?", (order_hash,)
        ).fetchone()
        if row is None:
            raise InternalError("There is no such batch.", order=hex_of(order_hash))
        request = parse(BatchRequest, row[0])
        tasks = self._db.execute(
            "SELECT input_cid, rows, price FROM tasks WHERE order_hash = ? ORDER BY position",
            (order_hash,),
        )
        made = tuple(request.task(bytes(cid), rows, int(price)) for cid, rows, price in tasks)
        return Batch(order_hash, request, made, BatchState(row[1]), int(row[2]))

    def open_batches(self, channel_id: bytes | None = None, payee: str = "") -> list[bytes]:
        """Return the batches that were neither paid nor given up nor refused, oldest first."""
        return self._in_states((BatchState.ORDERED, BatchState.RECEIVED), channel_id, payee)

    def refused(self, channel_id: bytes, payee: str) -> list[bytes]:
        """Return the batches of a payee whose outputs were wrong."""
        return self._in_states((BatchState.REFUSED,), channel_id, payee)

    def paid_count(self, payee: str) -> int:
        """Return how many batches of a payee were paid."""
        row = self._db.execute(
            "SELECT count(*) FROM batches WHERE payee = ? AND state = ?", (payee, BatchState.PAID)
        ).fetchone()
        return int(row[0])

    def newest(self) -> list[bytes]:
        """Return the batch paid last of every payee of every channel."""
        rows = self._db.execute(
            "SELECT order_hash, max(rowid) FROM batches WHERE state = ? GROUP BY channel_id, payee",
            (BatchState.PAID,),
        )
        return [bytes(row[0]) for row in rows]

    def found(self, spec_hash: bytes) -> tuple[bytes, int] | None:
        """Return (order, position) of a task that was delivered and paid before, or None."""
        row = self._db.execute(
            "SELECT tasks.order_hash, position FROM tasks JOIN batches USING (order_hash) "
            "WHERE spec_hash = ? AND state = ? AND position < delivered "
            "ORDER BY changed_s DESC LIMIT 1",
            (spec_hash, BatchState.PAID),
        ).fetchone()
        return None if row is None else (bytes(row[0]), int(row[1]))

    def _in_states(
        self, states: Sequence[BatchState], channel_id: bytes | None, payee: str
    ) -> list[bytes]:
        marks = ", ".join("?" * len(states))
        rows = self._db.execute(
            f"SELECT order_hash FROM batches WHERE state IN ({marks}) "  # noqa: S608 - see above
            "AND (? IS NULL OR channel_id = ?) AND (? = '' OR payee = ?) ORDER BY rowid",
            (*states, channel_id, channel_id, payee, payee),
        )
        return [bytes(row[0]) for row in rows]
