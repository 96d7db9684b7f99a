"""The same behaviour of both runners: duties begin, fail loudly, leave others alone, and end."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    suppress,
)

import pytest
import redis
from celery import Celery
from tests.unit.marketplace.queued.conftest import RedisServer
from tests.unit.node.farm.conftest import wait_for

from neurovoyance.marketplace.background import Distant, Duty, InProcess, Runner
from neurovoyance.marketplace.queued.broker import TASK_NAME, Names, make_queue
from neurovoyance.marketplace.queued.lease import Work
from neurovoyance.marketplace.queued.runner import Doer, Queued
from neurovoyance.marketplace.queued.worker import Desk, register
from neurovoyance.protocol.errors import ConfigError

Running = Callable[[Mapping[str, Duty]], AbstractAsyncContextManager[Runner]]


def take(app: Celery, url: str, queues: list[str], stop: threading.Event) -> None:
    """Hand what really lies in the queues to the real task in threads, as Celery's worker does."""
    client = redis.Redis.from_url(url, socket_timeout=1.0)
    while not stop.is_set():
        with suppress(redis.RedisError):
            for name in queues:
                if (text := client.rpop(name)) is not None:
                    words, _, _ = json.loads(base64.b64decode(json.loads(text)["body"]))
                    threading.Thread(target=app.tasks[TASK_NAME], args=words).start()
        stop.wait(0.02)
    client.close()


@asynccontextmanager
async def at_work(url: str, duties: Mapping[str, Duty], names: Names) -> AsyncIterator[None]:
    """A worker in threads of this process, with a short lease."""
    stop, app = threading.Event(), make_queue(url)
    queues = [names.queue(name) for name in duties]
    taking = threading.Thread(target=take, args=(app, url, queues, stop))
    with Desk() as desk:
        desk.call(desk.connect(url, names, "one", lease_s=4.0, settle_s=0.0))
        register(app, desk, {name: Work(duty) for name, duty in duties.items()})
        taking.start()
        try:
            yield
        finally:
            stop.set()
            desk.stop()
            await asyncio.to_thread(taking.join)
    app.close()


@asynccontextmanager
async def in_process(_: Mapping[str, Duty]) -> AsyncIterator[Runner]:
    yield InProcess()


@pytest.fixture(params=["in process", "queued"])
def running(request: pytest.FixtureRequest) -> Running:
    if request.param == "in process":
        return in_process
    url = request.getfixturevalue("server").url

    @asynccontextmanager
    async def queued(duties: Mapping[str, Duty]) -> AsyncIterator[Runner]:
        place = secrets.token_hex(8)
        async with at_work(url, duties, Names(place)):
            runner = Queued(url, place)
            await runner.check()
            yield runner

    return queued


async def reached(is_so: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_for, is_so)


async def test_a_duty_that_ends_is_told_and_the_others_go_on(running: Running) -> None:
    ended: list[str] = []
    steps: list[int] = []

    async def fails() -> None:
        raise ValueError("broken")

    async def lasts() -> None:
        while True:
            steps.append(1)
            await asyncio.sleep(0.01)

    duties = {"fails": fails, "lasts": lasts}
    async with running(duties) as runner:
        await runner.start(duties, ended.append)
        await reached(lambda: bool(ended and steps))
        before = len(steps)
        await reached(lambda: len(steps) > before)
        await runner.stop()
    assert set(ended) == {"fails"}
    over = len(steps)
    await asyncio.sleep(0.05)
    assert len(steps) == over, "a duty went on after the end"


async def test_a_duty_runs_once_at_a_time_and_is_cancelled_at_the_end(running: Running) -> None:
    begun: list[str] = []
    over: list[str] = []

    async def lasts() -> None:
        begun.append("index")
        try:
            await asyncio.Event().wait()
        finally:
            over.append("index")

    async with running({"index": lasts}) as runner:
        await runner.start({"index": lasts}, over.append)
        await reached(lambda: bool(begun))
        await runner.stop()
    assert (begun, over) == (["index"], ["index"])


async def test_who_does_it_is_known_and_nobody_is_nobody(server: RedisServer) -> None:
    place = secrets.token_hex(8)

    async def lasts() -> None:
        await asyncio.Event().wait()

    one, other = Queued(server.url, place), Queued(server.url, place)
    assert isinstance(one, Distant)
    async with AsyncExitStack() as stack:
        for runner in (one, other):
            await runner.start({"index": lasts}, pytest.fail)
            stack.push_async_callback(runner.stop)
        assert one.doer("index") == Doer()
        # Whoever asked before a worker was there is heard when one comes.
        async with at_work(server.url, {"index": lasts}, Names(place)):
            await reached(lambda: one.doer("index") == other.doer("index") == Doer("one"))
        await reached(lambda: one.doer("index").worker == "")


async def test_a_redis_that_goes_and_comes_back_costs_time_alone(server: RedisServer) -> None:
    place, begun = secrets.token_hex(8), []
    at_once: list[int] = []

    async def lasts() -> None:
        begun.append(1)
        at_once.append(1)
        try:
            assert len(at_once) == 1
            await asyncio.Event().wait()
        finally:
            at_once.pop()

    runner = Queued(server.url, place)
    async with at_work(server.url, {"index": lasts}, Names(place)):
        await runner.start({"index": lasts}, pytest.fail)
        await reached(lambda: len(begun) == 1)
        server.stop()
        try:
            await reached(lambda: "Redis" in runner.doer("index").trouble)
        finally:
            server.start()
        await reached(lambda: len(begun) == 2 and runner.doer("index").worker == "one")
        await runner.stop()


async def test_a_redis_that_is_away_stops_the_start() -> None:
    runner = Queued("redis://127.0.0.1:1/0", "a")
    with pytest.raises(ConfigError, match="Redis"):
        await runner.check()
    await runner.stop()
