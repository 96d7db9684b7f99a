"""A node's own X25519 key, and the keys of the private inputs that it was trusted with.

Place: under ``intake``, ``key_desk`` and ``key_seeker``; one file of mode 0600 in the data
directory. A key is kept for one input and one client: somebody else who lists a job on the same
input has no right to have it computed here, since the result would tell what the input was.
Never: a key in a log, or one given to code that did not name the client.
"""

from __future__ import annotations

import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from neurovoyance.ipfs.sealing import open_key, seal_key
from neurovoyance.node.sqlite_file import SqliteFile

KEEP_S = 30 * 86_400
"""Real time after which a key that nobody used is forgotten: longer than any dispute can start."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS own_key (one INTEGER PRIMARY KEY CHECK (one = 1), private BLOB NOT NULL)
  STRICT;
CREATE TABLE IF NOT EXISTS input_keys (
  input_cid BLOB NOT NULL, client TEXT NOT NULL, key BLOB NOT NULL, used_s INTEGER NOT NULL,
  PRIMARY KEY (input_cid, client)) STRICT;
"""


class KeyBook(SqliteFile):
    """The keys of one node.

    Args:
        path: the file, made with mode 0600.
        identity: what it belongs to, as for the journal.

    Attributes:
        public_key: ours, X25519, 32 bytes.

    Raises:
        ConfigError: the file belongs to another identity.
    """

    def __init__(self, path: Path, identity: dict[str, str]) -> None:
        super().__init__(path, _SCHEMA, identity)
        fresh = X25519PrivateKey.generate().private_bytes_raw()
        with self._transaction():
            self._db.execute("INSERT OR IGNORE INTO own_key VALUES (1, ?)", (fresh,))
        row = self._db.execute("SELECT private FROM own_key").fetchone()
        self._private = bytes(row[0])
        own = X25519PrivateKey.from_private_bytes(self._private)
        self.public_key = own.public_key().public_bytes_raw()

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Return a key that was sealed to ours.

        Raises:
            StorageDecryptError: it is for somebody else, of another context, or altered.
        """
        return open_key(sealed, self._private, context)

    @staticmethod
    def seal(key: bytes, recipient: bytes, context: bytes) -> bytes:
        """Return a key that only ``recipient`` can open, 80 bytes.

        Raises:
            SpecError: the recipient's key is not a usable one.
        """
        return seal_key(key, recipient, context)

    def add(self, input_cid: bytes, client: str, key: bytes) -> None:
        """Keep the key of a client's input, which is known to fit it; old keys go."""
        self.purge()
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO input_keys VALUES (?, ?, ?, ?)",
                (input_cid, client, key, int(time.time())),
            )

    def input_key(self, input_cid: bytes, client: str) -> bytes | None:
        """Return the key of a client's input, or None."""
        row = self._db.execute(
            "SELECT key FROM input_keys WHERE input_cid = ? AND client = ?", (input_cid, client)
        ).fetchone()
        if row is None:
            return None
        with self._transaction():
            self._db.execute(
                "UPDATE input_keys SET used_s = ? WHERE input_cid = ? AND client = ?",
                (int(time.time()), input_cid, client),
            )
        return bytes(row[0])

    def purge(self) -> int:
        """Forget keys that were not used for thirty days; return how many."""
        with self._transaction():
            cursor = self._db.execute(
                "DELETE FROM input_keys WHERE used_s < ?", (int(time.time()) - KEEP_S,)
            )
        return cursor.rowcount
