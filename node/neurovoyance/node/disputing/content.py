"""Fetch what others claim, bounded in size and time, and serve what we claim ourselves.

Place: between the parts of ``hearing`` and the store. Not served, not what it should be, and too
large are one answer: it is not there. Trouble of our own (a full disk) is another, since nobody
else is to blame for it. Never: a file that was not asked for, or one beyond its limit.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from neurovoyance.ipfs.cid import Cid, as_cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.peers import check_url
from neurovoyance.protocol.errors import (
    InvalidCid,
    NetworkError,
    NeurovoyanceError,
    StorageError,
    StorageFull,
    StorageNotFound,
    StorageSourceChanged,
)

FETCH_TIMEOUT_S = 120.0
ADDED_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Content:
    """The store, as disputes use it.

    Attributes:
        folder: one directory a dispute lies here.
        allow_private: whether sources may lie in private networks.
        timeout_s: longest wait for one file.
    """

    storage: EmbeddedBackend
    folder: Path
    allow_private: bool
    timeout_s: float = FETCH_TIMEOUT_S

    def place(self, name: str) -> Path:
        """Return a directory of a dispute, made if it is missing."""
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    async def clear(self, path: Path) -> None:
        """Remove a directory with all that lies in it."""
        await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)

    async def empty(self, path: Path) -> None:
        """Make a directory, without whatever lay there before."""
        await self.clear(path)
        await asyncio.to_thread(path.mkdir, parents=True, mode=0o700)

    def usable(self, sources: Iterable[str]) -> list[str]:
        """Return the sources that the address policy allows, each once."""
        found: dict[str, None] = {}
        for source in sources:
            try:
                found[check_url(source, self.allow_private)] = None
            except NeurovoyanceError:
                continue
        return list(found)

    async def fetch(
        self, cid: Cid | str | bytes, path: Path, sources: Sequence[str], max_bytes: int
    ) -> bool:
        """Put content under a name; False if it is not served properly within limits.

        Raises:
            StorageError: this machine could not store it.
        """
        if await asyncio.to_thread(path.exists):
            return True
        try:
            async with asyncio.timeout(self.timeout_s):
                await self.storage.fetch(as_cid(cid), path, sources=sources, max_bytes=max_bytes)
        except (StorageFull, StorageSourceChanged):
            raise
        except (TimeoutError, InvalidCid, NetworkError, StorageError):
            return False
        if not await asyncio.to_thread(path.is_file):
            # A directory in the place of a file.
            await self.clear(path)
            return False
        return True

    async def serve(self, paths: Sequence[Path], name: str, keep_until_s: int) -> list[Cid]:
        """Offer files to peers by reference; they have to stay where they are.

        Args:
            name: of the pins.
            keep_until_s: real time in unix seconds until which they stay pinned.
        """
        gate = asyncio.Semaphore(ADDED_AT_ONCE)

        async def offer(path: Path) -> Cid:
            async with gate:
                cid = await self.storage.add(path, pin_name=name)
                await self.storage.pin(cid, name=name, expiry=keep_until_s)
                await self.storage.provide(cid)
                return cid

        return list(await asyncio.gather(*(offer(path) for path in paths)))

    async def withdraw(self, name: str) -> None:
        """Stop offering what was served under a name; the files may go then."""
        for pin in await self.storage.pins():
            if pin.name != name:
                continue
            with suppress(StorageNotFound):
                await self.storage.unprovide(pin.cid)
                await self.storage.unpin(pin.cid)
