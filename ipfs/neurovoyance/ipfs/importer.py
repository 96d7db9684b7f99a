"""Turns files, directories and streams into blocks and one root CID.

Place: :meth:`EmbeddedBackend.add`. Files on disk are hashed in worker threads and their leaves
become references; streams and bytes are copied. Memory: the batches in flight. Never: follow a
symbolic link, open a device, or return a CID for a file that changed while it was read.
"""

from __future__ import annotations

import asyncio
import os
import stat as stat_bits
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurovoyance.ipfs.backend import ProgressMeter
from neurovoyance.ipfs.blockstore import BlockStore, open_regular
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.hamt import encode_sharded
from neurovoyance.ipfs.index import SourceFile
from neurovoyance.ipfs.lease import Workers
from neurovoyance.ipfs.unixfs import (
    Child,
    FileTree,
    Profile,
    directory_links,
    encode_directory,
    is_sharded,
    safe_name,
)
from neurovoyance.ipfs.walk import MAX_DEPTH
from neurovoyance.protocol.errors import StorageError, StorageSourceChanged

BATCH_BYTES = 4 * 1024 * 1024
WINDOW_BATCHES = 4
_REFERENCES_PER_WRITE = 4096


@dataclass(frozen=True, slots=True)
class _Batch:
    """A part of a file that one worker hashes."""

    offset: int
    size_bytes: int


class Importer:
    """Adds content to ``store``; hashing and disk run in ``workers``."""

    def __init__(
        self,
        store: BlockStore,
        workers: Workers,
        profile: Profile,
        copy: bool,
        meter: ProgressMeter | None = None,
    ) -> None:
        self._store = store
        self._submit = workers.run
        self._profile = profile
        self._copy = copy
        self._meter = meter or ProgressMeter(None)

    async def add_path(self, path: Path) -> Child:
        """Add a regular file or a directory tree.

        Raises:
            StorageError: a symbolic link, device, socket or unsafe name is met.
            StorageSourceChanged: a file changed while it was read.
        """
        whole = await self._submit(path.absolute)
        self._meter.bytes_total = await self._submit(_content_bytes, whole)
        child = await self._add_entry(whole, 0)
        self._meter.report()
        return child

    async def add_stream(self, stream: AsyncIterable[bytes]) -> Child:
        """Add bytes that arrive in pieces of any size."""
        blocks: list[tuple[Cid, bytes]] = []
        tree = FileTree(self._profile, lambda cid, block: blocks.append((cid, block)))
        running: deque[asyncio.Future[tuple[Cid, int]]] = deque()
        count = 0
        try:
            async for chunk in _rechunk(stream, self._profile.chunk_bytes):
                running.append(self._submit(self._put_leaf, chunk))
                count += 1
                if len(running) >= WINDOW_BATCHES:
                    tree.add_leaf(*await running.popleft())
            if count == 0:
                running.append(self._submit(self._put_leaf, b""))
            while running:
                tree.add_leaf(*await running.popleft())
            self._meter.report()
        finally:
            await _settle(running)
        root = tree.finish()
        await self._submit(self._put_all, blocks)
        return root

    async def _add_entry(self, path: Path, depth: int) -> Child:
        mode = (await self._submit(path.lstat)).st_mode
        if stat_bits.S_ISREG(mode):
            return await self._add_file(path)
        if not stat_bits.S_ISDIR(mode):
            what = "a symbolic link" if stat_bits.S_ISLNK(mode) else "not a regular file"
            raise StorageError(
                f"{path} is {what}, which is refused; nothing was added.",
                hint="Give the path of the real file.",
                path=str(path),
            )
        if depth >= MAX_DEPTH:
            raise StorageError(f"{path} is nested deeper than {MAX_DEPTH} directories.")
        entries: list[tuple[str, Child]] = []
        for name in await self._submit(_names, path):
            safe_name(os.fsencode(name))
            entries.append((name, await self._add_entry(path / name, depth + 1)))
        return await self._submit(self._put_directory, entries)

    async def _add_file(self, path: Path) -> Child:
        changed = StorageSourceChanged(
            f"The file {path} changed while it was added; nothing was pinned.",
            hint="Wait until the file is complete and add it again.",
            path=str(path),
        )
        descriptor = await self._submit(open_regular, path, changed)
        running: deque[asyncio.Future[list[tuple[Cid, int, int]]]] = deque()
        try:
            state = os.fstat(descriptor)
            source = SourceFile(str(path), state.st_size, state.st_mtime_ns)
            blocks: list[tuple[Cid, bytes]] = []
            tree = FileTree(self._profile, lambda cid, block: blocks.append((cid, block)))
            leaves: list[tuple[Cid, int, int]] = []

            async def take() -> None:
                for leaf in await running.popleft():
                    tree.add_leaf(leaf[0], leaf[2])
                    leaves.append(leaf)
                    self._meter.advance(leaf[2])
                if len(leaves) >= _REFERENCES_PER_WRITE:
                    await self._record(source, leaves)

            chunk = self._profile.chunk_bytes
            step = max(BATCH_BYTES // chunk, 1) * chunk
            for offset in range(0, max(state.st_size, 1), step):
                size = min(step, state.st_size - offset)
                batch = _Batch(offset, size)
                running.append(self._submit(self._hash, descriptor, batch, changed))
                if len(running) >= WINDOW_BATCHES:
                    await take()
            while running:
                await take()
            after = os.fstat(descriptor)
            if (after.st_size, after.st_mtime_ns) != (state.st_size, state.st_mtime_ns):
                raise changed
            root = tree.finish()
            await self._record(source, leaves)
            await self._submit(self._put_all, blocks)
            return root
        finally:
            await _settle(running)
            os.close(descriptor)

    async def _record(self, source: SourceFile, leaves: list[tuple[Cid, int, int]]) -> None:
        if not self._copy:
            rows = list(leaves)
            await self._submit(self._store.put_references, source, rows)
        leaves.clear()

    def _hash(
        self, descriptor: int, batch: _Batch, changed: StorageSourceChanged
    ) -> list[tuple[Cid, int, int]]:
        """Return ``(cid, offset, size)`` of each leaf of a batch; runs in a worker thread."""
        leaves = []
        for offset in range(
            batch.offset, batch.offset + max(batch.size_bytes, 1), self._profile.chunk_bytes
        ):
            size = min(self._profile.chunk_bytes, batch.offset + batch.size_bytes - offset)
            data = os.pread(descriptor, size, offset)
            if len(data) != size:
                raise changed
            cid = Cid.of(data)
            if self._copy:
                self._store.put(cid, data)
            leaves.append((cid, offset, size))
        return leaves

    def _put_directory(self, entries: list[tuple[str, Child]]) -> Child:
        """Store a directory, sharded when it is large; runs in a worker thread."""
        links = directory_links(entries)
        encode = encode_sharded if is_sharded(links, self._profile) else encode_directory
        return encode(links, self._store.put)

    def _put_leaf(self, data: bytes) -> tuple[Cid, int]:
        cid = Cid.of(data)
        self._store.put(cid, data)
        self._meter.bytes_done += len(data)
        self._meter.bytes_moved += len(data)
        return cid, len(data)

    def _put_all(self, blocks: list[tuple[Cid, bytes]]) -> None:
        for cid, block in blocks:
            self._store.put(cid, block)


async def _rechunk(stream: AsyncIterable[bytes], chunk_bytes: int) -> AsyncIterator[bytes]:
    buffer = bytearray()
    async for piece in stream:
        buffer += piece
        while len(buffer) >= chunk_bytes:
            yield bytes(memoryview(buffer)[:chunk_bytes])
            del buffer[:chunk_bytes]
    if buffer:
        yield bytes(buffer)


def _content_bytes(path: Path) -> int:
    """Return the bytes of the regular files at ``path``; what is refused later counts nothing."""
    files = [path] if path.is_file() else (Path(at) / n for at, _, ns in os.walk(path) for n in ns)
    return sum(s.st_size for s in (file.lstat() for file in files) if stat_bits.S_ISREG(s.st_mode))


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def _settle(running: deque[asyncio.Future[Any]]) -> None:
    """Wait for jobs in flight, whatever they return: the file must not be closed under them."""
    await asyncio.gather(*running, return_exceptions=True)
