"""``neurovoyance market worker``: a process that does the service's duties when it is asked.

Place: the other side of :mod:`.runner`. Celery takes messages off the queues and hands them to
threads; the duties themselves run in one event loop, each under its lease. SIGTERM ends them and
frees their locks; SIGKILL ends this one process, and the locks run out.

Never: a listening socket, a duty that is not in the table, or an argument from a message beyond the
duty's name.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from celery import Celery
from celery.signals import worker_ready, worker_shutting_down
from sqlalchemy.exc import SQLAlchemyError

from neurovoyance.marketplace.api.accounts import Accounts
from neurovoyance.marketplace.background import SWEEP_S
from neurovoyance.marketplace.indexer.loop import Indexer, Progress
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.marketplace.queued.broker import (
    TASK_NAME,
    Names,
    connect,
    make_queue,
    require_redis,
)
from neurovoyance.marketplace.queued.lease import Leases, Work
from neurovoyance.marketplace.queued.place import place_of
from neurovoyance.marketplace.serving import Opened, opened
from neurovoyance.marketplace.settings import MarketSettings
from neurovoyance.protocol.errors import ConfigError, RpcError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


def run_worker(settings: MarketSettings, announce: Callable[[str], None]) -> None:
    """Work until SIGTERM or SIGINT.

    Args:
        settings: those of the service; its address and port do not matter here.
        announce: hears the worker's name when it takes work.

    Raises:
        ConfigError: no Redis is named or it does not answer, or as
            :func:`~neurovoyance.marketplace.serving.opened`.
    """
    if settings.redis_url is None:
        raise ConfigError(
            "A worker of the market needs the Redis that the service uses (redis_url).",
            hint="Name it with --redis URL, or in NEUROVOYANCE_MARKET_REDIS_URL.",
            faults=["redis_url: missing"],
        )
    url, name = settings.redis_url.get_secret_value(), f"{socket.gethostname()}-{os.getpid()}"
    with Desk() as desk:
        parts = desk.call(desk.open(settings))
        names = Names(place_of(parts.database))
        desk.call(desk.connect(url, names, name))
        works, app = works_of(settings, parts), make_queue(url)
        register(app, desk, works)

        def ready(**_: object) -> None:
            announce(name)

        worker_ready.connect(ready, weak=False)
        worker_shutting_down.connect(desk.stop, weak=False)
        app.worker_main(worker_words(map(names.queue, works), name))


def works_of(settings: MarketSettings, parts: Opened) -> dict[str, Work]:
    """Return what a worker can do, by name; the service asks for the same names."""
    progress = Progress()

    async def index() -> None:
        # A store of its own: a transaction of an earlier turn may still end in its thread.
        store = await asyncio.to_thread(IndexStore, parts.database, parts.deployment)
        indexer = Indexer(
            parts.chain,
            parts.deployment,
            store,
            confirmations=settings.confirmations,
            poll_s=settings.poll_s,
            progress=progress,
        )
        await indexer.run()

    async def sweep() -> None:
        accounts = await asyncio.to_thread(Accounts, parts.database)
        while True:
            try:
                await asyncio.to_thread(accounts.sweep, await parts.chain.time_s())
            except (RpcError, SQLAlchemyError) as error:
                _log.warning("not_swept kind=%s", type(error).__name__)
            await asyncio.sleep(SWEEP_S)

    return {"index": Work(index, lambda: progress.last_error), "sweep": Work(sweep)}


class Desk:
    """The event loop of a worker, in a thread of its own; a context manager."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="desk")
        self._stack = AsyncExitStack()
        self._leases: Leases | None = None

    def __enter__(self) -> Desk:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.call(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def call(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do something in the loop and wait for it; not from the loop itself."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def open(self, settings: MarketSettings) -> Opened:
        """Open database and chain until the end."""
        return await self._stack.enter_async_context(opened(settings))

    async def connect(self, url: str, names: Names, worker: str, **leases: float) -> None:
        """Connect to Redis until the end; ConfigError if it does not answer."""
        redis = connect(url)
        self._stack.push_async_callback(redis.aclose)
        await require_redis(redis)
        self._leases = Leases(redis, names, worker, **leases)

    def hold(self, name: str, work: Work) -> bool:
        """Do a duty unless another process does; return when it is over."""
        return self._leases is not None and self.call(self._leases.hold(name, work))

    def stop(self, **_: object) -> None:
        """End every duty; their locks are free at once."""
        if self._leases is not None:
            self._loop.call_soon_threadsafe(self._leases.stop)


def register(app: Celery, desk: Desk, works: Mapping[str, Work]) -> None:
    """Make the one task of a worker."""

    # Not shared: Celery would give the task of the first application to every later one.
    @app.task(name=TASK_NAME, shared=False)  # type: ignore[untyped-decorator]
    def duty(name: object) -> None:
        work = works.get(name) if isinstance(name, str) else None
        if work is None:
            _log.warning("duty_unknown")
            return
        desk.hold(str(name), work)


def worker_words(queues: Iterable[str], worker: str) -> list[str]:
    """Return what Celery is started with: room for each duty, and for one asked for twice."""
    listened = list(queues)
    return [
        "--quiet",
        "worker",
        "--pool=threads",
        f"--concurrency={2 * len(listened)}",
        f"--queues={','.join(listened)}",
        f"--hostname={worker}@market",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
        "--loglevel=WARNING",
    ]
