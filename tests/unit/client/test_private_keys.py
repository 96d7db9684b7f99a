"""The client's keys: one of its own for a home, and one for every private input."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.client.private_keys import PrivateKeys
from neurovoyance.ipfs.sealing import seal_key
from neurovoyance.protocol.errors import StorageDecryptError


def test_keys_outlive_the_process_and_are_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "home" / "private.sqlite"
    keys = PrivateKeys(path)
    keys.add(b"cid", b"\x01" * 32)
    public_key = keys.public_key
    keys.close()
    assert path.stat().st_mode & 0o777 == 0o600
    again = PrivateKeys(path)
    assert again.public_key == public_key
    assert again.input_key(b"cid") == b"\x01" * 32
    assert again.input_key(b"other") is None
    sealed = seal_key(b"\x02" * 32, public_key, b"context")
    assert again.open(sealed, b"context") == b"\x02" * 32
    with pytest.raises(StorageDecryptError):
        again.open(sealed, b"another")
    again.close()
