"""A job's input as only those with its key can read it: the container of ``encryption``, named.

Place: between client and node, over :mod:`.encryption`. The context of the container is a tag and
a commitment to the key, 64 bytes. AES-GCM alone would let one container open under two keys to two
inputs; with the commitment the CID names one key, so provider, auditors and referees read the same
input or none. Never: a plaintext that was not authenticated to its end.

Format: docs/spec/privacy.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from neurovoyance.ipfs.encryption import (
    MAGIC,
    PREFIX_BYTES,
    decrypt_stream,
    encrypt,
)
from neurovoyance.protocol.errors import StorageDecryptError
from neurovoyance.protocol.ids import keccak256

INPUT_TAG = keccak256(b"NVY/input/1")
_KEY_TAG = b"NVY/input-key/1"
_CONTEXT_AT = len(MAGIC) + PREFIX_BYTES + 2
HEAD_BYTES = _CONTEXT_AT + len(INPUT_TAG) + 32
_PIECE_BYTES = 1 << 20


def input_context(key: bytes) -> bytes:
    """Return the context of an input's container: tag and commitment to the key, 64 bytes."""
    return INPUT_TAG + keccak256(_KEY_TAG + key)


def encrypt_input(plaintext: bytes, key: bytes) -> bytes:
    """Return the container of an input.

    Args:
        plaintext: the safetensors bytes.
        key: 32 random bytes, used for this input alone.
    """
    return encrypt(plaintext, key, input_context(key))


def is_encrypted(head: bytes) -> bool:
    """Tell whether a file is a container, by its first bytes; no safetensors file starts so."""
    return head.startswith(MAGIC)


def key_fits(head: bytes, key: bytes) -> bool:
    """Tell whether a key is the one that a container was made with.

    Args:
        head: the first ``HEAD_BYTES`` bytes of the container, or more.
        key: 32 bytes.
    """
    return head[_CONTEXT_AT:HEAD_BYTES] == input_context(key)


def decrypt_input_file(sealed: Path, path: Path, key: bytes) -> None:
    """Write the input inside a container to a file of mode 0600, whole or not at all.

    Raises:
        StorageDecryptError: truncated, reordered, altered, or of another key.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            for piece in decrypt_stream(_pieces(sealed), key, input_context(key)):
                file.write(piece)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def require_fit(head: bytes, key: bytes) -> None:
    """Refuse a key that a container was not made with.

    Raises:
        StorageDecryptError: it is another one.
    """
    if not key_fits(head, key):
        raise StorageDecryptError(
            "The key does not belong to the encrypted input.",
            hint="Nothing was opened. Ask the client to submit the job again.",
        )


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece
