"""``storage add`` names content by what it contains."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.storage_cli import Storage, storage
from tests.unit.ipfs.serving import Standin

from neurovoyance.ipfs.kubo import KuboBackend

__all__ = ["storage"]

SMALL = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"


def test_a_file_gets_its_identifier_and_is_kept(storage: Storage, tmp_path: Path) -> None:
    path = tmp_path / "hello.txt"
    path.write_bytes(b"hello world\n")
    added = storage("add", path, "--name", "greeting")
    assert added == {"cid": SMALL, "size_bytes": 12, "profile": "unixfs-v1-2025"}
    assert [(pin["cid"], pin["name"]) for pin in storage("ls")["pins"]] == [(SMALL, "greeting")]
    words = storage("add", path, text=True)
    assert SMALL in words and "stay where they are" in words


def test_the_way_of_cutting_can_be_chosen(storage: Storage, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(600_000))
    new, old = storage("add", path), storage("add", path, "--profile", "unixfs-v0-2015", "--copy")
    assert new["cid"].startswith("bafkrei") and old["cid"].startswith("bafybei")


def test_a_missing_path_is_a_plain_error(storage: Storage, tmp_path: Path) -> None:
    error = storage("add", tmp_path / "none", code=1)["error"]
    assert "There is no file or folder" in error["message"]


async def _held_by(daemon: Standin) -> list[str]:
    async with KuboBackend(daemon.url) as kubo:
        return [str(pin.cid) for pin in await kubo.pins()]


def test_a_daemon_gets_a_copy(storage: Storage, tmp_path: Path) -> None:
    import asyncio

    path, daemon = tmp_path / "hello.txt", Standin(tmp_path / "kubo")
    path.write_bytes(b"hello world\n")
    daemon.start()
    try:
        storage("add", path, "--kubo", daemon.url)
        assert asyncio.run(_held_by(daemon)) == [SMALL]
    finally:
        daemon.kill()


def test_a_daemon_that_is_away_is_a_plain_error(storage: Storage, tmp_path: Path) -> None:
    path = tmp_path / "hello.txt"
    path.write_bytes(b"hello world\n")
    error = storage("add", path, "--kubo", Standin(tmp_path).url, code=1)["error"]
    assert error["code"] == "storage.unreachable" and "ipfs daemon" in error["hint"]
    error = storage("add", path, "--kubo", "localhost", code=2)["error"]
    assert "kubo_rpc_url" in error["message"]
