"""Wraps an object's key to a recipient: X25519, HKDF-SHA256, AES-256-GCM.

Place: beside :mod:`.encryption`; the sealed key travels next to the container. A fresh sender key
each time makes the wrapping key unique, so the nonce is constant. It does not say who sealed.
Never: reuse a sender key.

Format and test vectors: docs/spec/storage.md.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from neurovoyance.ipfs.encryption import KEY_BYTES, TAG_BYTES
from neurovoyance.protocol.errors import SpecError, StorageDecryptError

PUBLIC_KEY_BYTES = 32
SEALED_KEY_BYTES = PUBLIC_KEY_BYTES + KEY_BYTES + TAG_BYTES
_INFO = b"neurovoyance sealed key v1"
_NONCE = bytes(12)


def seal_key(key: bytes, recipient: bytes, context: bytes = b"") -> bytes:
    """Return 80 bytes that only the holder of ``recipient``'s private key can open.

    Args:
        key: the object's 32-byte key.
        recipient: X25519 public key, 32 raw bytes.
        context: bound to the sealed key and demanded again by :func:`open_key`.

    Raises:
        SpecError: ``key`` or ``recipient`` are not what they should be.
    """
    return seal_key_from(X25519PrivateKey.generate(), key, recipient, context)


def seal_key_from(sender: X25519PrivateKey, key: bytes, recipient: bytes, context: bytes) -> bytes:
    """Seal with a given sender key: for test vectors alone, since one must never be reused."""
    if len(key) != KEY_BYTES or len(recipient) != PUBLIC_KEY_BYTES:
        raise SpecError("A sealed key needs a 32-byte key and a 32-byte X25519 public key.")
    public = sender.public_key().public_bytes_raw()
    try:
        shared = sender.exchange(X25519PublicKey.from_public_bytes(recipient))
    except ValueError as error:
        raise SpecError("The recipient's public key is not a usable X25519 key.") from error
    wrapping = _wrapping_key(shared, public, recipient)
    return public + AESGCM(wrapping).encrypt(_NONCE, key, context)


def open_key(sealed: bytes, private_key: bytes, context: bytes = b"") -> bytes:
    """Return the object's key.

    Args:
        sealed: what :func:`seal_key` returned.
        private_key: X25519 private key, 32 raw bytes.
        context: the context given when sealing.

    Raises:
        StorageDecryptError: altered, for somebody else, or of another context.
        SpecError: the private key is not 32 bytes long.
    """
    if len(private_key) != PUBLIC_KEY_BYTES:
        raise SpecError("An X25519 private key has 32 bytes.")
    refused = StorageDecryptError(
        "The sealed key cannot be opened with this private key and context.",
        hint="Check that the object was encrypted for this recipient.",
    )
    if len(sealed) != SEALED_KEY_BYTES:
        raise refused
    own = X25519PrivateKey.from_private_bytes(private_key)
    public = sealed[:PUBLIC_KEY_BYTES]
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(public))
        wrapping = _wrapping_key(shared, public, own.public_key().public_bytes_raw())
        return AESGCM(wrapping).decrypt(_NONCE, sealed[PUBLIC_KEY_BYTES:], context)
    except (InvalidTag, ValueError) as error:
        raise refused from error


def _wrapping_key(shared: bytes, sender: bytes, recipient: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=sender + recipient, info=_INFO).derive(shared)
