"""Remembers which blocks of which files this process has hashed, so that serving need not again.

Place: beside :mod:`.blockstore`, for blocks that go to peers, who hash them themselves. What the
store's own users read is hashed on every read all the same. A block counts as verified for as long
as its file is the very same: device, inode, size, modification and change time; the last cannot be
set back by anybody but the system's clock. Never: grow with the store.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MAX_BLOCKS = 32_768  # about 10 MB of memory, 32 GiB of blocks

_SETTLED_NS = 1_000_000_000
"""A file that changed a moment ago may change again without its times, which tick coarsely."""

Identity = tuple[int, int, int, int, int]


def identity(found: os.stat_result) -> Identity:
    """Return what changes when a file is replaced, written to or touched."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


class VerifiedFiles:
    """Blocks by the file that they were read from when they were hashed; the latest are kept."""

    def __init__(
        self, max_blocks: int = MAX_BLOCKS, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._now_ns = now_ns
        self._max_blocks = max_blocks
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[bytes, int], Identity] = OrderedDict()

    def note(self, cid: bytes, offset: int, file: Identity) -> None:
        """Remember that the block at ``offset`` of ``file`` was hashed and is right."""
        if self._now_ns() - max(file[-2:]) < _SETTLED_NS:
            return
        with self._lock:
            self._seen[cid, offset] = file
            self._seen.move_to_end((cid, offset))
            if len(self._seen) > self._max_blocks:
                self._seen.popitem(last=False)

    def knows(self, cid: bytes, offset: int, file: Identity) -> bool:
        """Return whether the block was hashed and its file is still the same."""
        with self._lock:
            return self._seen.get((cid, offset)) == file
