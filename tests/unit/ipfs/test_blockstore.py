from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurovoyance.ipfs.blockstore import BlockStore
from neurovoyance.ipfs.cid import PROBE, Cid
from neurovoyance.ipfs.dagpb import MAX_BLOCK_BYTES
from neurovoyance.ipfs.index import SourceFile
from neurovoyance.ipfs.verified import VerifiedFiles
from neurovoyance.protocol.errors import (
    StorageIntegrityError,
    StorageSourceChanged,
    StorageTooLarge,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[BlockStore]:
    made = BlockStore(tmp_path / "s")
    yield made
    made.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.binary(max_size=300))
def test_blocks_round_trip(store: BlockStore, data: bytes) -> None:
    cid = Cid.of(data)
    store.put(cid, data)
    assert store.put(cid, data) is False
    assert store.read(cid) == data
    assert store.size_of(cid) == len(data)


def test_a_block_lies_in_a_two_character_shard_under_its_name(store: BlockStore) -> None:
    cid = Cid.of(b"x")
    store.put(cid, b"x")
    path = store.path_of(cid)
    assert path.read_bytes() == b"x"
    assert path.name == str(cid) and path.parent.name == str(cid)[-3:-1]
    assert path.stat().st_mode & 0o077 == 0


def test_wrong_and_oversized_bytes_are_refused(store: BlockStore, tmp_path: Path) -> None:
    with pytest.raises(StorageIntegrityError):
        store.put(Cid.of(b"x"), b"y")
    big = bytes(MAX_BLOCK_BYTES + 1)
    with pytest.raises(StorageTooLarge):
        store.put(Cid.of(big), big)
    assert [
        path for path in tmp_path.rglob("*") if path.is_file() and "index" not in path.name
    ] == []


def test_a_rotten_block_is_removed_and_counts_as_missing(store: BlockStore) -> None:
    cid = Cid.of(b"block")
    store.put(cid, b"block")
    store.path_of(cid).write_bytes(b"blocc")
    assert store.read(cid) is None
    assert store.size_of(cid) is None
    assert not store.path_of(cid).exists()
    store.put(cid, b"block")
    assert store.read(cid) == b"block"


def test_a_block_for_a_peer_is_hashed_once_and_again_when_its_file_changed(
    store: BlockStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    cid, hashed = Cid.of(b"block"), 0
    right = Cid.is_hash_of

    def count(self: Cid, data: bytes) -> bool:
        nonlocal hashed
        hashed += 1
        return right(self, data)

    store.put(cid, b"block")
    os.utime(store.path_of(cid), (1, 1))
    monkeypatch.setattr(store, "_verified", VerifiedFiles(now_ns=lambda: 1 << 62))
    monkeypatch.setattr(Cid, "is_hash_of", count)
    assert [store.read(cid, for_peer=True) for _ in range(3)] == [b"block"] * 3
    assert hashed == 1
    assert store.read(cid) == b"block"
    assert hashed == 2, "what the store's own users read is hashed on every read"
    store.path_of(cid).write_bytes(b"blocc")
    assert store.read(cid, for_peer=True) is None
    assert store.size_of(cid) is None


def test_a_reference_for_a_peer_is_hashed_again_when_its_file_changed(
    store: BlockStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "source"
    path.write_bytes(b"leaf")
    cid, state = Cid.of(b"leaf"), path.stat()
    monkeypatch.setattr(store, "_verified", VerifiedFiles(now_ns=lambda: 1 << 62))
    store.put_references(SourceFile(str(path), 4, state.st_mtime_ns), [(cid, 0, 4)])
    assert store.read(cid, for_peer=True) == b"leaf"
    other = tmp_path / "other"
    other.write_bytes(b"laef")
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    other.replace(path)
    with pytest.raises(StorageSourceChanged):
        store.read(cid, for_peer=True)


def test_a_block_of_a_wrong_length_is_not_held(store: BlockStore) -> None:
    cid = Cid.of(b"block")
    store.put(cid, b"block")
    store.path_of(cid).write_bytes(b"blo")
    assert store.size_of(cid) is None
    assert store.put(cid, b"block") is True
    assert store.read(cid) == b"block"


def test_a_file_without_a_row_is_adopted(store: BlockStore) -> None:
    cid = Cid.of(b"block")
    store.put(cid, b"block")
    store.index.forget([cid.binary])
    assert store.index.stored_bytes() == 0
    assert store.size_of(cid) == 5
    assert store.index.stored_bytes() == 5


def test_reconciling_adopts_files_and_removes_old_leftovers(
    store: BlockStore, tmp_path: Path
) -> None:
    cid = Cid.of(b"block")
    store.put(cid, b"block")
    store.index.forget([cid.binary])
    old, new = tmp_path / "s" / "temp" / "old", tmp_path / "s" / "temp" / "new"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    (tmp_path / "s" / "blocks" / "zz").mkdir(exist_ok=True)
    (tmp_path / "s" / "blocks" / "zz" / "not a block").write_bytes(b"?")
    store.reconcile()
    assert store.index.stored_bytes() == 5
    assert not old.exists() and new.exists()


def test_the_probe_needs_no_block(store: BlockStore) -> None:
    assert store.read(PROBE) == b"" and store.size_of(PROBE) == 0
    assert store.put(PROBE, b"") is False


def test_a_reference_is_never_read_through_a_link_or_from_a_fifo(
    store: BlockStore, tmp_path: Path
) -> None:
    path = tmp_path / "source"
    path.write_bytes(b"leaf")
    state = path.stat()
    source = SourceFile(str(path), 4, state.st_mtime_ns)
    cid = Cid.of(b"leaf")
    store.put_references(source, [(cid, 0, 4)])
    assert store.read(cid) == b"leaf"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(StorageSourceChanged):
        store.read(cid)
    assert store.size_of(cid) is None


def test_an_own_copy_wins_over_a_reference(store: BlockStore, tmp_path: Path) -> None:
    cid = Cid.of(b"leaf")
    store.put(cid, b"leaf")
    store.put_references(SourceFile("/nowhere", 4, 1), [(cid, 0, 4)])
    assert store.read(cid) == b"leaf"


def test_many_threads_may_write_the_same_blocks(store: BlockStore) -> None:
    blocks = [bytes((n,)) * 100 for n in range(30)]
    barrier = threading.Barrier(4)

    def work(_: int) -> None:
        barrier.wait()
        for block in blocks:
            store.put(Cid.of(block), block)
            assert store.read(Cid.of(block)) == block

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert store.index.stored_bytes() == 3000


_FULL = """
import resource, sys
from pathlib import Path
from neurovoyance.ipfs.blockstore import BlockStore
from neurovoyance.ipfs.cid import Cid
from neurovoyance.protocol.errors import StorageFull
store = BlockStore(Path(sys.argv[1]))
store.put(Cid.of(b"small"), b"small")
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    store.put(Cid.of(bytes(300_000)), bytes(300_000))
except StorageFull as error:
    assert error.context["missing_bytes"] == 300_000
    assert store.read(Cid.of(b"small")) == b"small"
    assert list((Path(sys.argv[1]) / "temp").iterdir()) == []
    print("stopped cleanly")
"""


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path / "s")],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        timeout=90,
        check=True,
    )
    assert done.stdout == b"stopped cleanly\n"
