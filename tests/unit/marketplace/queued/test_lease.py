"""One holder at a time, a free lock soon after each kind of end, and no trust in a new Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from redis.asyncio import Redis
from tests.unit.marketplace.queued.conftest import RedisServer

from neurovoyance.marketplace.queued.broker import Names, connect
from neurovoyance.marketplace.queued.lease import Leases, Work

LEASE_S = 4.0


@dataclass
class Duty:
    """Lasts until it is cancelled; counts who does it at once."""

    now: int = 0
    most: int = 0
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.now -= 1
            self.over.set()


@pytest.fixture
async def redis(server: RedisServer) -> AsyncIterator[Redis]:
    client = connect(server.url)
    yield client
    await client.aclose()


@asynccontextmanager
async def holding(leases: Leases, duty: Duty) -> AsyncIterator[asyncio.Task[bool]]:
    task = asyncio.create_task(leases.hold("index", Work(duty)))
    async with asyncio.timeout(90):
        await duty.begun.wait()
        yield task
        leases.stop()
        await task


def of(redis: Redis, names: Names, worker: str, settle_s: float = 0) -> Leases:
    return Leases(redis, names, worker, lease_s=LEASE_S, settle_s=settle_s)


async def test_a_second_holder_is_refused_and_takes_over_at_once_from_one_that_stops(
    redis: Redis, names: Names
) -> None:
    one, other, duty = of(redis, names, "one"), of(redis, names, "other"), Duty()
    async with holding(one, duty):
        assert not await other.hold("index", Work(duty))
        assert not await one.hold("index", Work(duty))
    assert duty.over.is_set()
    assert not await one.hold("index", Work(duty)), "told to stop"
    duty.begun.clear()
    async with holding(other, duty):
        assert str(await redis.get(names.lock("index"))).startswith("other ")
    assert duty.most == 1
    assert await redis.get(names.lock("index")) is None


async def test_a_lock_outlives_its_lease_while_it_is_renewed_and_says_how_it_goes(
    redis: Redis, names: Names
) -> None:
    leases, duty, renewals = of(redis, names, "one"), Duty(), 0
    said = iter(f"turn {number}" for number in range(1_000))
    task = asyncio.create_task(leases.hold("index", Work(duty, lambda: next(said))))
    async with asyncio.timeout(90):
        while renewals < 12:  # five of them are a lease
            text = str(await redis.get(names.state("index")) or "turn -1")
            renewals = int(text.partition("turn ")[2].partition('"')[0])
            await asyncio.sleep(0.02)
        assert not duty.over.is_set()
        leases.stop()
        await task


async def test_who_lost_the_lock_stops(redis: Redis, names: Names) -> None:
    duty = Duty()
    async with holding(of(redis, names, "one"), duty) as task:
        await redis.set(names.lock("index"), "other 1")
        await duty.over.wait()
        assert await task
    assert await redis.get(names.lock("index")) == "other 1"


async def test_who_cannot_renew_stops_before_another_may_begin(
    names: Names, server: RedisServer
) -> None:
    client, duty = connect(server.url), Duty()
    try:
        async with holding(of(client, names, "one"), duty):
            server.stop()
            await duty.over.wait()
    finally:
        server.start()
        await client.aclose()


async def test_a_duty_that_ends_keeps_its_lock_until_it_expires_and_is_told(
    redis: Redis, names: Names
) -> None:
    async def fails() -> None:
        raise ValueError("broken")

    leases = of(redis, names, "one")
    assert await leases.hold("index", Work(fails))
    assert not await leases.hold("index", Work(fails))
    assert '"ended"' in str(await redis.get(names.state("index")))
    async with asyncio.timeout(90):
        while not await leases.hold("index", Work(fails)):
            await asyncio.sleep(0.02)


async def test_a_redis_that_just_started_is_not_trusted_for_a_lease(
    redis: Redis, names: Names
) -> None:
    leases, duty = of(redis, names, "one", settle_s=1e9), Duty()
    task = asyncio.create_task(leases.hold("index", Work(duty)))
    async with asyncio.timeout(90):
        while await redis.get(names.lock("index")) is None:
            await asyncio.sleep(0.02)
        leases.stop()
        assert await task
    assert not duty.begun.is_set()
    assert await redis.get(names.lock("index")) is None
