"""The encrypted container: private data gets a CID only in this form.

Place: between callers and the store; pure bytes in, bytes out. AES-256-GCM in segments of one MiB
with the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizar 2015): nonce = 7 random bytes,
4-byte counter, last-segment flag. The header, with the caller's ``context``, is authenticated
with every segment. Keys are random for each object, never derived from content. Never: yield a
byte that was not authenticated, or log a key.

Format and test vectors: docs/spec/storage.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from neurovoyance.protocol.errors import SpecError, StorageDecryptError

MAGIC = b"NVENC\x01"
KEY_BYTES = 32
PREFIX_BYTES = 7
TAG_BYTES = 16
SEGMENT_BYTES = 1 << 20
MAX_CONTEXT_BYTES = 1024
_MAX_SEGMENTS = 1 << 32


def new_key() -> bytes:
    """Return a random 256-bit key; use it for one object only."""
    return os.urandom(KEY_BYTES)


def encrypt(plaintext: bytes, key: bytes, context: bytes = b"") -> bytes:
    """Return the container of ``plaintext``; see :func:`encrypt_stream`."""
    return b"".join(encrypt_stream([plaintext], key, context))


def encrypt_stream(pieces: Iterable[bytes], key: bytes, context: bytes = b"") -> Iterator[bytes]:
    """Yield the header, then each sealed segment, of a plaintext that comes in pieces.

    Args:
        pieces: the plaintext, in pieces of any size.
        key: 32 random bytes (:func:`new_key`), used for this object alone.
        context: what the object belongs to (a result envelope: the 32-byte job id); at most 1024
            bytes, readable in the container, and demanded again on decryption.

    Raises:
        SpecError: key or context have the wrong size, or the plaintext exceeds 2**32 segments.
    """
    return seal_with_prefix(pieces, key, context, os.urandom(PREFIX_BYTES))


def seal_with_prefix(
    pieces: Iterable[bytes], key: bytes, context: bytes, prefix: bytes
) -> Iterator[bytes]:
    """Encrypt with a given nonce prefix: for test vectors alone, since repeating one leaks."""
    cipher = _cipher(key)
    header = _header(prefix, context)
    yield header
    for counter, (segment, is_last) in enumerate(_segments(pieces, SEGMENT_BYTES)):
        yield cipher.encrypt(_nonce(prefix, counter, is_last), segment, header)


def decrypt(container: bytes, key: bytes, context: bytes = b"") -> bytes:
    """Return the plaintext of a whole container.

    Raises:
        StorageDecryptError: truncated, reordered, altered, wrong key or wrong context.
    """
    return b"".join(decrypt_stream([container], key, context))


def decrypt_stream(pieces: Iterable[bytes], key: bytes, context: bytes = b"") -> Iterator[bytes]:
    """Yield authenticated segments; the object is whole only when the iterator ends.

    Raises:
        StorageDecryptError: as for :func:`decrypt`; a truncation shows at the end.
        SpecError: key or context have the wrong size.
    """
    cipher = _cipher(key)
    source = iter(pieces)
    header_bytes = len(_header(bytes(PREFIX_BYTES), context))
    held = bytearray()
    for piece in source:
        held += piece
        if len(held) >= header_bytes:
            break
    header, rest = bytes(held[:header_bytes]), bytes(held[header_bytes:])
    prefix = header[len(MAGIC) : len(MAGIC) + PREFIX_BYTES]
    if len(prefix) != PREFIX_BYTES or header != _header(prefix, context):
        raise _refused("its header is not one of this format and context")

    def remaining() -> Iterator[bytes]:
        yield rest
        yield from source

    for counter, (segment, is_last) in enumerate(_segments(remaining(), SEGMENT_BYTES + TAG_BYTES)):
        try:
            yield cipher.decrypt(_nonce(prefix, counter, is_last), segment, header)
        except InvalidTag as error:
            raise _refused(f"segment {counter} is not authentic") from error


def _segments(pieces: Iterable[bytes], size_bytes: int) -> Iterator[tuple[bytes, bool]]:
    """Cut into segments; only the last may be shorter, and it alone carries the flag."""
    held = bytearray()
    for piece in pieces:
        view = memoryview(piece)
        while len(view):
            if len(held) == size_bytes:
                yield bytes(held), False
                held.clear()
            take = min(size_bytes - len(held), len(view))
            held += view[:take]
            view = view[take:]
    yield bytes(held), True


def _header(prefix: bytes, context: bytes) -> bytes:
    if len(context) > MAX_CONTEXT_BYTES:
        raise SpecError(f"The context has {len(context)} bytes; at most 1024 are accepted.")
    return MAGIC + prefix + len(context).to_bytes(2, "big") + context


def _nonce(prefix: bytes, counter: int, is_last: bool) -> bytes:
    if counter >= _MAX_SEGMENTS:
        raise SpecError("The object has more than 2**32 segments.")
    return prefix + counter.to_bytes(4, "big") + bytes((is_last,))


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise SpecError(f"The key has {len(key)} bytes, not 32.")
    return AESGCM(key)


def _refused(why: str) -> StorageDecryptError:
    return StorageDecryptError(
        f"The encrypted object cannot be opened: {why}. Nothing of it may be used.",
        hint="Check that key and context belong to this object, and fetch it again.",
    )
