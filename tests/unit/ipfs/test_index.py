from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from neurovoyance.ipfs.index import BlockIndex, SourceFile


@pytest.fixture
def index(tmp_path: Path) -> Iterator[BlockIndex]:
    made = BlockIndex(tmp_path / "i")
    yield made
    made.close()


def test_sizes_count_only_blocks_with_a_file_of_their_own(index: BlockIndex) -> None:
    source = SourceFile("/f", 9, 1)
    index.put_block(b"a", 5, 1)
    index.put_references(source, [(b"b", 3, 4)], 1)
    assert index.stored_bytes() == 5
    row = index.block(b"b")
    assert row is not None and (row.source, row.source_offset, row.size_bytes) == (source, 3, 4)
    index.put_block(b"b", 4, 2)
    assert index.stored_bytes() == 9


def test_the_newest_reference_wins(index: BlockIndex) -> None:
    for mtime_ns in (1, 2):
        index.put_references(SourceFile("/f", 9, mtime_ns), [(b"b", 0, 4)], 1)
    row = index.block(b"b")
    assert row is not None and row.source is not None and row.source.mtime_ns == 2


def test_blocks_are_listed_by_last_use(index: BlockIndex) -> None:
    for at, cid in enumerate((b"a", b"b", b"c")):
        index.put_block(cid, 1, at)
    index.touch([b"a"], 9)
    assert [cid for cid, _, _ in index.oldest_first(100)] == [b"b", b"c", b"a"]
    assert [cid for cid, _, _ in index.oldest_first(2)] == [b"b"]
    index.forget([b"b"])
    assert index.block(b"b") is None
    assert index.cids_after(b"a", 5) == [b"c"]


def test_leases_and_pins_end_by_themselves(index: BlockIndex) -> None:
    index.put_lease("t", b"root", 7, 100)
    assert index.leases(99) == [(b"root", 7)] and index.leases(100) == []
    index.put_lease("t", b"root", 8, 200)
    assert index.leases(150) == [(b"root", 7)]
    index.remove_lease("t")
    assert index.leases(0) == []
    index.put_pin(b"p", "n", 100)
    assert index.pins(99) == [(b"p", "n", 100)] and index.pins(100) == []


def test_each_lie_of_a_banned_peer_is_counted(index: BlockIndex) -> None:
    index.ban("p", 100)
    index.ban("p", 200)
    assert index.bans(150) == {"p": 2} and index.bans(200) == {}


def test_a_failed_write_changes_nothing(index: BlockIndex) -> None:
    with pytest.raises(sqlite3.ProgrammingError):
        index.put_provided(b"root", [b"a", 3 + 0j])  # type: ignore[list-item]
    assert index.provided() == [] and not index.is_served(b"a")


def test_two_connections_see_each_other(index: BlockIndex, tmp_path: Path) -> None:
    other = BlockIndex(tmp_path / "i")
    index.put_block(b"a", 5, 1)
    assert other.stored_bytes() == 5
    other.close()
