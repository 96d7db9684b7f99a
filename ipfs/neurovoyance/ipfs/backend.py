"""What every storage back-end can do, and the small values it speaks in.

Place: the only storage interface that other packages type against; :class:`~.embedded.
EmbeddedBackend` is the default implementation. Never: return bytes that were not hashed and
compared with the CID they were asked for by.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.unixfs import Kind, Profile

Source = Path | bytes | AsyncIterable[bytes]
"""What can be added: a file or directory on disk, bytes, or a stream of bytes."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a transfer is: bytes, bytes per second and remaining seconds.

    ``bytes_total`` is the size that the content states of itself and ``None`` until its root is
    known; ``bytes_done`` counts content already held as well, so a resumed transfer starts high.
    """

    bytes_done: int
    bytes_total: int | None
    rate_bytes_s: float
    eta_s: float | None


OnProgress = Callable[[Progress], None]


class ProgressMeter:
    """Turns byte counts into :class:`Progress`; the rate ignores bytes held before the start."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self._on_progress = on_progress
        self._started_s = time.monotonic()
        self.bytes_done = 0
        self.bytes_moved = 0
        self.bytes_total: int | None = None

    def advance(self, size_bytes: int, is_moved: bool = True) -> None:
        """Count ``size_bytes`` more and report."""
        self.bytes_done += size_bytes
        self.bytes_moved += size_bytes if is_moved else 0
        self.report()

    def report(self) -> None:
        """Call the callback with the state as it is."""
        if self._on_progress is None:
            return
        elapsed_s = max(time.monotonic() - self._started_s, 1e-9)
        rate = self.bytes_moved / elapsed_s
        eta_s = None
        if self.bytes_total is not None and rate > 0:
            eta_s = max(self.bytes_total - self.bytes_done, 0) / rate
        self._on_progress(Progress(self.bytes_done, self.bytes_total, rate, eta_s))


@dataclass(frozen=True, slots=True)
class PinInfo:
    """A root that is kept: ``expires_s`` is Unix time in seconds, ``None`` for always."""

    cid: Cid
    name: str
    expires_s: int | None


@dataclass(frozen=True, slots=True)
class Stat:
    """What is known of a CID locally.

    ``size_bytes`` is the content's stated size (a directory: the sum of its files, repeated
    parts counted each time); ``block_count`` and ``held_bytes`` count distinct blocks held here;
    ``missing_count`` counts known blocks that are not.
    """

    cid: Cid
    kind: Kind
    size_bytes: int
    block_count: int
    held_bytes: int
    missing_count: int

    @property
    def is_complete(self) -> bool:
        """Whether every block is held here."""
        return self.missing_count == 0


@dataclass(frozen=True, slots=True)
class GcReport:
    """What a collection removed and what is left, in blocks and bytes."""

    removed_count: int
    freed_bytes: int
    kept_bytes: int


@runtime_checkable
class StorageBackend(Protocol):
    """Content-addressed storage. All methods raise ``StorageError`` or one of its leaves."""

    async def add(self, source: Source, profile: Profile = ...) -> Cid:
        """Store a file, directory, bytes or stream; return its root. It is pinned."""
        ...

    def open(self, cid: Cid, offset: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes ``[offset, offset + length)`` of a file, each block verified."""
        ...

    async def fetch(self, cid: Cid, dest: Path, on_progress: OnProgress | None = None) -> None:
        """Write a file or directory to ``dest``, which appears whole or not at all."""
        ...

    async def has(self, cid: Cid) -> bool:
        """Return whether every block under ``cid`` is held."""
        ...

    async def stat(self, cid: Cid) -> Stat:
        """Describe ``cid``; :class:`StorageNotFound` when not even the root is held."""
        ...

    def list(self) -> AsyncIterator[Cid]:
        """Yield the CID of every block held."""
        ...

    async def pin(self, cid: Cid, name: str = "", expiry: int | None = None) -> None:
        """Keep everything under ``cid`` until ``expiry`` (Unix seconds) or :meth:`unpin`."""
        ...

    async def unpin(self, cid: Cid) -> None:
        """Let ``cid`` go; its bytes stay until space is needed."""
        ...

    async def pins(self) -> Sequence[PinInfo]:
        """Return the pins that have not expired."""
        ...

    def export_car(self, cid: Cid) -> AsyncIterator[bytes]:
        """Yield a CARv1 archive of everything under ``cid``, depth first, without repeats."""
        ...

    async def import_car(self, stream: AsyncIterable[bytes]) -> Sequence[Cid]:
        """Verify and store each block of a CARv1 archive; return its roots."""
        ...

    async def provide(self, cid: Cid) -> None:
        """Offer ``cid`` and everything under it to peers."""
        ...

    async def find_providers(self, cid: Cid) -> Sequence[str]:
        """Return base URLs of gateways said to have ``cid``."""
        ...

    async def gc(self, max_bytes: int | None = None) -> GcReport:
        """Remove unpinned blocks, oldest use first, until ``max_bytes`` are left (default 0)."""
        ...
