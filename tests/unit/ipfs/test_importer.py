from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.ipfs.conftest import MakeStore
from tests.unit.ipfs.dags import TINY, collect, file_blocks, pieces_of, random_bytes

from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.unixfs import Profile
from neurovoyance.protocol.errors import StorageError, StorageSourceChanged


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 48, 49, 1000])
async def test_files_copies_and_streams_agree_with_the_plain_tree(
    make_store: MakeStore, tmp_path: Path, size: int
) -> None:
    data = random_bytes(size)
    path = tmp_path / "f"
    path.write_bytes(data)
    store = make_store()
    expected = file_blocks(data)[0]
    assert await store.add(path, TINY) == expected
    assert await store.add(path, TINY, copy=True) == expected
    assert await store.add(pieces_of(data, 5), TINY) == expected


async def test_a_chunk_size_that_does_not_divide_a_batch_is_cut_right(
    make_store: MakeStore, tmp_path: Path
) -> None:
    profile = Profile("odd", 1_000_003, 4)
    data = random_bytes(9_500_000)
    (tmp_path / "f").write_bytes(data)
    assert await make_store().add(tmp_path / "f", profile) == file_blocks(data, profile)[0]


async def test_a_file_that_changes_while_it_is_added_is_refused(
    make_store: MakeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f"
    path.write_bytes(random_bytes(9_000_000))
    store = make_store()
    read = os.pread
    changed: list[bool] = []

    def change_once(descriptor: int, size: int, offset: int) -> bytes:
        if not changed:
            changed.append(True)
            with path.open("r+b") as file:
                file.write(b"changed")
            os.utime(path, ns=(5, 5))
        return read(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", change_once)
    with pytest.raises(StorageSourceChanged):
        await store.add(path)
    assert await store.pins() == []


async def test_a_stream_that_fails_adds_nothing_pinned(make_store: MakeStore) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield bytes(100)
        raise ConnectionError

    store: EmbeddedBackend = make_store()
    with pytest.raises(ConnectionError):
        await store.add(breaking(), TINY)
    assert await store.pins() == [] and store.store.index.leases(0) == []


async def test_directories_may_be_thirty_two_deep(make_store: MakeStore, tmp_path: Path) -> None:
    path = tmp_path / "d"
    deep = path.joinpath(*("x" * 31))
    deep.mkdir(parents=True)
    (deep / "f").write_bytes(b"!")
    store = make_store()
    root = await store.add(path)
    await store.fetch(root, tmp_path / "out")
    assert (tmp_path / "out").joinpath(*("x" * 31), "f").read_bytes() == b"!"
    (deep / "x").mkdir()
    with pytest.raises(StorageError, match="deeper"):
        await store.add(path)


async def test_a_name_that_is_no_unicode_text_is_refused(
    make_store: MakeStore, tmp_path: Path
) -> None:
    (tmp_path / "d").mkdir()
    os.close(os.open(os.fsencode(tmp_path / "d") + b"/\xff", os.O_CREAT))
    with pytest.raises(StorageError, match="UTF-8"):
        await make_store().add(tmp_path / "d")


async def test_a_relative_path_is_remembered_as_absolute(
    make_store: MakeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f").write_bytes(b"data")
    monkeypatch.chdir(tmp_path)
    store = make_store()
    cid = await store.add(Path("f"))
    monkeypatch.chdir("/")
    assert await collect(store.open(cid)) == b"data"
