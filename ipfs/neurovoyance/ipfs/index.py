"""SQLite index of the embedded store: sizes, last use, sources, pins, leases, what is provided.

Place: bookkeeping beside :mod:`.blockstore`; block files are the truth, so a lost row is found
again and never loses data. Safe under threads (one connection, one lock) and processes (WAL,
immediate transactions, 30 s busy time-out). Never: hold a transaction while hashing or waiting.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from neurovoyance.protocol.errors import StorageError, StorageFull

BUSY_TIMEOUT_S = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS sources(
  id INTEGER PRIMARY KEY, path TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
  UNIQUE(path, size, mtime_ns));
CREATE TABLE IF NOT EXISTS blocks(
  cid BLOB PRIMARY KEY, size INTEGER NOT NULL, last_use_ns INTEGER NOT NULL,
  source_id INTEGER, source_offset INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS blocks_by_use ON blocks(last_use_ns);
CREATE TABLE IF NOT EXISTS pins(
  cid BLOB PRIMARY KEY, name TEXT NOT NULL, expires_s INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leases(
  token TEXT PRIMARY KEY, root BLOB, started_ns INTEGER NOT NULL, expires_s INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS provided(cid BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS served(cid BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bans(
  peer TEXT PRIMARY KEY, until_s INTEGER NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The file that a referenced block lies in, as it was when added."""

    path: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class BlockRow:
    """One block: its size and, for a referenced leaf, where its bytes are."""

    size_bytes: int
    source: SourceFile | None
    source_offset: int


class BlockIndex:
    """Typed access to the index; every method is one short transaction."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, check_same_thread=False, isolation_level=None
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        with self._write() as db:
            for statement in filter(str.strip, _SCHEMA.split(";")):
                db.execute(statement)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._db.in_transaction:  # this thread's own, see `exclusive`
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    raise _index_failed(error) from error
                raise

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep every other writer away, of any process, and make what is written one change."""
        with self._write():
            yield

    def _all(self, sql: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        with self._lock:
            return self._db.execute(sql, tuple(values)).fetchall()

    def _one(self, sql: str, values: Sequence[object] = ()) -> tuple[object, ...] | None:
        with self._lock:
            row: tuple[object, ...] | None = self._db.execute(sql, tuple(values)).fetchone()
            return row

    # Blocks.

    def block(self, cid: bytes) -> BlockRow | None:
        """Return the row of a block."""
        row = self._one(
            "SELECT b.size, b.source_offset, s.path, s.size, s.mtime_ns FROM blocks b "
            "LEFT JOIN sources s ON s.id = b.source_id WHERE b.cid = ?",
            (cid,),
        )
        if row is None:
            return None
        size, offset, path, source_size, mtime_ns = row
        source = None
        if path is not None:
            source = SourceFile(str(path), _int(source_size), _int(mtime_ns))
        return BlockRow(_int(size), source, _int(offset or 0))

    def put_block(self, cid: bytes, size_bytes: int, now_ns: int) -> None:
        """Record a block that has its own file."""
        with self._write() as db:
            db.execute(
                "INSERT INTO blocks VALUES(?, ?, ?, NULL, NULL) ON CONFLICT(cid) DO UPDATE SET "
                "last_use_ns = excluded.last_use_ns, source_id = NULL, source_offset = NULL",
                (cid, size_bytes, now_ns),
            )

    def put_references(
        self, source: SourceFile, leaves: Iterable[tuple[bytes, int, int]], now_ns: int
    ) -> None:
        """Record leaves ``(cid, offset, size)`` of a file; a block with its own file keeps it."""
        with self._write() as db:
            key = (source.path, source.size_bytes, source.mtime_ns)
            db.execute("INSERT OR IGNORE INTO sources(path, size, mtime_ns) VALUES(?, ?, ?)", key)
            (source_id,) = db.execute(
                "SELECT id FROM sources WHERE path = ? AND size = ? AND mtime_ns = ?", key
            ).fetchone()
            db.executemany(
                "INSERT INTO blocks VALUES(?, ?, ?, ?, ?) ON CONFLICT(cid) DO UPDATE SET "
                "source_id = excluded.source_id, source_offset = excluded.source_offset, "
                "last_use_ns = excluded.last_use_ns WHERE source_id IS NOT NULL",
                [(cid, size, now_ns, source_id, offset) for cid, offset, size in leaves],
            )

    def touch(self, cids: Iterable[bytes], now_ns: int) -> None:
        """Set the last use of blocks."""
        with self._write() as db:
            db.executemany(
                "UPDATE blocks SET last_use_ns = ? WHERE cid = ?", [(now_ns, c) for c in cids]
            )

    def forget(self, cids: Iterable[bytes]) -> None:
        """Remove rows of blocks, and sources that nothing refers to any more."""
        with self._write() as db:
            db.executemany("DELETE FROM blocks WHERE cid = ?", [(cid,) for cid in cids])
            db.execute(
                "DELETE FROM sources WHERE id NOT IN "
                "(SELECT source_id FROM blocks WHERE source_id IS NOT NULL)"
            )

    def cids_after(self, last: bytes, limit: int) -> list[bytes]:
        """Return up to ``limit`` block CIDs greater than ``last``, in order."""
        rows = self._all("SELECT cid FROM blocks WHERE cid > ? ORDER BY cid LIMIT ?", (last, limit))
        return [_bytes(row[0]) for row in rows]

    def oldest_first(self, used_before_ns: int) -> list[tuple[bytes, int, bool]]:
        """Return ``(cid, size, is referenced)`` of blocks last used before a time, oldest first."""
        rows = self._all(
            "SELECT cid, size, source_id IS NOT NULL FROM blocks WHERE last_use_ns < ? "
            "ORDER BY last_use_ns, cid",
            (used_before_ns,),
        )
        return [(_bytes(cid), _int(size), bool(is_ref)) for cid, size, is_ref in rows]

    def stored_bytes(self) -> int:
        """Return the bytes of blocks that have their own file."""
        row = self._one("SELECT COALESCE(SUM(size), 0) FROM blocks WHERE source_id IS NULL")
        return _int(row[0]) if row else 0

    # Pins and leases.

    def put_pin(self, cid: bytes, name: str, expires_s: int | None) -> None:
        """Add or replace a pin."""
        with self._write() as db:
            db.execute("INSERT OR REPLACE INTO pins VALUES(?, ?, ?)", (cid, name, expires_s))

    def remove_pin(self, cid: bytes) -> bool:
        """Remove a pin; return whether it was there."""
        with self._write() as db:
            return db.execute("DELETE FROM pins WHERE cid = ?", (cid,)).rowcount > 0

    def pins(self, now_s: int) -> list[tuple[bytes, str, int | None]]:
        """Return the pins that have not expired."""
        rows = self._all(
            "SELECT cid, name, expires_s FROM pins WHERE expires_s IS NULL OR expires_s > ? "
            "ORDER BY cid",
            (now_s,),
        )
        return [(_bytes(c), str(n), None if e is None else _int(e)) for c, n, e in rows]

    def put_lease(self, token: str, root: bytes | None, now_ns: int, expires_s: int) -> None:
        """Protect ``root``, and every block used from now on, until the lease ends."""
        with self._write() as db:
            db.execute(
                "INSERT INTO leases VALUES(?, ?, ?, ?) ON CONFLICT(token) DO UPDATE SET "
                "expires_s = excluded.expires_s",
                (token, root, now_ns, expires_s),
            )

    def remove_lease(self, token: str) -> None:
        """End a lease."""
        with self._write() as db:
            db.execute("DELETE FROM leases WHERE token = ?", (token,))

    def leases(self, now_s: int) -> list[tuple[bytes | None, int]]:
        """Return ``(root, started_ns)`` of the leases in force."""
        rows = self._all("SELECT root, started_ns FROM leases WHERE expires_s > ?", (now_s,))
        return [(None if root is None else _bytes(root), _int(start)) for root, start in rows]

    # What peers may have.

    def put_provided(self, root: bytes, cids: Iterable[bytes]) -> None:
        """Offer ``root`` and serve ``cids``."""
        with self._write() as db:
            db.execute("INSERT OR IGNORE INTO provided VALUES(?)", (root,))
            db.executemany("INSERT OR IGNORE INTO served VALUES(?)", [(cid,) for cid in cids])

    def put_served(self, cids: Iterable[bytes]) -> None:
        """Serve ``cids`` to peers."""
        with self._write() as db:
            db.executemany("INSERT OR IGNORE INTO served VALUES(?)", [(cid,) for cid in cids])

    def replace_served(self, root_gone: bytes, cids: Iterable[bytes]) -> None:
        """Stop offering a root; ``cids`` is what is still served on behalf of the others."""
        with self._write() as db:
            db.execute("DELETE FROM provided WHERE cid = ?", (root_gone,))
            db.execute("DELETE FROM served")
            db.executemany("INSERT OR IGNORE INTO served VALUES(?)", [(cid,) for cid in cids])

    def is_served(self, cid: bytes) -> bool:
        """Return whether peers may have a block."""
        return self._one("SELECT 1 FROM served WHERE cid = ?", (cid,)) is not None

    def provided(self) -> list[bytes]:
        """Return the roots on offer."""
        return [_bytes(row[0]) for row in self._all("SELECT cid FROM provided ORDER BY cid")]

    # Peers that lied.

    def ban(self, peer: str, until_s: int) -> None:
        """Avoid a peer until a time; the count of lies grows by one."""
        with self._write() as db:
            db.execute(
                "INSERT INTO bans VALUES(?, ?, 1) ON CONFLICT(peer) DO UPDATE SET "
                "until_s = excluded.until_s, count = count + 1",
                (peer, until_s),
            )

    def bans(self, now_s: int) -> dict[str, int]:
        """Return the peers banned now, with how often each lied."""
        rows = self._all("SELECT peer, count FROM bans WHERE until_s > ?", (now_s,))
        return {str(peer): _int(count) for peer, count in rows}


def _index_failed(error: sqlite3.OperationalError) -> StorageError:
    if error.sqlite_errorcode in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return StorageFull(
            "The disk is full: the index could not be written. The blocks stored before are kept.",
            hint="Free disk space and start again; it continues where it stopped.",
        )
    return StorageError(f"The index of the store could not be written: {error}.")


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError("the index holds a value that is not an integer")
    return value


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("the index holds a value that is not a byte string")
    return value
