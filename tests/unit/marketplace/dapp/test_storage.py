"""Files are kept for a while, bounded, and fetched from providers where they are missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.e2e.test_nine_stages import matmul_model

from neurovoyance.client.serving import serve_storage
from neurovoyance.ipfs.cid import Cid, cid_of_keccak
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.marketplace.dapp.storage import KEEP_S, UPLOADS_MAX, FileDesk
from neurovoyance.marketplace.errors import RequestTooLarge
from neurovoyance.protocol.errors import (
    RateLimited,
    SpecError,
    StorageNotFound,
    StorageTooLarge,
    UnsupportedModel,
)

NOW_S, LIMIT_BYTES = 1_000_000, 3 << 20


async def pieces(data: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[FileDesk]:
    async with EmbeddedBackend(tmp_path / "storage", allow_private_addresses=True) as backend:
        yield FileDesk(
            backend,
            upload_max_bytes=LIMIT_BYTES,
            folder=tmp_path / "uploads",
            allow_private=True,
            now_s=lambda: NOW_S,
        )


async def read(desk: FileDesk, cid: Cid) -> bytes:
    size_bytes, stream = await desk.open(cid)
    data = b"".join([piece async for piece in stream])
    assert len(data) == size_bytes
    return data


async def test_a_file_is_kept_offered_and_given_out(desk: FileDesk, tmp_path: Path) -> None:
    data = bytes(range(256)) * 8_500  # three chunks
    taken = await desk.take_file(pieces(data))
    assert (taken.size_bytes, taken.expires_s) == (len(data), NOW_S + KEEP_S)
    assert await read(desk, taken.cid) == data
    assert await desk.served_block(taken.cid)
    async with EmbeddedBackend(tmp_path / "other") as other:
        assert await other.add(data) == taken.cid


async def test_a_model_comes_with_its_manifest_and_leaves_no_file(
    desk: FileDesk, tmp_path: Path
) -> None:
    data = matmul_model(tmp_path / "m.onnx").read_bytes()
    taken, model = await desk.take_model(pieces(data), "mine")
    assert (model.cid, model.manifest.name) == (taken.cid, "mine")
    assert (
        await desk.served_block(cid_of_keccak(model.model_id)) == model.manifest.canonical_bytes()
    )
    with pytest.raises(UnsupportedModel):
        await desk.take_model(pieces(b"no model"), "other")
    assert list((tmp_path / "uploads").iterdir()) == []
    assert await read(desk, taken.cid) == data


async def test_too_long_is_refused_and_not_kept(desk: FileDesk) -> None:
    for take in (desk.take_file, lambda given: desk.take_model(given, "m")):
        with pytest.raises(RequestTooLarge):
            await take(pieces(b"x" * (LIMIT_BYTES + 1)))
    assert await desk.backend.pins() == []
    await desk.take_file(pieces(b"x" * LIMIT_BYTES))


async def test_only_so_many_arrive_at_once(desk: FileDesk) -> None:
    go_on = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        await go_on.wait()

    running = [asyncio.create_task(desk.take_file(slow())) for _ in range(UPLOADS_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimited):
        await desk.take_file(pieces(b"y"))
    go_on.set()
    assert len({taken.cid for taken in await asyncio.gather(*running)}) == 1
    await desk.take_file(pieces(b"y"))


async def test_what_is_missing_comes_from_a_provider(desk: FileDesk, tmp_path: Path) -> None:
    data = b"result" * 400_000
    async with EmbeddedBackend(tmp_path / "node") as node:
        cid = await node.add(data)
        await node.provide(cid)
        big = await node.add(b"z" * (LIMIT_BYTES + 1))
        await node.provide(big)
        async with serve_storage(node, host="127.0.0.1", port=0) as url:
            desk._providers = lambda: ["not a url", url, url]
            with pytest.raises(StorageTooLarge):
                await desk.served_block(big)
            assert await read(desk, cid) == data
    assert await desk.served_block(cid)  # now it is here


async def test_what_nobody_has_is_not_found(desk: FileDesk, tmp_path: Path) -> None:
    async with EmbeddedBackend(tmp_path / "other") as other:
        cid = await other.add(b"unknown")
        folder = tmp_path / "folder"
        folder.mkdir()
        directory = await other.add(folder)
        archive = b"".join([piece async for piece in other.export_car(directory)])
    with pytest.raises(StorageNotFound):
        await desk.open(cid)
    assert await desk.served_block(cid) is None
    await desk.backend.import_car(pieces(archive))
    with pytest.raises(SpecError, match="directory"):
        await desk.open(directory)
