"""The client's X25519 key, and the keys of its private inputs.

Place: beside the journal, in a file of its own. A private input is submitted again with the same
key, so that its CID and its spec stay the same for every attempt. Never: a key in the journal of
events, a log or a receipt.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from neurovoyance.durable.sqlite_book import SqliteBook
from neurovoyance.ipfs.sealing import open_key

_SCHEMA = """
CREATE TABLE IF NOT EXISTS own_key (
  one INTEGER PRIMARY KEY CHECK (one = 1), private BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS input_keys (input_cid BLOB PRIMARY KEY, key BLOB NOT NULL) STRICT;
"""


class PrivateKeys(SqliteBook):
    """The keys of one client; the file has mode 0600.

    Attributes:
        public_key: ours, X25519, 32 bytes; the ``client_key`` of private jobs.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, _SCHEMA)
        fresh = X25519PrivateKey.generate().private_bytes_raw()
        self._db.execute("INSERT OR IGNORE INTO own_key VALUES (1, ?)", (fresh,))
        self._private = bytes(self._db.execute("SELECT private FROM own_key").fetchone()[0])
        own = X25519PrivateKey.from_private_bytes(self._private)
        self.public_key = own.public_key().public_bytes_raw()

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Return a key that was sealed to ours.

        Raises:
            StorageDecryptError: it is for somebody else, of another context, or altered.
        """
        return open_key(sealed, self._private, context)

    def add(self, input_cid: bytes, key: bytes) -> None:
        """Keep the key of a private input; durable before the input is offered to anybody."""
        self._db.execute("INSERT OR REPLACE INTO input_keys VALUES (?, ?)", (input_cid, key))

    def input_key(self, input_cid: bytes) -> bytes | None:
        """Return the key of a private input; None for an input that is not."""
        row = self._db.execute(
            "SELECT key FROM input_keys WHERE input_cid = ?", (input_cid,)
        ).fetchone()
        return bytes(row[0]) if row else None
