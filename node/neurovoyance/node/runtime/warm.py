"""The shelf of warm children: each holds one loaded model, stopped, until it is used or in the way.

Place: in the node's own process, under ``confined``. Order: what was used longest ago goes first,
when the shelf is over its memory, when a child has waited too long, or when room is needed. Never:
hand out a child for another model, configuration or set of outputs than it was made for.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from neurovoyance.node.runtime.base import Limits
from neurovoyance.node.runtime.config import EngineConfig
from neurovoyance.node.runtime.proc import resident_bytes
from neurovoyance.node.runtime.sandbox import Sandbox
from neurovoyance.node.runtime.wire import Task

_GIB: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class WarmPolicy:
    """How much may be kept warm.

    Attributes:
        memory_bytes: of all children on the shelf together.
        idle_s: how long a child waits before it is ended.
        folder: where the children's directories are made; best on the disk of the inputs, which
            are then linked and not copied.
    """

    memory_bytes: int = 2 * _GIB
    idle_s: float = 600.0
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class WarmKey:
    """What a child was made for; only an equal wish may use it.

    Attributes:
        stamp: name, size, time and number of every file of the model: a file that was replaced
            is another model.
        locked: the limits that it was locked in with.
    """

    model_path: Path
    stamp: tuple[tuple[str, int, int, int], ...]
    config: EngineConfig
    output_names: tuple[str, ...] | None
    locked: Limits


@dataclass(slots=True, eq=False)
class _Kept:
    key: WarmKey
    sandbox: Sandbox
    size_bytes: int
    timer: asyncio.TimerHandle


class WarmShelf:
    """Children that wait, in the order of their last use. Belongs to one event loop."""

    def __init__(self, policy: WarmPolicy) -> None:
        self._policy = policy
        self._kept: list[_Kept] = []
        self._closing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size_bytes(self) -> int:
        """Memory that the children on the shelf hold."""
        return sum(kept.size_bytes for kept in self._kept)

    def holds(self, key: WarmKey) -> bool:
        """Tell whether a child for this wish waits."""
        return any(kept.key == key and kept.sandbox.is_alive for kept in self._kept)

    def take(self, key: WarmKey, limits: Limits) -> Sandbox | None:
        """Return a living child made for this, the one used last; it is no longer on the shelf.

        A child that has needed more memory than ``limits`` allow now is passed over.
        """
        for kept in reversed(self._kept):
            if kept.key != key or kept.sandbox.peak_memory_bytes > limits.memory_bytes:
                continue
            if kept.sandbox.is_alive:
                self._remove(kept)
                return kept.sandbox
        return None

    def put(self, key: WarmKey, sandbox: Sandbox) -> None:
        """Keep a stopped child, and end the oldest ones that no longer fit."""
        timer = asyncio.get_running_loop().call_later(self._policy.idle_s, self._expire, sandbox)
        self._kept.append(_Kept(key, sandbox, resident_bytes(sandbox.pid), timer))
        for dead in [kept for kept in self._kept if not kept.sandbox.is_alive]:
            self._end(dead)
        self.trim(self._policy.memory_bytes)

    def trim(self, memory_bytes: int) -> int:
        """End the oldest children until the rest holds no more than this; return bytes freed."""
        before = self.size_bytes
        while self._kept and self.size_bytes > memory_bytes:
            self._end(self._kept[0])
        return before - self.size_bytes

    async def close(self) -> None:
        """End every child and wait until all are gone. Repeatable."""
        for kept in list(self._kept):
            self._end(kept)
        await self.settle()

    async def settle(self) -> None:
        """Wait until every child that was ended is gone."""
        while self._closing:
            await asyncio.gather(*self._closing)

    def _expire(self, sandbox: Sandbox) -> None:
        for kept in [kept for kept in self._kept if kept.sandbox is sandbox]:
            self._end(kept)

    def _remove(self, kept: _Kept) -> None:
        kept.timer.cancel()
        self._kept.remove(kept)

    def _end(self, kept: _Kept) -> None:
        self._remove(kept)
        kept.sandbox.kill()
        task = asyncio.get_running_loop().create_task(kept.sandbox.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def stamp_of(model_path: Path) -> tuple[tuple[str, int, int, int], ...]:
    """Return what tells the files of a model from others of the same name; blocking."""
    paths = sorted(model_path.rglob("*")) if model_path.is_dir() else [model_path]
    found = []
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            continue
        found.append((path.name, stat.st_size, stat.st_mtime_ns, stat.st_ino))
    return tuple(found)


def note_use(path: Path) -> None:
    """Note that a file or folder is used now, as its time of access; blocking.

    The time of change stays, by which :func:`stamp_of` knows that a model is the same.
    """
    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))


def locked_limits(limits: Limits) -> Limits:
    """Return the limits that a staying child is locked in with: the next power of two of memory.

    The parent holds every execution to its own limits; these are the kernel's, which cannot be
    widened later, and the free memory of a machine is a little different each time.
    """
    return Limits(
        memory_bytes=1 << (limits.memory_bytes - 1).bit_length(),
        cpu_time_s=1,
        wall_time_s=1.0,
        threads=limits.threads,
        file_bytes=limits.file_bytes,
        open_files=limits.open_files,
    )


def key_of(task: Task) -> WarmKey:
    """Return what a child for this task is made for; blocking."""
    return WarmKey(
        task.model_path,
        stamp_of(task.model_path),
        task.config,
        task.output_names,
        locked_limits(task.limits),
    )
