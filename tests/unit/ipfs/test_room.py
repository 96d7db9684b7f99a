from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.ipfs.dags import file_blocks

from neurovoyance.ipfs.blockstore import BlockStore
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.index import SourceFile
from neurovoyance.ipfs.room import Room
from neurovoyance.protocol.errors import StorageFull

KIB = 1024


@pytest.fixture
def store(tmp_path: Path) -> Iterator[BlockStore]:
    made = BlockStore(tmp_path / "s")
    made.reserve = Room(made, 10 * KIB).reserve
    yield made
    made.close()


def put(store: BlockStore, count: int, seed: int = 0) -> list[Cid]:
    cids = []
    for number in range(count):
        data = bytes((seed, number)) + bytes(KIB - 2)
        store.put(Cid.of(data), data)
        cids.append(Cid.of(data))
    return cids


def test_the_oldest_go_first_and_the_budget_holds(store: BlockStore) -> None:
    first = put(store, 10)
    store.touch(first[0])
    put(store, 2, seed=1)
    assert store.index.stored_bytes() <= 10 * KIB
    assert store.size_of(first[0]) == KIB
    assert store.size_of(first[1]) is None


def test_what_a_pin_reaches_stays(store: BlockStore) -> None:
    root, blocks = file_blocks(b"p" * 200)
    for cid, block in blocks.items():
        store.put(cid, block)
    store.index.put_pin(root.binary, "", None)
    put(store, 30)
    assert all(store.size_of(cid) is not None for cid in blocks)


def test_what_an_operation_used_stays_until_it_ends(store: BlockStore) -> None:
    store.index.put_lease("op", None, time.time_ns(), 2**40)
    put(store, 10)
    with pytest.raises(StorageFull) as caught:
        put(store, 1, seed=1)
    assert caught.value.context["missing_bytes"] == KIB
    store.index.remove_lease("op")
    put(store, 1, seed=1)


def test_a_lease_protects_its_root(store: BlockStore) -> None:
    root, blocks = file_blocks(b"p" * 200)
    for cid, block in blocks.items():
        store.put(cid, block)
    store.index.put_lease("op", root.binary, time.time_ns() + 10**12, 2**40)
    put(store, 30)
    assert all(store.size_of(cid) is not None for cid in blocks)


def test_collecting_to_a_size_and_to_nothing(store: BlockStore, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"leaf")
    state = (tmp_path / "f").stat()
    leaf = Cid.of(b"leaf")
    store.put_references(SourceFile(str(tmp_path / "f"), 4, state.st_mtime_ns), [(leaf, 0, 4)])
    put(store, 10)
    room = Room(store, 10 * KIB)
    report = room.collect(4 * KIB)
    assert (report.removed_count, report.kept_bytes) == (6, 4 * KIB)
    assert store.read(leaf) == b"leaf"
    report = room.collect(0)
    assert (report.removed_count, report.freed_bytes, report.kept_bytes) == (5, 4 * KIB, 0)
    assert store.read(leaf) is None
    assert (tmp_path / "f").read_bytes() == b"leaf"
