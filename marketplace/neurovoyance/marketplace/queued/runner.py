"""The runner whose duties run in workers: it asks for whatever nobody does, and knows who does it.

Place: in the service, in place of :class:`~neurovoyance.marketplace.background.InProcess`. Every
look reads each duty's lock; while it is free and nobody was asked yet, a message asks for it. So a
duty goes on after the death of a worker, of Redis or of this service, as soon as the rest is there.

Never: a duty in this process.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

from redis.asyncio import Redis

from neurovoyance.marketplace.background import Duty
from neurovoyance.marketplace.queued.broker import (
    QUEUE_ERRORS,
    REDIS_ERRORS,
    TASK_NAME,
    Names,
    connect,
    make_queue,
    require_redis,
)

_log = logging.getLogger(__name__)
LOOK_S = 0.5
ASKED_S = 10.0
"""A message that nobody took in this time is void; it is sent again."""


class Doer(NamedTuple):
    """Who does a duty, as far as Redis knows.

    Attributes:
        worker: its name; empty if nobody does it.
        trouble: what keeps it from doing so, a sentence; empty if nothing.
    """

    worker: str = ""
    trouble: str = ""


class Queued:
    """Has duties done by workers behind Redis; belongs to one event loop.

    Args:
        url: address of Redis; may hold a password.
        place: name of the database, see :func:`~neurovoyance.marketplace.queued.place.place_of`.
    """

    def __init__(self, url: str, place: str) -> None:
        self._names = Names(place)
        self._queue = make_queue(url)
        self._redis: Redis = connect(url)
        self._doers: dict[str, Doer] = {}
        self._ended: dict[str, str | None] = {}
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    async def check(self) -> None:
        """Make sure that Redis answers; ConfigError if it does not."""
        await require_redis(self._redis)

    async def start(self, duties: Mapping[str, Duty], on_end: Callable[[str], None]) -> None:
        """Have the duties of these names done; the workers know what they are."""
        self._stop.clear()
        self._task = asyncio.create_task(self._watch(tuple(duties), on_end), name="ask")

    async def stop(self) -> None:
        """Ask no more; what workers do they go on doing."""
        self._stop.set()
        if self._task is not None:
            await self._task
        with suppress(*REDIS_ERRORS):
            await self._redis.aclose()
        await asyncio.to_thread(self._queue.close)

    def doer(self, name: str) -> Doer:
        """Return who does a duty, as of the last look."""
        return self._doers.get(name, Doer())

    async def _watch(self, names: tuple[str, ...], on_end: Callable[[str], None]) -> None:
        while not self._stop.is_set():
            for name in names:
                try:
                    await self._look(name, on_end)
                except QUEUE_ERRORS as error:
                    _log.warning("redis_away kind=%s", type(error).__name__)
                    self._doers[name] = Doer(trouble="Redis does not answer.")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), LOOK_S)

    async def _look(self, name: str, on_end: Callable[[str], None]) -> None:
        lock, text = await self._redis.mget(self._names.lock(name), self._names.state(name))
        state = {} if text is None else json.loads(text)
        worker = "" if lock is None else str(lock).rpartition(" ")[0]
        self._doers[name] = Doer(worker, str(state.get("trouble", "")))
        ended = state.get("ended")
        if ended is not None and ended != self._ended.get(name):
            on_end(name)
        self._ended[name] = ended
        queue = self._names.queue(name)
        if lock is None and not await self._redis.llen(queue):
            await asyncio.to_thread(self._ask, name, queue)

    def _ask(self, name: str, queue: str) -> None:
        self._queue.send_task(
            TASK_NAME, args=[name], queue=queue, expires=ASKED_S, ignore_result=True, retry=False
        )
