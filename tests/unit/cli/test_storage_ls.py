"""``storage ls`` shows pins, or what a folder holds."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.storage_cli import Storage, storage

__all__ = ["storage"]


def test_an_empty_store_says_how_to_begin(storage: Storage) -> None:
    assert "storage add PATH" in storage("ls", text=True)


def test_the_entries_of_a_folder_are_listed_by_name(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "in" / "b").mkdir(parents=True)
    (tmp_path / "in" / "a").write_bytes(b"12345")
    (tmp_path / "in" / "b" / "c").write_bytes(b"1")
    cid = storage("add", tmp_path / "in")["cid"]
    assert [entry["name"] for entry in storage("ls", cid)["entries"]] == ["a", "b"]
    assert [entry["name"] for entry in storage("ls", f"{cid}/b")["entries"]] == ["c"]
    assert "5 B" in storage("ls", cid, text=True)


def test_a_file_has_no_entries(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    cid = storage("add", tmp_path / "f")["cid"]
    assert "not a directory" in storage("ls", cid, code=1)["error"]["message"]
