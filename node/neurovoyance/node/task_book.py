"""The provider's memory of batches: what was begun, what was delivered, what is owed for it.

Place: a journal of its own beside ``voucher_book``. An order is written before its first task runs,
a commitment before it leaves the node; a batch that was begun and not sealed when the process died
is void, and nothing is owed for it. What a client never paid is never forgotten. Never: two
commitments for one order, or a batch under a channel in which another one runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from neurovoyance.node.sqlite_file import SqliteFile
from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.tasks import BatchOrder, SignedCommitment, parse

SCHEMA = """
CREATE TABLE IF NOT EXISTS batches (
  order_hash BLOB PRIMARY KEY, channel_id BLOB NOT NULL, client TEXT NOT NULL,
  state TEXT NOT NULL, total TEXT NOT NULL, stop TEXT, sealed TEXT, changed_s INTEGER NOT NULL)
  STRICT;
CREATE INDEX IF NOT EXISTS by_channel ON batches (channel_id, state);
CREATE INDEX IF NOT EXISTS by_client ON batches (client, state);
CREATE TABLE IF NOT EXISTS promises (
  channel_id BLOB PRIMARY KEY, client TEXT NOT NULL, promised TEXT NOT NULL) STRICT;
"""


class TaskAction(StrEnum):
    """The steps of a batch that have an effect outside, for tests that kill the process there."""

    BEGIN = "begin_batch"
    SEAL = "seal_batch"
    DELIVER = "deliver_batch"
    TAKE_VOUCHER = "take_voucher"


class BatchState(StrEnum):
    """Where a batch is: computing, delivered, or given up; the last two are final."""

    BEGUN = "begun"
    SEALED = "sealed"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Ledger:
    """What stands between this provider and one client.

    Attributes:
        owed_wei: delivered or promised under the channel, since it was opened.
        promised_wei: of that, what vouchers promise or was redeemed.
        exposed_wei: delivered and not promised, and under way, in all channels of the client.
        is_busy: a batch of the channel is under way.
    """

    owed_wei: int
    promised_wei: int
    exposed_wei: int
    is_busy: bool


class TaskBook(SqliteFile):
    """The batches of one node; ``path`` and ``identity`` as for every journal."""

    def begin(self, order_hash: bytes, order: BatchOrder, client: str, time_s: int) -> None:
        """Write an order down before anything is computed for it.

        Raises:
            InternalError: it is known, or its channel is busy.
        """
        with self._transaction():
            row = self._db.execute(
                "SELECT 1 FROM batches WHERE order_hash = ? OR (channel_id = ? AND state = ?)",
                (order_hash, order.channel_id, BatchState.BEGUN),
            ).fetchone()
            if row is not None:
                raise InternalError("A batch was begun twice.", order=hex_of(order_hash))
            self._db.execute(
                "INSERT INTO batches VALUES (?, ?, ?, ?, ?, NULL, NULL, ?)",
                (
                    order_hash,
                    order.channel_id,
                    client,
                    BatchState.BEGUN,
                    str(order.total_wei),
                    time_s,
                ),
            )

    def seal(self, order_hash: bytes, signed: SignedCommitment, time_s: int) -> None:
        """Fix what is delivered, before anybody sees it.

        Raises:
            InternalError: the batch does not run.
        """
        stop = str(signed.commitment.end_wei)
        self._change(order_hash, BatchState.SEALED, stop, signed.model_dump_json(), time_s)

    def void(self, order_hash: bytes, time_s: int) -> None:
        """Give a batch up: nothing was delivered and nothing is owed."""
        self._change(order_hash, BatchState.VOID, None, None, time_s)

    def void_all(self, time_s: int) -> list[bytes]:
        """Give up what was under way when the process ended; return which."""
        with self._transaction():
            rows = self._db.execute(
                "SELECT order_hash FROM batches WHERE state = ?", (BatchState.BEGUN,)
            ).fetchall()
            self._db.execute(
                "UPDATE batches SET state = ?, changed_s = ? WHERE state = ?",
                (BatchState.VOID, time_s, BatchState.BEGUN),
            )
        return [bytes(row[0]) for row in rows]

    def state(self, order_hash: bytes) -> BatchState | None:
        """Return where a batch is; None for one that was never begun, or was forgotten."""
        row = self._db.execute(
            "SELECT state FROM batches WHERE order_hash = ?", (order_hash,)
        ).fetchone()
        return None if row is None else BatchState(row[0])

    def sealed(self, order_hash: bytes) -> SignedCommitment | None:
        """Return the commitment of a batch, or None."""
        row = self._db.execute(
            "SELECT sealed FROM batches WHERE order_hash = ?", (order_hash,)
        ).fetchone()
        return None if row is None or row[0] is None else parse(SignedCommitment, row[0])

    def promise(self, channel_id: bytes, client: str, promised_wei: int) -> None:
        """Note what is promised under a channel, or was redeemed; it never falls."""
        with self._transaction():
            known_wei = self._promised_wei(channel_id)
            self._db.execute(
                "INSERT OR REPLACE INTO promises VALUES (?, ?, ?)",
                (channel_id, client, str(max(known_wei, promised_wei))),
            )

    def ledger(self, channel_id: bytes, client: str) -> Ledger:
        """Return how a channel stands, and what its client owes in all of them."""
        promised_wei = self._promised_wei(channel_id)
        owed_wei = max(promised_wei, self._delivered_wei(channel_id))
        rows = self._db.execute(
            "SELECT DISTINCT channel_id FROM batches WHERE client = ?", (client,)
        ).fetchall()
        exposed_wei = sum(
            max(0, self._delivered_wei(row[0]) - self._promised_wei(row[0])) for row in rows
        )
        running = self._db.execute(
            "SELECT channel_id, total FROM batches WHERE client = ? AND state = ?",
            (client, BatchState.BEGUN),
        ).fetchall()
        exposed_wei += sum(int(row[1]) for row in running)
        is_busy = any(bytes(row[0]) == channel_id for row in running)
        return Ledger(owed_wei, promised_wei, exposed_wei, is_busy)

    def forgettable(self, before_s: int) -> list[bytes]:
        """Return batches that ended before a time, so that their files can go."""
        rows = self._db.execute(
            "SELECT order_hash FROM batches WHERE state != ? AND changed_s < ?",
            (BatchState.BEGUN, before_s),
        )
        return [bytes(row[0]) for row in rows]

    def _change(
        self,
        order_hash: bytes,
        state: BatchState,
        stop: str | None,
        sealed: str | None,
        time_s: int,
    ) -> None:
        with self._transaction():
            changed = self._db.execute(
                "UPDATE batches SET state = ?, stop = ?, sealed = ?, changed_s = ? "
                "WHERE order_hash = ? AND state = ?",
                (state, stop, sealed, time_s, order_hash, BatchState.BEGUN),
            ).rowcount
            if changed != 1:
                raise InternalError("A batch ended that does not run.", order=hex_of(order_hash))

    def _promised_wei(self, channel_id: bytes) -> int:
        row = self._db.execute(
            "SELECT promised FROM promises WHERE channel_id = ?", (channel_id,)
        ).fetchone()
        return 0 if row is None else int(row[0])

    def _delivered_wei(self, channel_id: bytes) -> int:
        rows = self._db.execute(
            "SELECT stop FROM batches WHERE channel_id = ? AND state = ?",
            (channel_id, BatchState.SEALED),
        )
        # Wei do not fit SQLite's integers; the batches of a channel are few thousand at most.
        return max((int(row[0]) for row in rows), default=0)
