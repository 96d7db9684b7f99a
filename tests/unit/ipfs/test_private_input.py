"""The container of an input: one CID names one key, and what was altered is not opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.ipfs.encryption import SEGMENT_BYTES, TAG_BYTES, decrypt, encrypt, new_key
from neurovoyance.ipfs.private_input import (
    HEAD_BYTES,
    decrypt_input_file,
    encrypt_input,
    input_context,
    is_encrypted,
    key_fits,
    require_fit,
)
from neurovoyance.protocol.errors import StorageDecryptError

KEY, OTHER = bytes(range(32)), new_key()
PLAIN = b"\x40\0\0\0\0\0\0\0{}" + bytes(range(256)) * 8_200


def test_a_container_is_known_by_its_first_bytes_and_names_its_key() -> None:
    sealed = encrypt_input(PLAIN, KEY)
    head = sealed[:HEAD_BYTES]
    assert is_encrypted(head)
    assert not is_encrypted(PLAIN)
    assert not is_encrypted(b"")
    assert key_fits(head, KEY)
    assert not key_fits(head, OTHER)
    assert not key_fits(head[:-1], KEY)
    require_fit(head, KEY)
    with pytest.raises(StorageDecryptError, match="does not belong"):
        require_fit(head, OTHER)
    assert decrypt(sealed, KEY, input_context(KEY)) == PLAIN


def test_a_container_under_another_commitment_is_refused_though_its_key_would_open_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "sealed").write_bytes(encrypt(PLAIN, KEY, input_context(OTHER)))
    with pytest.raises(StorageDecryptError):
        decrypt_input_file(tmp_path / "sealed", tmp_path / "plain", KEY)


def test_a_file_is_opened_for_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "sealed").write_bytes(encrypt_input(PLAIN, KEY))
    decrypt_input_file(tmp_path / "sealed", tmp_path / "plain", KEY)
    assert (tmp_path / "plain").read_bytes() == PLAIN
    assert (tmp_path / "plain").stat().st_mode & 0o777 == 0o600


def _segments(sealed: bytes) -> list[bytes]:
    size, body = SEGMENT_BYTES + TAG_BYTES, sealed[HEAD_BYTES:]
    return [body[at : at + size] for at in range(0, len(body), size)]


@pytest.mark.parametrize("fault", ["cut", "last segment cut", "swapped", "flipped", "empty"])
def test_what_is_cut_reordered_or_altered_leaves_no_file(tmp_path: Path, fault: str) -> None:
    sealed = encrypt_input(PLAIN, KEY)
    head, parts = sealed[:HEAD_BYTES], _segments(sealed)
    assert len(parts) == 3
    changed = {
        "cut": sealed[:-1],
        "last segment cut": head + parts[0] + parts[1],
        "swapped": head + parts[1] + parts[0] + parts[2],
        "flipped": sealed[:-40] + bytes([sealed[-40] ^ 1]) + sealed[-39:],
        "empty": b"",
    }[fault]
    (tmp_path / "sealed").write_bytes(changed)
    with pytest.raises(StorageDecryptError):
        decrypt_input_file(tmp_path / "sealed", tmp_path / "plain", KEY)
    assert [path.name for path in tmp_path.iterdir()] == ["sealed"]
