"""Writes a file or directory tree to disk so that it appears whole or not at all.

Place: :meth:`EmbeddedBackend.fetch`. Everything goes to a hidden temporary name beside the
destination, is flushed, and is renamed at the end. Names are checked when a directory block is
decoded, so no entry can leave its directory. Never: write through a symbolic link or over
something that exists.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import uuid
from contextlib import aclosing
from pathlib import Path

from neurovoyance.ipfs.backend import ProgressMeter
from neurovoyance.ipfs.blockstore import disk_full
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.reader import DagReader
from neurovoyance.ipfs.unixfs import FileNode
from neurovoyance.ipfs.walk import MAX_DEPTH
from neurovoyance.protocol.errors import StorageError, StorageTooLarge

MAX_ENTRIES = 1_000_000


class Exporter:
    """Writes what ``reader`` reads; at most ``max_bytes`` of content and a million entries."""

    def __init__(self, reader: DagReader, meter: ProgressMeter, max_bytes: int) -> None:
        self._reader = reader
        self._meter = meter
        self._max_bytes = max_bytes
        self._bytes_written = 0
        self._entries = 0

    async def write(self, cid: Cid, dest: Path) -> None:
        """Write ``cid`` to ``dest``, which must not exist; its parent must.

        Raises:
            StorageError: ``dest`` exists, or its parent is not a directory.
            StorageFull: the disk is full; nothing is left behind.
            StorageTooLarge: more content or entries than allowed.
        """
        parent = await asyncio.to_thread(_check_destination, dest)
        temp = parent / f".{dest.name[:100]}.{uuid.uuid4().hex}.partial"
        try:
            await self._entry(cid, temp, 0)
            await asyncio.to_thread(_appear, temp, parent / dest.name)
        except OSError as error:
            if full := disk_full(error, cid):
                raise full from error
            raise StorageError(f"{dest} could not be written: {error.strerror}.") from error
        finally:
            await asyncio.to_thread(_discard, temp)

    async def _entry(self, cid: Cid, path: Path, depth: int) -> None:
        self._entries += 1
        if depth > MAX_DEPTH or self._entries > MAX_ENTRIES:
            raise StorageTooLarge(
                f"The directory has more than {MAX_ENTRIES} entries or {MAX_DEPTH} levels.",
                cid=str(cid),
            )
        node = await self._reader.node(cid)
        if not isinstance(node, FileNode):
            await asyncio.to_thread(path.mkdir, 0o755)
            async with aclosing(self._reader.entries(cid, node)) as entries:
                async for name, link in entries:
                    await self._entry(link.cid, path / name, depth + 1)
            await asyncio.to_thread(_sync_directory, path)
            return
        if self._bytes_written + node.file_size > self._max_bytes:
            raise StorageTooLarge(
                f"The content has more than the {self._max_bytes} bytes agreed.",
                cid=str(cid),
                max_bytes=self._max_bytes,
            )
        self._bytes_written += node.file_size
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        try:
            async with aclosing(self._reader.read(cid)) as pieces:
                async for piece in pieces:
                    await asyncio.to_thread(_write_all, descriptor, piece)
                    self._meter.advance(len(piece))
            await asyncio.to_thread(os.fsync, descriptor)
        finally:
            os.close(descriptor)


def _check_destination(dest: Path) -> Path:
    """Return the real directory that ``dest`` will lie in."""
    if os.path.lexists(dest) or dest.name in ("", ".."):
        raise StorageError(
            f"{dest} exists already; it was left as it is.",
            hint="Choose another destination, or remove it first.",
            path=str(dest),
        )
    parent = dest.parent.resolve()
    if not parent.is_dir():
        raise StorageError(f"The directory {parent} does not exist.", path=str(parent))
    return parent


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _appear(temp: Path, dest: Path) -> None:
    """Give the finished entry its name; a file is linked first, which fails if the name exists."""
    if temp.is_dir():
        temp.rename(dest)
    else:
        os.link(temp, dest, follow_symlinks=False)
        temp.unlink()
    _sync_directory(dest.parent)


def _discard(temp: Path) -> None:
    if temp.is_dir() and not temp.is_symlink():
        shutil.rmtree(temp, ignore_errors=True)
    else:
        temp.unlink(missing_ok=True)
