"""Keys are kept for one input and one client, in a file of the owner's, and forgotten in time."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from neurovoyance.node import key_book
from neurovoyance.node.key_book import KeyBook
from neurovoyance.protocol.errors import ConfigError, StorageDecryptError

IDENTITY = {"market": "one"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "node" / "keys.sqlite"


def test_our_key_stays_the_same_and_is_readable_by_us_alone(path: Path) -> None:
    book = KeyBook(path, IDENTITY)
    first = book.public_key
    book.close()
    assert path.stat().st_mode & 0o777 == 0o600
    again = KeyBook(path, IDENTITY)
    assert again.public_key == first
    again.close()
    with pytest.raises(ConfigError):
        KeyBook(path, {"market": "two"})


def test_what_is_sealed_to_us_opens_in_its_context_alone(path: Path, tmp_path: Path) -> None:
    book, other = KeyBook(path, IDENTITY), KeyBook(tmp_path / "other.sqlite", IDENTITY)
    key = secrets.token_bytes(32)
    sealed = book.seal(key, book.public_key, b"one")
    assert book.open(sealed, b"one") == key
    for who, context in ((book, b"two"), (other, b"one")):
        with pytest.raises(StorageDecryptError):
            who.open(sealed, context)
    book.close()
    other.close()


def test_a_key_is_kept_for_its_client_alone(path: Path) -> None:
    book = KeyBook(path, IDENTITY)
    book.add(b"cid", "0xA", b"\x01" * 32)
    book.add(b"cid", "0xB", b"\x02" * 32)
    assert book.input_key(b"cid", "0xA") == b"\x01" * 32
    assert book.input_key(b"cid", "0xB") == b"\x02" * 32
    assert book.input_key(b"cid", "0xC") is None
    assert book.input_key(b"other", "0xA") is None
    book.close()


def test_a_key_that_nobody_used_for_long_is_forgotten(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = KeyBook(path, IDENTITY)
    book.add(b"old", "0xA", b"\x01" * 32)
    assert book.purge() == 0
    monkeypatch.setattr(key_book, "KEEP_S", -10)
    assert book.purge() == 1
    assert book.input_key(b"old", "0xA") is None
    book.close()
