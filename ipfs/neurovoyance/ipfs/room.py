"""Keeps the embedded store inside its size budget: evicts unpinned blocks, longest unused first.

Place: asked by :mod:`.blockstore` before each write, and by ``gc``. Protected: everything under
a pin or a running operation's root, and every block used since the oldest running operation
began. Referenced leaves take no space, so only a full collection removes them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from neurovoyance.ipfs.backend import GcReport
from neurovoyance.ipfs.blockstore import BlockStore
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.walk import walk
from neurovoyance.protocol.errors import StorageFull

_RECOUNT_WRITES = 64
_FREE_BPS = 1_000  # a budget that overflows is emptied by a tenth, so that eviction is rare


class Room:
    """The budget of one store: at most ``max_bytes`` in blocks that have their own file."""

    def __init__(
        self, store: BlockStore, max_bytes: int, now_s: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._now_s = now_s
        self._lock = threading.Lock()
        self._stored_bytes = store.index.stored_bytes()
        self._open_bytes = 0
        self._writes = 0
        self.max_bytes = max_bytes

    @contextmanager
    def reserve(self, size_bytes: int) -> Iterator[None]:
        """Hold room for ``size_bytes`` while they are written, evicting if the budget demands it.

        Raises:
            StorageFull: everything left is pinned or in use.
        """
        with self._lock:
            self._admit(size_bytes)
            self._open_bytes += size_bytes
        written = 0
        try:
            yield
            written = size_bytes
        finally:
            with self._lock:
                self._open_bytes -= size_bytes
                self._stored_bytes += written

    def _admit(self, size_bytes: int) -> None:
        self._writes += 1
        if self._writes % _RECOUNT_WRITES == 0 or self._missing(size_bytes) > 0:
            self._stored_bytes = self._store.index.stored_bytes()
        if self._missing(size_bytes) > 0:
            slack = self.max_bytes * _FREE_BPS // 10_000
            self._evict(max(self.max_bytes - slack - size_bytes - self._open_bytes, 0), False)
        if (missing := self._missing(size_bytes)) > 0:
            raise StorageFull(
                f"The storage budget of {self.max_bytes} bytes is full and everything in it "
                f"is pinned or in use; {missing} bytes are missing. Verified blocks are kept.",
                hint="Unpin something, or raise the storage budget, and start again.",
                missing_bytes=missing,
                max_bytes=self.max_bytes,
            )

    def _missing(self, size_bytes: int) -> int:
        return self._stored_bytes + self._open_bytes + size_bytes - self.max_bytes

    def collect(self, max_bytes: int) -> GcReport:
        """Evict until ``max_bytes`` are left, or nothing unprotected is."""
        with self._lock:
            return self._evict(max_bytes, max_bytes == 0)

    def _evict(self, target_bytes: int, with_references: bool) -> GcReport:
        store = self._store
        store.flush_touches()
        known = self._roots()
        protected = self._under(known)  # the long part, while others go on
        with store.index.exclusive():
            # A pin or an operation that began meanwhile counts; one that begins later finds gone
            # what is gone, and brings it again.
            protected |= self._under(self._roots() - known)
            gone, freed = self._oldest(target_bytes, with_references, protected)
            store.remove(gone)
            self._stored_bytes = store.index.stored_bytes()
        return GcReport(len(gone), freed, self._stored_bytes)

    def _roots(self) -> set[bytes]:
        index, now_s = self._store.index, int(self._now_s())
        leased = {root for root, _ in index.leases(now_s) if root is not None}
        return leased | {cid for cid, _, _ in index.pins(now_s)}

    def _under(self, roots: set[bytes]) -> set[bytes]:
        return {visit.cid.binary for visit in walk(self._store, map(Cid.from_bytes, roots))}

    def _oldest(
        self, target_bytes: int, with_references: bool, protected: set[bytes]
    ) -> tuple[list[Cid], int]:
        """Return what to remove, longest unused first, and how many bytes that frees."""
        index = self._store.index
        leases = index.leases(int(self._now_s()))
        floor_ns = min((start for _, start in leases), default=time.time_ns() + 1)
        stored = index.stored_bytes()
        gone: list[Cid] = []
        freed = 0
        for cid, size, is_reference in index.oldest_first(floor_ns):
            if stored - freed <= target_bytes and not with_references:
                break
            if cid in protected or (is_reference and not with_references):
                continue
            gone.append(Cid.from_bytes(cid))
            freed += 0 if is_reference else size
        return gone, freed
