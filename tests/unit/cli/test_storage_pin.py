"""``storage pin`` keeps content, for some days if asked."""

from __future__ import annotations

import time
from pathlib import Path

from tests.unit.cli.storage_cli import Storage, storage

from neurovoyance.ipfs.cid import Cid

__all__ = ["storage"]


def test_a_pin_has_a_name_and_an_end_and_can_be_removed(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"kept")
    cid = storage("add", tmp_path / "f", "--copy")["cid"]
    shown = storage("pin", cid, "--name", "mine", "--days", 2)
    assert abs(shown["expires_s"] - time.time() - 2 * 86_400) < 600
    [pin] = storage("ls")["pins"]
    assert (pin["name"], pin["expires_s"], pin["is_complete"]) == ("mine", shown["expires_s"], True)
    assert "mine" in storage("ls", text=True)
    assert "not pinned any more" in storage("pin", cid, "--remove", text=True)
    assert storage("ls")["pins"] == []
    assert storage("pin", cid, "--remove", code=1)["error"]["code"] == "storage.not_found"


def test_what_nobody_has_cannot_be_pinned(storage: Storage) -> None:
    error = storage("pin", Cid.of(b"nowhere"), code=1)["error"]
    assert error["code"] == "storage.not_found"
    assert storage("ls")["pins"] == []
