"""What every storage back-end does, written once; each back-end's test subclasses this.

A subclass sets the fixture ``backend``: an empty, writable back-end.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.unit.ipfs.dags import collect, pieces_of, random_bytes

from neurovoyance.ipfs import unixfs
from neurovoyance.ipfs.backend import Progress, StorageBackend
from neurovoyance.ipfs.car import InvalidCar
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.unixfs import V0_2015, V1_2025, Kind
from neurovoyance.protocol.errors import (
    NeurovoyanceError,
    StorageError,
    StorageIntegrityError,
    StorageNotFound,
)

MIB = 1 << 20
F3 = random_bytes(3 * MIB + 12345)


class StorageBehaviour:
    """The suite."""

    async def test_it_is_a_storage_backend(self, backend: StorageBackend) -> None:
        assert isinstance(backend, StorageBackend)

    @pytest.mark.parametrize("data", [b"", b"hello world\n", F3], ids=["empty", "small", "3 MiB"])
    @pytest.mark.parametrize("profile", [V0_2015, V1_2025], ids=lambda p: p.name)
    async def test_bytes_streams_and_files_get_one_cid_and_read_back(
        self, backend: StorageBackend, tmp_path: Path, data: bytes, profile: object
    ) -> None:
        path = tmp_path / "file"
        path.write_bytes(data)
        cids = {
            await backend.add(data, profile),  # type: ignore[arg-type]
            await backend.add(pieces_of(data, 70_001), profile),  # type: ignore[arg-type]
            await backend.add(path, profile),  # type: ignore[arg-type]
        }
        assert len(cids) == 1
        assert await collect(backend.open(cids.pop())) == data

    async def test_byte_ranges_are_slices(self, backend: StorageBackend) -> None:
        cid = await backend.add(F3, V0_2015)
        edges = [0, 1, V0_2015.chunk_bytes - 1, V0_2015.chunk_bytes, MIB, len(F3) - 1, len(F3)]
        for start in edges:
            for length in (0, 1, V0_2015.chunk_bytes + 2, None):
                stop = None if length is None else start + length
                assert await collect(backend.open(cid, start, length)) == F3[start:stop]
        assert await collect(backend.open(cid, len(F3) + 5, 3)) == b""

    async def test_negative_ranges_are_refused(self, backend: StorageBackend) -> None:
        cid = await backend.add(b"abc")
        for offset, length in ((-1, None), (0, -1)):
            with pytest.raises(NeurovoyanceError):
                await collect(backend.open(cid, offset, length))

    async def test_a_directory_comes_back_as_it_was(
        self, backend: StorageBackend, tmp_path: Path
    ) -> None:
        tree = {"a": b"one", "b/c": F3, "b/ä ö.txt": b"", "b/d/e": b"one"}
        for name, data in tree.items():
            path = tmp_path / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (tmp_path / "in" / "empty").mkdir()
        cid = await backend.add(tmp_path / "in")
        await backend.fetch(cid, tmp_path / "out")
        found = {
            str(path.relative_to(tmp_path / "out")): path.read_bytes()
            for path in (tmp_path / "out").rglob("*")
            if path.is_file()
        }
        assert found == tree
        assert (tmp_path / "out" / "empty").is_dir()
        stat = await backend.stat(cid)
        assert stat.kind is Kind.DIRECTORY
        assert stat.size_bytes == sum(map(len, tree.values()))
        assert stat.is_complete

    async def test_a_sharded_directory_comes_back_as_it_was(
        self, backend: StorageBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(unixfs, "HAMT_THRESHOLD_BYTES", 500)
        tree = {f"sub/{index}": b"file %d" % index for index in range(40)}
        (tmp_path / "in" / "sub").mkdir(parents=True)
        for name, data in tree.items():
            (tmp_path / "in" / name).write_bytes(data)
        cid = await backend.add(tmp_path / "in")
        await backend.fetch(cid, tmp_path / "out")
        found = (tmp_path / "out" / "sub").iterdir()
        assert {f"sub/{path.name}": path.read_bytes() for path in found} == tree
        stat = await backend.stat(cid)
        assert stat.size_bytes == sum(map(len, tree.values()))
        assert stat.block_count > len(tree) + 2

    async def test_fetching_reports_progress_up_to_the_whole(
        self, backend: StorageBackend, tmp_path: Path
    ) -> None:
        cid = await backend.add(F3)
        seen: list[Progress] = []
        await backend.fetch(cid, tmp_path / "out", seen.append)
        assert (tmp_path / "out").read_bytes() == F3
        assert seen[-1].bytes_done == seen[-1].bytes_total == len(F3)
        assert [p.bytes_done for p in seen] == sorted(p.bytes_done for p in seen)
        assert seen[-1].rate_bytes_s > 0 and seen[-1].eta_s == 0

    async def test_an_existing_destination_is_left_alone(
        self, backend: StorageBackend, tmp_path: Path
    ) -> None:
        cid = await backend.add(b"new")
        target = tmp_path / "there"
        target.write_bytes(b"old")
        link = tmp_path / "link"
        link.symlink_to(tmp_path / "elsewhere")
        for dest in (target, link):
            with pytest.raises(StorageError, match="exists"):
                await backend.fetch(cid, dest)
        assert target.read_bytes() == b"old"
        assert not (tmp_path / "elsewhere").exists()
        assert not list(tmp_path.glob(".*"))

    async def test_a_failed_fetch_leaves_nothing_behind(
        self, backend: StorageBackend, tmp_path: Path
    ) -> None:
        folder = tmp_path / "folder"
        folder.mkdir()
        with pytest.raises(StorageNotFound, match=str(Cid.of(b"nobody has this"))):
            await backend.fetch(Cid.of(b"nobody has this"), folder / "out")
        assert list(folder.iterdir()) == []

    async def test_symbolic_links_and_devices_are_not_added(
        self, backend: StorageBackend, tmp_path: Path
    ) -> None:
        (tmp_path / "real").write_bytes(b"secret")
        tree = tmp_path / "tree"
        tree.mkdir()
        (tree / "link").symlink_to(tmp_path / "real")
        fifo = tmp_path / "fifo"
        os.mkfifo(fifo)
        for path in (tree, tree / "link", fifo, Path("/dev/null"), tmp_path / "missing"):
            with pytest.raises((StorageError, FileNotFoundError)):
                await backend.add(path)
        assert await backend.pins() == []

    async def test_a_directory_cannot_be_opened_as_a_file(
        self, backend: StorageBackend, tmp_path: Path
    ) -> None:
        (tmp_path / "d").mkdir()
        cid = await backend.add(tmp_path / "d")
        with pytest.raises(StorageError, match="directory"):
            await collect(backend.open(cid))

    async def test_unknown_content_is_not_found_and_named(self, backend: StorageBackend) -> None:
        cid = Cid.of(b"nobody has this")
        assert not await backend.has(cid)
        with pytest.raises(StorageNotFound, match=str(cid)):
            await collect(backend.open(cid))
        with pytest.raises(StorageNotFound, match=str(cid)):
            await backend.stat(cid)

    async def test_added_content_is_pinned_and_outlives_collection(
        self, backend: StorageBackend
    ) -> None:
        cid = await backend.add(F3)
        await backend.gc()
        assert await backend.has(cid)
        await backend.unpin(cid)
        report = await backend.gc()
        assert report.removed_count > 0
        assert not await backend.has(cid)

    async def test_pins_are_listed_until_they_expire(self, backend: StorageBackend) -> None:
        cid = await backend.add(b"x")
        await backend.pin(cid, "for ever")
        assert [(p.cid, p.name, p.expires_s) for p in await backend.pins()] == [
            (cid, "for ever", None)
        ]
        await backend.pin(cid, "was", 1)
        assert await backend.pins() == []
        await backend.gc()
        assert not await backend.has(cid)

    async def test_unpinning_what_is_not_pinned_says_so(self, backend: StorageBackend) -> None:
        with pytest.raises(StorageNotFound):
            await backend.unpin(Cid.of(b"x"))

    async def test_an_archive_moves_content(self, backend: StorageBackend) -> None:
        cid = await backend.add(F3, V0_2015)
        archive = await collect(backend.export_car(cid))
        await backend.unpin(cid)
        await backend.gc()
        assert not await backend.has(cid)
        assert list(await backend.import_car(pieces_of(archive, 65_537))) == [cid]
        assert await collect(backend.open(cid)) == F3

    async def test_a_damaged_archive_is_refused(self, backend: StorageBackend) -> None:
        cid = await backend.add(b"a" * 1000)
        archive = bytearray(await collect(backend.export_car(cid)))
        archive[-1] ^= 1
        with pytest.raises(StorageIntegrityError):
            await backend.import_car(pieces_of(bytes(archive)))
        with pytest.raises(InvalidCar):
            await backend.import_car(pieces_of(bytes(archive[:-1])))

    async def test_an_archive_without_its_root_is_refused(self, backend: StorageBackend) -> None:
        cid = await backend.add(b"the root")
        archive = await collect(backend.export_car(cid))
        await backend.unpin(cid)
        await backend.gc()
        with pytest.raises(StorageNotFound):
            await backend.import_car(pieces_of(archive[: archive[0] + 1]))

    async def test_every_block_is_listed(self, backend: StorageBackend) -> None:
        cid = await backend.add(F3)
        # A daemon knows its blocks by hash alone, so codecs are not compared.
        listed = [block.digest async for block in backend.list()]
        assert cid.digest in listed
        assert len(listed) == len(set(listed)) == (await backend.stat(cid)).block_count == 5
