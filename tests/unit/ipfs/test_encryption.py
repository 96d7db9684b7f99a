from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.ipfs.dags import random_bytes

from neurovoyance.ipfs import encryption
from neurovoyance.ipfs.encryption import (
    SEGMENT_BYTES,
    TAG_BYTES,
    decrypt,
    decrypt_stream,
    encrypt,
    encrypt_stream,
    new_key,
    seal_with_prefix,
)
from neurovoyance.protocol.errors import SpecError, StorageDecryptError

KEY = bytes(range(32))
CONTEXT = bytes(32)
HEADER_BYTES = 6 + 7 + 2 + 32
SIZES = [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 2 * SEGMENT_BYTES + 5]


@pytest.mark.parametrize("size", SIZES)
def test_objects_round_trip_at_every_edge_of_a_segment(size: int) -> None:
    plain = random_bytes(size)
    container = encrypt(plain, KEY, CONTEXT)
    segments = max(1, -(-size // SEGMENT_BYTES))
    assert len(container) == HEADER_BYTES + size + segments * TAG_BYTES
    assert decrypt(container, KEY, CONTEXT) == plain


@settings(max_examples=25)
@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(0, 6000))
def test_the_pieces_do_not_matter(in_bytes: int, out_bytes: int, size: int) -> None:
    plain = random_bytes(size)
    pieces = (plain[at : at + in_bytes] for at in range(0, size, in_bytes))
    container = b"".join(encrypt_stream(pieces, KEY, CONTEXT))
    parts = (container[at : at + out_bytes] for at in range(0, len(container), out_bytes))
    assert b"".join(decrypt_stream(parts, KEY, CONTEXT)) == plain


@given(st.data())
def test_any_flipped_bit_is_refused(data: st.DataObject) -> None:
    container = bytearray(encrypt(b"private input", KEY, CONTEXT))
    at = data.draw(st.integers(0, len(container) - 1))
    container[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(StorageDecryptError):
        decrypt(bytes(container), KEY, CONTEXT)


def test_every_truncation_is_refused() -> None:
    container = encrypt(b"private input", KEY, CONTEXT)
    for size in range(len(container)):
        with pytest.raises(StorageDecryptError):
            decrypt(container[:size], KEY, CONTEXT)


def test_segments_cut_swapped_repeated_or_appended_are_refused() -> None:
    container = encrypt(random_bytes(3 * SEGMENT_BYTES), KEY, CONTEXT)
    head, body = container[:HEADER_BYTES], container[HEADER_BYTES:]
    size = SEGMENT_BYTES + TAG_BYTES
    one, two, three = (body[at : at + size] for at in range(0, 3 * size, size))
    for parts in (
        [],
        [one],
        [one, two],
        [two, one, three],
        [one, three],
        [one, one, three],
        [one, two, three, three],
        [one, two, three, b"x"],
        [three],
    ):
        with pytest.raises(StorageDecryptError):
            decrypt(head + b"".join(parts), KEY, CONTEXT)
    assert len(decrypt(head + one + two + three, KEY, CONTEXT)) == 3 * SEGMENT_BYTES


def test_wrong_key_and_wrong_context_are_refused() -> None:
    container = encrypt(b"private", KEY, CONTEXT)
    for key, context in ((new_key(), CONTEXT), (KEY, bytes(31) + b"\x01"), (KEY, b"")):
        with pytest.raises(StorageDecryptError):
            decrypt(container, key, context)


def test_keys_and_contexts_of_a_wrong_size_are_refused() -> None:
    with pytest.raises(SpecError):
        encrypt(b"", bytes(31))
    with pytest.raises(SpecError):
        encrypt(b"", KEY, bytes(1025))


def test_one_object_encrypted_twice_differs() -> None:
    assert encrypt(b"same", KEY) != encrypt(b"same", KEY)


def test_too_many_segments_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "_MAX_SEGMENTS", 2)
    monkeypatch.setattr(encryption, "SEGMENT_BYTES", 4)
    assert encrypt(b"12345678", KEY)
    with pytest.raises(SpecError):
        encrypt(b"123456789", KEY)


def test_the_published_vectors_hold() -> None:
    vectors = Path(__file__).parents[2] / "vectors" / "encryption.json"
    for case in json.loads(vectors.read_text())["containers"]:
        plain, key, context, prefix, container = (
            bytes.fromhex(case[name])
            for name in ("plaintext", "key", "context", "prefix", "container")
        )
        assert b"".join(seal_with_prefix([plain], key, context, prefix)) == container
        assert decrypt(container, key, context) == plain
