"""Work beside the answers: following the chain, forgetting what is over.

Place: under ``serving``. A :class:`Runner` runs named duties; the one here runs them as tasks of
the service's own process. Another, such as a queue with its own workers, can take its place: a
duty is a coroutine function without arguments, safe to run again after a crash.

Never: a duty without which a job would not settle.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeAlias

_log = logging.getLogger(__name__)
Duty: TypeAlias = Callable[[], Awaitable[None]]


class Runner(Protocol):
    """Runs duties until it is told to stop."""

    async def start(self, duties: Mapping[str, Duty], on_end: Callable[[str], None]) -> None:
        """Begin; ``on_end`` hears the name of a duty that ended of itself, which none should."""

    async def stop(self) -> None:
        """End all duties and wait for them."""


class InProcess:
    """Runs duties as tasks of this process."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, duties: Mapping[str, Duty], on_end: Callable[[str], None]) -> None:
        """Begin; see :class:`Runner`."""
        for name, duty in duties.items():
            self._tasks.append(asyncio.create_task(self._run(name, duty, on_end), name=name))

    async def _run(self, name: str, duty: Duty, on_end: Callable[[str], None]) -> None:
        try:
            await duty()
        except Exception:  # noqa: BLE001 - whatever it was, the service goes on and says so
            _log.exception("duty_failed name=%s", name)
        on_end(name)

    async def stop(self) -> None:
        """End all duties and wait for them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()


async def every(seconds: float, work: Callable[[], object]) -> None:
    """Do blocking work again and again in a thread; a failure is logged and waits for its turn."""
    while True:
        try:
            await asyncio.to_thread(work)
        except Exception:  # noqa: BLE001 - the next turn may succeed
            _log.exception("periodic_work_failed")
        await asyncio.sleep(seconds)
