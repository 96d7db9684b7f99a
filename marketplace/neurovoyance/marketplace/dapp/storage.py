"""Files that pages upload and fetch: kept for a while, served to nodes by CID.

Place: under ``storage_routes``; content-addressed storage is ``ipfs``'s. What is missing here is
fetched from the nodes that the command line named and from registered providers. Uploads stream to
the disk and expire. Never: a file in memory, or more bytes than the settings allow.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from neurovoyance.client.models import PublishedModel, publish_model
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.peers import check_url
from neurovoyance.ipfs.unixfs import Kind
from neurovoyance.marketplace.errors import RequestTooLarge
from neurovoyance.protocol.errors import (
    AccessDenied,
    RateLimited,
    SpecError,
    StorageNotFound,
)

UPLOADS_MAX = 4
SOURCES_MAX = 16
KEEP_S = 30 * 86_400
_RETRY_S = 5

Pieces = AsyncIterable[bytes]


@dataclass(frozen=True, slots=True)
class Uploaded:
    """One file that was taken in."""

    cid: Cid
    size_bytes: int
    expires_s: int


class FileDesk:
    """Takes files in and gives them out.

    Args:
        backend: where they are kept; closed by its owner.
        upload_max_bytes: of one upload, and of one file fetched from elsewhere.
        folder: for models while they arrive.
        providers: returns base URLs of registered providers' nodes, most useful first.
        allow_private: whether these may have private addresses.
        now_s: unix seconds.
    """

    def __init__(
        self,
        backend: EmbeddedBackend,
        *,
        upload_max_bytes: int,
        folder: Path,
        providers: Callable[[], Sequence[str]] = tuple,
        allow_private: bool = False,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self.backend = backend
        self.upload_max_bytes = upload_max_bytes
        self._folder = folder
        self._providers = providers
        self._allow_private = allow_private
        self._now_s = now_s
        self._uploads = 0

    async def take_file(self, pieces: Pieces) -> Uploaded:
        """Keep a file and offer it to nodes.

        Raises:
            RequestTooLarge, RateLimited: too long; too many uploads at once.
            StorageFull: no room is left.
        """
        with _Counted(self):
            counted = _Counter(pieces, self.upload_max_bytes)
            cid = await self.backend.add(counted)
            return await self._offer(cid, counted.size_bytes)

    async def take_model(self, pieces: Pieces, name: str) -> tuple[Uploaded, PublishedModel]:
        """Keep an ONNX model, make its manifest, and offer both; errors as :meth:`take_file`.

        Raises:
            UnsupportedModel: it is not an ONNX model that a job can carry; nothing is kept.
        """
        with _Counted(self):
            counted = _Counter(pieces, self.upload_max_bytes)
            path = await asyncio.to_thread(self._new_file)
            try:
                await _write(counted, path)
                # The header only is read; weights are never loaded.
                model = await publish_model(self.backend, path, name=name, copy=True)
            finally:
                await asyncio.to_thread(path.unlink, missing_ok=True)
            return await self._offer(model.cid, counted.size_bytes), model

    async def open(self, cid: Cid) -> tuple[int, AsyncIterator[bytes]]:
        """Return size and bytes of a file, made local first.

        Raises:
            StorageNotFound: nobody has it.
            SpecError: it is a directory.
        """
        await self.ensure(cid)
        stat = await self.backend.stat(cid)
        if stat.kind is not Kind.FILE:
            raise SpecError("The CID is of a directory; ask for its files.", cid=str(cid))
        return stat.size_bytes, self.backend.open(cid)

    async def ensure(self, cid: Cid) -> None:
        """Make a file local; errors as :meth:`open`, and StorageTooLarge."""
        if not await self.backend.has(cid):
            await self.backend.ensure(
                cid, sources=await asyncio.to_thread(self._sources), max_bytes=self.upload_max_bytes
            )

    async def served_block(self, cid: Cid) -> bytes | None:
        """Return a block for the gateway: ours if it is offered, or one that a node offers."""
        block = await self.backend.served_block(cid)
        if block is not None:
            return block
        with suppress(StorageNotFound):
            await self.ensure(cid)
            return await self.backend.get_block(cid)
        return None

    def _sources(self) -> list[str]:
        """Return providers' URLs that may be asked; a malformed one is left out."""
        found: list[str] = []
        for url in self._providers():
            with suppress(SpecError, AccessDenied):
                found.append(check_url(url, self._allow_private))
        return list(dict.fromkeys(found))[:SOURCES_MAX]

    async def _offer(self, cid: Cid, size_bytes: int) -> Uploaded:
        expires_s = int(self._now_s()) + KEEP_S
        await self.backend.pin(cid, "upload", expires_s)
        await self.backend.provide(cid)
        return Uploaded(cid, size_bytes, expires_s)

    def _new_file(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile(dir=self._folder, suffix=".onnx", delete=False) as file:
            return Path(file.name)

    def begin(self) -> None:
        """Count an upload that begins; RateLimited when there are too many."""
        if self._uploads >= UPLOADS_MAX:
            raise RateLimited(
                f"{UPLOADS_MAX} uploads are under way, which is the most at once.",
                hint="Wait until one of them ends.",
                retry_after_s=_RETRY_S,
            )
        self._uploads += 1

    def end(self) -> None:
        """Count an upload that ended."""
        self._uploads -= 1


class _Counted:
    """Holds one of the places for uploads."""

    def __init__(self, desk: FileDesk) -> None:
        self._desk = desk

    def __enter__(self) -> None:
        self._desk.begin()

    def __exit__(self, *_: object) -> None:
        self._desk.end()


class _Counter:
    """Counts what passes, and ends it when it is too much."""

    def __init__(self, pieces: Pieces, max_bytes: int) -> None:
        self._pieces = pieces
        self._max_bytes = max_bytes
        self.size_bytes = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces:
            self.size_bytes += len(piece)
            if self.size_bytes > self._max_bytes:
                raise RequestTooLarge(
                    f"The file is longer than {self._max_bytes:,} bytes.",
                    limit_bytes=self._max_bytes,
                )
            yield piece


async def _write(pieces: Pieces, path: Path) -> None:
    with path.open("wb") as file:
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece)
