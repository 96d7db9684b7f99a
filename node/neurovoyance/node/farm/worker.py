"""``neurovoyance node worker``: a process that computes what one provider's agent hands out.

Place: top of the farm's other side. Celery's master watches its children: each is one seat, with
an event loop of its own in a thread, and is replaced when it dies or goes over its hard time limit;
the sandboxes it started die with it. Never: a chain, a wallet, or a listening socket; all that a
worker knows is Redis and its folders.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import socket
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from celery import Celery
from celery.signals import worker_process_init, worker_ready
from pydantic import ValidationError

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.farm.broker import REDIS_ERRORS, connect, make_app, require_redis
from neurovoyance.node.farm.messages import EXPECT_NAME, TASK_NAME, Task
from neurovoyance.node.farm.names import Names
from neurovoyance.node.farm.rest import RENEW_S, Lease, Watcher, mind
from neurovoyance.node.farm.seat import Seat, SeatSettings
from neurovoyance.node.idle.sensors import SensorSource
from neurovoyance.node.idle.settings import IdleSettings, Mode
from neurovoyance.node.logs import log_event
from neurovoyance.node.runtime.base import Limits
from neurovoyance.node.runtime.config import Engine
from neurovoyance.node.runtime.confined import ConfinedRuntime
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.runtime.resources import limits_for, measure
from neurovoyance.node.runtime.torch_ import TorchRuntime
from neurovoyance.node.runtime.warm import WarmPolicy

_RUNTIMES: Final[dict[Engine, type[ConfinedRuntime]]] = {
    Engine.ORT: OnnxRuntime,
    Engine.TORCH: TorchRuntime,
}
SHOWN_S: Final = 5.0
YIELD_S: Final = 0.2
"""Between two looks of a seat at the lease; with the gate's own, within two seconds."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """One worker machine.

    Attributes:
        url: address of Redis; may hold a password.
        seat: see :class:`~neurovoyance.node.farm.seat.SeatSettings`.
        engines: what it computes with; each has a queue.
        seats: executions at once.
        memory_bytes: of one execution; None takes 80 % of what is free.
        output_bytes: largest output.
        threads: of one execution, where its profile allows several.
        warm_bytes: memory for models kept loaded, for each seat.
        peers: gateways that are asked for content by CID.
        told: what the worker says of its machine, such as the speeds that were measured.
        idle: when the machine is lent; ``cores`` and ``memory_bytes`` bound an execution.
    """

    url: str
    seat: SeatSettings
    engines: tuple[Engine, ...] = (Engine.ORT,)
    seats: int = 1
    memory_bytes: int | None = None
    output_bytes: int = 256 << 20
    threads: int = 1
    warm_bytes: int = 2 << 30
    peers: tuple[str, ...] = ()
    told: tuple[tuple[str, str], ...] = ()
    idle: IdleSettings = field(default_factory=IdleSettings)


def run_worker(settings: WorkerSettings, sensors: SensorSource | None = None) -> None:
    """Compute until SIGTERM or SIGINT; what runs is finished first.

    Args:
        settings: see above.
        sensors: in place of this machine's, for tests.

    Raises:
        ConfigError: Redis cannot be reached.
    """
    asyncio.run(check_redis(settings.url))
    _tidy(settings.seat)
    names = Names(settings.seat.farm)
    app = make_app(settings.url)
    queues = [names.queue(engine) for engine in settings.engines]
    lease = _yielding(settings, queues, sensors) if settings.idle.mode is Mode.IDLE else None
    _register(app, settings, lease)
    log_event(logging.INFO, "worker_started", worker=settings.seat.name, seats=settings.seats)
    app.worker_main(
        [
            "--quiet",
            "worker",
            "--pool=prefork",
            f"--concurrency={settings.seats}",
            f"--queues={','.join(queues)}",
            f"--hostname={settings.seat.name}@{socket.gethostname()}",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            "--loglevel=WARNING",
        ]
    )


def _yielding(settings: WorkerSettings, queues: list[str], sensors: SensorSource | None) -> Lease:
    """Start to watch for the owner, and listen to the queues only while the owner is away."""
    lease = Lease()
    watcher = Watcher(settings.idle, settings.seat.folder, lease, sensors)
    watcher.ensure()

    def ready(sender: Any, **_: object) -> None:
        sender.timer.call_repeatedly(RENEW_S, mind, (sender, queues, lease, watcher))

    worker_ready.connect(ready, weak=False)
    return lease


def _tidy(seat: SeatSettings) -> None:
    """Remove what seats of an earlier process left behind when they were killed."""
    for path in (seat.folder / "work", *seat.folder.glob(f"{seat.name}-*")):
        shutil.rmtree(path, ignore_errors=True)


async def check_redis(url: str) -> None:
    """Make sure that Redis answers.

    Raises:
        ConfigError: it does not, or the address is not one of Redis.
    """
    redis = connect(url)
    try:
        await require_redis(redis)
    finally:
        await redis.aclose()


def _register(app: Celery, settings: WorkerSettings, lease: Lease | None) -> None:
    """Make the tasks of a worker; a child of Celery opens its seat when it begins."""
    held: list[_Process] = []

    def begin(**_: object) -> None:
        held.append(_Process(settings, lease))

    def submit(message: object, *, is_expected: bool) -> None:
        try:
            task = Task.model_validate(message)
        except ValidationError as error:
            log_event(logging.WARNING, "task_malformed", count=error.error_count())
            return
        if not held:
            begin()
        held[0].serve(task, is_expected=is_expected)

    @app.task(name=TASK_NAME)  # type: ignore[untyped-decorator]
    def execute(message: object) -> None:
        submit(message, is_expected=False)

    @app.task(name=EXPECT_NAME)  # type: ignore[untyped-decorator]
    def expect(message: object) -> None:
        submit(message, is_expected=True)

    worker_process_init.connect(begin, weak=False)


class _Process:
    """What one child of Celery holds: an event loop in a thread, and a seat on it."""

    def __init__(self, settings: WorkerSettings, lease: Lease | None) -> None:
        self._lease = lease
        self._settings = replace(
            settings, seat=replace(settings.seat, name=f"{settings.seat.name}-{os.getpid()}")
        )
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True, name="seat").start()
        self._seat = self._call(self._open())

    def serve(self, task: Task, *, is_expected: bool) -> None:
        """Serve one task to its end."""
        if is_expected:
            self._call(self._seat.expect(task))
        else:
            self._call(self._seat.serve(task))

    def _call(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self) -> Seat:
        settings = self._settings
        redis = connect(settings.url)
        folder = settings.seat.folder / settings.seat.name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        policy = WarmPolicy(settings.warm_bytes, folder=folder)
        cores = settings.idle.own_cores()
        runtimes = {
            engine: _RUNTIMES[engine](warm=policy, cores=cores) for engine in settings.engines
        }
        obeyed = list(runtimes.values())
        if self._lease is not None:
            for runtime in obeyed:
                runtime.suspend()
        for runtime in obeyed:
            await runtime.warm_up()
        self._showing = asyncio.create_task(self._show(redis))
        fetcher = None
        if settings.peers:
            fetcher = Peers(settings.seat.folder / "storage" / settings.seat.name, settings.peers)
        seat = Seat(settings.seat, redis, runtimes, self._limits, fetcher)
        if self._lease is not None:
            seat.rest()
            self._yielding = asyncio.create_task(self._yield(seat, obeyed, self._lease))
            self._yielding.add_done_callback(_end_process)
        return seat

    async def _yield(self, seat: Seat, runtimes: list[ConfinedRuntime], lease: Lease) -> None:
        """Let the seat and its runtimes rest while the lease is over."""
        while True:
            if lease.is_open and seat.is_resting:
                for runtime in runtimes:
                    runtime.resume()
                seat.resume()
            elif not lease.is_open and not seat.is_resting:
                for runtime in runtimes:
                    runtime.suspend()
                seat.rest()
                if not self._settings.idle.keep_in_memory:
                    for runtime in runtimes:
                        runtime.evict()
            await asyncio.sleep(YIELD_S)

    async def _show(self, redis: Any) -> None:
        """Say again and again that this worker is there, and what it computes with."""
        key = Names(self._settings.seat.farm).worker(self._settings.seat.name)
        engines = [engine.value for engine in self._settings.engines]
        words = json.dumps({"engines": engines, **dict(self._settings.told)})
        while True:
            with contextlib.suppress(*REDIS_ERRORS):
                await redis.set(key, words, ex=int(3 * SHOWN_S))
            await asyncio.sleep(SHOWN_S)

    def _limits(self, wall_time_s: int) -> Limits:
        settings, idle = self._settings, self._settings.idle
        return limits_for(
            measure(settings.seat.folder),
            max_runtime_s=wall_time_s,
            memory_bytes=idle.memory_of(settings.memory_bytes),
            output_bytes=settings.output_bytes,
            threads=min(settings.threads, idle.cores or settings.threads),
        )


def _end_process(_: asyncio.Task[None]) -> None:
    """A seat that can no longer yield may not compute; Celery starts another one."""
    os._exit(1)


@dataclass(frozen=True, slots=True)
class Peers:
    """Fetches content from gateways into a store of its own."""

    folder: Path
    urls: tuple[str, ...]

    async def fetch(self, cid: Cid, path: Path) -> None:
        """Write the file or directory of a CID to a path, whole or not at all."""
        async with EmbeddedBackend(
            self.folder, peers=list(self.urls), allow_private_addresses=True
        ) as storage:
            await storage.fetch(cid, path)
