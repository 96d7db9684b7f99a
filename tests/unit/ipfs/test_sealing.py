from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.ipfs.encryption import new_key
from neurovoyance.ipfs.sealing import SEALED_KEY_BYTES, open_key, seal_key, seal_key_from
from neurovoyance.protocol.errors import SpecError, StorageDecryptError


def pair() -> tuple[bytes, bytes]:
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def test_only_the_recipient_opens_a_sealed_key() -> None:
    (private, public), (other, _) = pair(), pair()
    key = new_key()
    sealed = seal_key(key, public, b"job")
    assert len(sealed) == SEALED_KEY_BYTES
    assert open_key(sealed, private, b"job") == key
    for wrong_key, wrong_context in ((other, b"job"), (private, b"job 2")):
        with pytest.raises(StorageDecryptError):
            open_key(sealed, wrong_key, wrong_context)


@given(st.integers(0, SEALED_KEY_BYTES - 1), st.integers(0, 7))
def test_any_flipped_bit_is_refused(at: int, bit: int) -> None:
    private, public = pair()
    sealed = bytearray(seal_key(bytes(32), public))
    sealed[at] ^= 1 << bit
    with pytest.raises(StorageDecryptError):
        open_key(bytes(sealed), private)


def test_the_ignored_bit_of_a_public_key_is_covered_too() -> None:
    private, public = pair()
    sealed = bytearray(seal_key(bytes(32), public))
    sealed[31] ^= 0x80
    with pytest.raises(StorageDecryptError):
        open_key(bytes(sealed), private)


@pytest.mark.parametrize("size", [0, 31, 79, 81])
def test_sealed_keys_of_another_size_are_refused(size: int) -> None:
    with pytest.raises(StorageDecryptError):
        open_key(bytes(size), pair()[0])


def test_unusable_keys_are_refused() -> None:
    for key, recipient in ((bytes(31), pair()[1]), (bytes(32), bytes(31)), (bytes(32), bytes(32))):
        with pytest.raises(SpecError):
            seal_key(key, recipient)
    with pytest.raises(SpecError):
        open_key(bytes(80), bytes(5))
    with pytest.raises(StorageDecryptError):
        open_key(bytes(80), pair()[0])


def test_the_published_vectors_hold() -> None:
    vectors = Path(__file__).parents[2] / "vectors" / "encryption.json"
    for case in json.loads(vectors.read_text())["sealed_keys"]:
        names = ("key", "recipient_private", "sender_private", "context", "sealed")
        key, private, sender, context, sealed = (bytes.fromhex(case[name]) for name in names)
        public = X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
        made = seal_key_from(X25519PrivateKey.from_private_bytes(sender), key, public, context)
        assert made == sealed
        assert open_key(sealed, private, context) == key
