"""``storage gc`` removes what is not pinned."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.storage_cli import Storage, storage

__all__ = ["storage"]


def test_only_what_is_not_pinned_goes(storage: Storage, tmp_path: Path) -> None:
    cids = []
    for name in ("kept", "gone"):
        (tmp_path / name).write_bytes(name.encode() * 1000)
        cids.append(storage("add", tmp_path / name, "--copy")["cid"])
    storage("pin", cids[1], "--remove")
    assert storage("gc", "--keep-mib", 1)["removed_count"] == 0
    assert storage("gc") == {"removed_count": 1, "freed_bytes": 4000, "kept_bytes": 4000}
    assert "0 blocks removed" in storage("gc", text=True)
    assert (tmp_path / "gone").exists()
