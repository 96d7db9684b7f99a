"""Work beside the answers: following the chain, forgetting what is over.

Place: under ``serving``. A :class:`Runner` has named duties done; the one here runs them as tasks
of the service's own process, :class:`~neurovoyance.marketplace.queued.runner.Queued` has workers
do them. A duty is a coroutine function without arguments, safe to run again after a crash.

Never: a duty without which a job would not settle.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeAlias, runtime_checkable

_log = logging.getLogger(__name__)
SWEEP_S = 60.0
"""Between two times of forgetting what is over."""
Duty: TypeAlias = Callable[[], Awaitable[None]]


class Runner(Protocol):
    """Has duties done until it is told to stop."""

    async def start(self, duties: Mapping[str, Duty], on_end: Callable[[str], None]) -> None:
        """Begin; ``on_end`` hears the name of a duty that ended of itself, which none should.

        A failure of one duty leaves the others alone, and nobody does a duty twice at once.
        """

    async def stop(self) -> None:
        """End the duties that run here and wait for them; elsewhere ask for none any more."""


@runtime_checkable
class Distant(Runner, Protocol):
    """A runner whose duties other processes do."""

    def doer(self, name: str) -> tuple[str, str]:
        """Return who does a duty, and what keeps it from doing so; empty for nobody, nothing."""


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
        except Exception:  # noqa: BLE001 - a duty is anybody's code; answers and other duties go on
            # Nothing narrower would do: the alternative is a task that died unheard. on_end below
            # turns it into `failing` at /v1/health. Cancellation is no Exception and passes.
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
        except Exception:  # noqa: BLE001 - the work is anybody's; the next turn may succeed
            # As in InProcess: a narrower one would let one fault end the work for good, unheard.
            _log.exception("periodic_work_failed")
        await asyncio.sleep(seconds)
