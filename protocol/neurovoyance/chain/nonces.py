"""The journal of transactions: what was meant to be sent, written before it is sent.

Place: under ``sender``; one SQLite file per state directory, shared by its processes. A row is
written, with its signed bytes, before the first broadcast, so a process that dies in between
leaves nothing in doubt: the next one sends the same bytes again. Rows belong to one chain, told
by chain id and genesis hash, and a wiped devnet never meets nonces of the old one.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from neurovoyance.chain.fees import Fees
from neurovoyance.chain.wallet import SignedTransaction
from neurovoyance.durable.sqlite_book import SqliteBook
from neurovoyance.protocol.errors import ConfigError
from neurovoyance.protocol.ids import keccak256

_BUSY_TIMEOUT_S = 30
_SCHEMA = """
CREATE TABLE IF NOT EXISTS tx (
    id INTEGER PRIMARY KEY,
    chain TEXT NOT NULL,
    sender TEXT NOT NULL,
    key TEXT NOT NULL,
    nonce INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    label TEXT NOT NULL,
    to_address TEXT,
    data BLOB NOT NULL,
    value_wei TEXT NOT NULL,
    gas INTEGER NOT NULL,
    state TEXT NOT NULL,
    mined_hash TEXT,
    UNIQUE (chain, sender, key)
);
CREATE INDEX IF NOT EXISTS tx_by_state ON tx (chain, sender, state, nonce);
CREATE TABLE IF NOT EXISTS attempt (
    id INTEGER PRIMARY KEY,
    tx_id INTEGER NOT NULL REFERENCES tx (id) ON DELETE CASCADE,
    tx_hash TEXT NOT NULL,
    raw BLOB NOT NULL,
    max_fee_wei TEXT NOT NULL,
    tip_wei TEXT NOT NULL,
    made_at_s REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS attempt_by_tx ON attempt (tx_id);
"""


class TxState(StrEnum):
    """Where a journaled transaction stands."""

    PENDING = "pending"
    MINED = "mined"
    REVERTED = "reverted"
    # Its nonce went to a transaction that this journal does not know.
    DISPLACED = "displaced"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed form of a transaction; ``made_at_s`` is chain time, unix seconds."""

    tx_hash: str
    raw: bytes
    fees: Fees
    made_at_s: float


@dataclass(frozen=True, slots=True)
class JournaledTx:
    """One intended transaction and every signed form it had, oldest first."""

    id: int
    sender: str
    key: str
    nonce: int
    fingerprint: bytes
    label: str
    to_address: str | None
    data: bytes
    value_wei: int
    gas: int
    state: TxState
    mined_hash: str | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Intent:
    """What a transaction shall do, apart from nonce and fees.

    Attributes:
        to_address: checksummed address, or None for a deployment.
        data: call data or creation code.
        value_wei: native coin sent along.
        label: contract and function, for messages.
    """

    to_address: str | None
    data: bytes
    value_wei: int
    label: str

    @property
    def fingerprint(self) -> bytes:
        """Hash of what the transaction does, 32 bytes."""
        parts = (self.to_address or "create").encode(), str(self.value_wei).encode(), self.data
        return keccak256(b"\0".join(keccak256(part) for part in parts))


class TxJournal(SqliteBook):
    """Intended transactions of one chain in one SQLite file; safe for several processes.

    Raises:
        ConfigError: the file cannot be opened or is no journal.
    """

    def __init__(self, path: Path, *, chain_id: int, genesis_hash: str) -> None:
        self._chain = f"{chain_id}:{genesis_hash}"
        try:
            # It outlives a power cut, or a nonce could be used twice.
            super().__init__(path, _SCHEMA, busy_timeout_s=_BUSY_TIMEOUT_S, any_thread=False)
            self._db.row_factory = sqlite3.Row
        except (sqlite3.Error, OSError) as error:
            raise ConfigError(
                f"The transaction journal {path} cannot be opened: {error}.",
                hint="Check that the directory is writable. Move a damaged file aside only when "
                "no transaction is pending.",
                path=str(path),
            ) from error

    def find(self, sender: str, key: str) -> JournaledTx | None:
        """Return the transaction with an idempotency key, or None."""
        row = self._db.execute(
            "SELECT * FROM tx WHERE chain = ? AND sender = ? AND key = ?",
            (self._chain, sender, key),
        ).fetchone()
        return None if row is None else self._load(row)

    def pending(self, sender: str) -> list[JournaledTx]:
        """Return the transactions of a sender that are not known to be mined, by nonce."""
        rows = self._db.execute(
            "SELECT * FROM tx WHERE chain = ? AND sender = ? AND state = 'pending' ORDER BY nonce",
            (self._chain, sender),
        ).fetchall()
        return [self._load(row) for row in rows]

    def senders(self) -> list[str]:
        """Return every address with pending transactions."""
        rows = self._db.execute(
            "SELECT DISTINCT sender FROM tx WHERE chain = ? AND state = 'pending'", (self._chain,)
        ).fetchall()
        return [row["sender"] for row in rows]

    def free_nonce(self, sender: str, chain_nonce: int) -> int:
        """Return the lowest nonce from ``chain_nonce`` on that no pending row holds."""
        taken = {row.nonce for row in self.pending(sender)}
        nonce = chain_nonce
        while nonce in taken:
            nonce += 1
        return nonce

    def record(
        self,
        sender: str,
        key: str,
        nonce: int,
        intent: Intent,
        gas: int,
        signed: SignedTransaction,
        fees: Fees,
        made_at_s: float,
    ) -> JournaledTx:
        """Write an intention with its signed bytes; on disk when this returns.

        A reverted or displaced row of the same key is taken over: its old bytes can never be
        mined again, since their nonce is used.
        """
        with self._transaction():
            self._db.execute(
                "DELETE FROM tx WHERE chain = ? AND sender = ? AND key = ? "
                "AND state IN ('reverted', 'displaced')",
                (self._chain, sender, key),
            )
            cursor = self._db.execute(
                "INSERT INTO tx (chain, sender, key, nonce, fingerprint, label, to_address, data, "
                "value_wei, gas, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending')",
                (
                    self._chain,
                    sender,
                    key,
                    nonce,
                    intent.fingerprint,
                    intent.label,
                    intent.to_address,
                    intent.data,
                    str(intent.value_wei),
                    gas,
                ),
            )
            tx_id = int(cursor.lastrowid or 0)
            self._insert_attempt(tx_id, signed, fees, made_at_s)
        found = self.find(sender, key)
        assert found is not None  # noqa: S101 - written just above
        return found

    def add_attempt(
        self, tx_id: int, signed: SignedTransaction, fees: Fees, made_at_s: float
    ) -> None:
        """Write another signed form of the same transaction, before it is broadcast."""
        with self._transaction():
            self._insert_attempt(tx_id, signed, fees, made_at_s)

    def _insert_attempt(
        self, tx_id: int, signed: SignedTransaction, fees: Fees, made_at_s: float
    ) -> None:
        self._db.execute(
            "INSERT INTO attempt (tx_id, tx_hash, raw, max_fee_wei, tip_wei, made_at_s) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                tx_id,
                signed.tx_hash,
                signed.raw,
                str(fees.max_fee_wei),
                str(fees.tip_wei),
                made_at_s,
            ),
        )

    def settle(self, tx_id: int, state: TxState, mined_hash: str | None = None) -> None:
        """Note what became of a transaction; PENDING again when a reorganisation took it back."""
        self._db.execute(
            "UPDATE tx SET state = ?, mined_hash = ? WHERE id = ?",
            (state.value, mined_hash, tx_id),
        )

    def reopen(self, sender: str, chain_nonce: int) -> int:
        """Make rows pending again whose nonce the chain has not used any more; return how many.

        A reorganisation took their blocks back. Without them the nonces after them would wait for
        ever.
        """
        cursor = self._db.execute(
            "UPDATE tx SET state = 'pending', mined_hash = NULL WHERE chain = ? AND sender = ? "
            "AND state IN ('mined', 'reverted') AND nonce >= ?",
            (self._chain, sender, chain_nonce),
        )
        return int(cursor.rowcount)

    def forget(self, tx_id: int) -> None:
        """Remove a transaction that every endpoint refused: it was never in a pool."""
        self._db.execute("DELETE FROM tx WHERE id = ?", (tx_id,))

    def _load(self, row: sqlite3.Row) -> JournaledTx:
        attempts = self._db.execute(
            "SELECT * FROM attempt WHERE tx_id = ? ORDER BY id", (row["id"],)
        ).fetchall()
        return JournaledTx(
            id=row["id"],
            sender=row["sender"],
            key=row["key"],
            nonce=row["nonce"],
            fingerprint=row["fingerprint"],
            label=row["label"],
            to_address=row["to_address"],
            data=row["data"],
            value_wei=int(row["value_wei"]),
            gas=row["gas"],
            state=TxState(row["state"]),
            mined_hash=row["mined_hash"],
            attempts=tuple(
                Attempt(
                    a["tx_hash"],
                    a["raw"],
                    Fees(int(a["max_fee_wei"]), int(a["tip_wei"])),
                    a["made_at_s"],
                )
                for a in attempts
            ),
        )
