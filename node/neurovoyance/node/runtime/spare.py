"""One started child that waits for the next execution, and is let go when none comes.

Place: under ``confined``. A child needs about 0.2 s and 50 MB; a machine that is asked for nothing
pays for neither. Belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from neurovoyance.node.runtime.sandbox import Sandbox
from neurovoyance.protocol.errors import NeurovoyanceError

IDLE_S: Final = 120.0


class Spare:
    """Holds at most one child.

    Args:
        start: starts one.
        idle_s: it is ended after so long without being taken.
    """

    def __init__(self, start: Callable[[], Awaitable[Sandbox]], idle_s: float = IDLE_S) -> None:
        self._start = start
        self._idle_s = idle_s
        self._child: asyncio.Task[Sandbox] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    def prepare(self) -> None:
        """Begin to start one if there is none, and count its time anew."""
        if self._child is None:
            self._child = asyncio.ensure_future(self._start())
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(self._idle_s, self._retire)

    async def ready(self) -> None:
        """Wait until the child that was begun is there; raises what its start raised."""
        if self._child is not None:
            await asyncio.shield(self._child)

    async def take(self) -> Sandbox | None:
        """Return the child if there is one that lives; raises what its start raised."""
        child, self._child = self._child, None
        if child is None:
            return None
        sandbox = await child
        if sandbox.is_alive:
            return sandbox
        await sandbox.close()
        return None

    async def close(self) -> None:
        """End it; repeatable."""
        self._retire()
        await asyncio.gather(*self._ending)

    def _retire(self) -> None:
        self._stop_timer()
        child, self._child = self._child, None
        if child is not None:
            task = asyncio.ensure_future(_end(child))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


async def _end(child: asyncio.Task[Sandbox]) -> None:
    # One that could not start has cleaned up after itself, and nobody waits for it.
    with contextlib.suppress(NeurovoyanceError, OSError):
        await (await child).close()
