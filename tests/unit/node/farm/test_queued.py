"""The agent's side alone, with this test as the worker: what counts, what is void, what is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import redis.asyncio
from tests.unit.node.farm.conftest import RedisServer
from tests.unit.node.farm.orders import order_for
from tests.unit.node.runtime import models

from neurovoyance.node.farm.messages import Report, Tensor, Usage
from neurovoyance.node.farm.names import OVER, Names
from neurovoyance.node.farm.parcel import pack
from neurovoyance.node.farm.pool import Order, OutOfTime
from neurovoyance.node.farm.queued import FarmSettings, QueuedPool
from neurovoyance.node.farm.rules import SENDS_MOST
from neurovoyance.node.runtime.base import RunOutput
from neurovoyance.node.runtime.config import Engine
from neurovoyance.protocol.errors import ExecutionError, InputMismatch
from neurovoyance.verification.canonical import encode_tensors

NAMES = Names("alone")
VALUES = np.arange(3, dtype=np.float32)


@pytest.fixture
async def pool(server: RedisServer) -> AsyncIterator[QueuedPool]:
    made = QueuedPool(FarmSettings(server.url, "alone", lost_after_s=0.5, poll_s=0.01))
    yield made
    await made.close()


@pytest.fixture
async def client(server: RedisServer) -> AsyncIterator[redis.asyncio.Redis]:
    made = redis.asyncio.Redis.from_url(server.url, decode_responses=True)
    await made.flushall()
    yield made
    await made.aclose()


@pytest.fixture
def order(tmp_path: Path) -> Order:
    model = models.save(models.affine(), tmp_path / "m.onnx")
    return order_for(model, tmp_path, a=np.ones((1, 4), np.float32))


async def token_of(client: redis.asyncio.Redis, order: Order, *, after: int = 0) -> int:
    async with asyncio.timeout(60):
        while True:
            mark = await client.get(NAMES.mark(order.execution_id))
            if mark is not None and mark != OVER and int(mark) > after:
                return int(mark)
            await asyncio.sleep(0.005)


async def is_queued(client: redis.asyncio.Redis) -> None:
    """Wait for the one message; the mark comes before it."""
    async with asyncio.timeout(60):
        while await client.llen(NAMES.queue(Engine.ORT)) != 1:
            await asyncio.sleep(0.005)


def report_of(order: Order, token: int, folder: Path, values: object = VALUES) -> Report:
    path = folder / f"{token}.result"
    path.write_bytes(encode_tensors([np.asarray(values)]))
    return Report(
        execution_id=order.execution_id,
        token=token,
        worker="w",
        output=pack(path),
        tensors=(Tensor(name="y", dtype="fp32", shape=(3,)),),
        usage=Usage(wall_ms=1, cpu_ms=1, peak_memory_bytes=1, model_load_ms=1),
        engine="onnxruntime 1",
    )


async def say(client: redis.asyncio.Redis, report: Report) -> None:
    await client.set(NAMES.report(report.execution_id, report.token), report.model_dump_json())


async def test_the_report_with_the_token_counts(
    pool: QueuedPool, client: redis.asyncio.Redis, order: Order, tmp_path: Path
) -> None:
    running = asyncio.create_task(pool.execute(order))
    token = await token_of(client, order)
    await say(client, report_of(order, token, tmp_path))
    done = await running
    assert order.output_path.read_bytes() == encode_tensors([VALUES])
    assert done.tensors[0].shape == (3,)
    assert await client.get(NAMES.mark(order.execution_id)) == OVER
    assert await client.get(NAMES.report(order.execution_id, token)) is None


async def test_a_worker_given_up_for_dead_changes_nothing(
    pool: QueuedPool, client: redis.asyncio.Redis, order: Order, tmp_path: Path
) -> None:
    running = asyncio.create_task(pool.execute(order))
    first = await token_of(client, order)
    # It beat once, then fell silent; its message is gone from the queue.
    await client.set(NAMES.beat(order.execution_id, first), "w:1")
    await client.delete(NAMES.queue(Engine.ORT))
    second = await token_of(client, order, after=first)
    await say(client, report_of(order, first, tmp_path, VALUES + 1))
    await asyncio.sleep(0.1)
    assert not running.done()
    await say(client, report_of(order, second, tmp_path))
    await running
    assert order.output_path.read_bytes() == encode_tensors([VALUES])


async def test_what_is_handed_back_is_sent_again_and_waits_in_the_queue(
    server: RedisServer, client: redis.asyncio.Redis, order: Order, tmp_path: Path
) -> None:
    patient = QueuedPool(FarmSettings(server.url, "alone", lost_after_s=600.0, poll_s=0.01))
    running = asyncio.create_task(patient.execute(order))
    token = 0
    for _ in range(SENDS_MOST + 1):
        token = await token_of(client, order, after=token)
        await is_queued(client)
        await client.delete(NAMES.queue(Engine.ORT))
        await client.set(NAMES.beat(order.execution_id, token), "w:1")
        given = Report(execution_id=order.execution_id, token=token, worker="w")
        await say(client, given.model_copy(update={"is_handed_back": True}))
    last = await token_of(client, order, after=token)
    await say(client, report_of(order, last, tmp_path))
    await running
    assert order.output_path.read_bytes() == encode_tensors([VALUES])
    await patient.close()


@pytest.mark.parametrize("fault", ["json", "token", "digest", "tensors", "folder", "no output"])
async def test_a_void_report_is_answered_by_sending_again(
    pool: QueuedPool,
    client: redis.asyncio.Redis,
    order: Order,
    tmp_path: Path,
    fault: str,
) -> None:
    running = asyncio.create_task(pool.execute(order))
    token = await token_of(client, order)
    right = report_of(order, token, tmp_path)
    other = report_of(order, token + 1, tmp_path, VALUES + 1).output
    assert right.output and other
    swapped = right.output.files[0].model_copy(update={"data": other.files[0].data})
    forged = right.output.model_copy(update={"files": (swapped,)})
    renamed = right.output.files[0].model_copy(update={"name": "deep"})
    deep = right.output.model_copy(update={"files": (renamed,)})
    wrong = {
        "json": "{",
        "token": right.model_copy(update={"token": token + 1}).model_dump_json(),
        "digest": right.model_copy(update={"output": forged}).model_dump_json(),
        "tensors": right.model_copy(update={"tensors": ()}).model_dump_json(),
        "folder": right.model_copy(update={"output": deep}).model_dump_json(),
        "no output": right.model_copy(update={"output": None}).model_dump_json(),
    }[fault]
    await client.set(NAMES.report(order.execution_id, token), wrong)
    again = await token_of(client, order, after=token)
    await say(client, report_of(order, again, tmp_path))
    await running
    assert [path.name for path in order.output_path.parent.iterdir()] == ["output"]


async def test_a_redis_that_forgot_everything_is_told_again(
    pool: QueuedPool, client: redis.asyncio.Redis, order: Order, tmp_path: Path
) -> None:
    running = asyncio.create_task(pool.execute(order))
    first = await token_of(client, order)
    await is_queued(client)
    await client.flushall()
    # A worker that goes on with it shows itself: the mark comes back, nothing is sent again.
    await client.set(NAMES.beat(order.execution_id, first), "w:1")
    assert await token_of(client, order) == first
    assert await client.llen(NAMES.queue(Engine.ORT)) == 0
    await client.flushall()
    second = await token_of(client, order, after=first)
    await is_queued(client)
    await say(client, report_of(order, second, tmp_path))
    await running


async def test_a_redis_that_is_away_is_waited_for(
    pool: QueuedPool, server: RedisServer, order: Order, tmp_path: Path
) -> None:
    await asyncio.to_thread(server.stop)
    await pool.expect(order)
    with pytest.raises(OutOfTime):
        await pool.execute(replace(order, left_s=0.2))
    running = asyncio.create_task(pool.execute(order))
    await asyncio.sleep(0.1)
    await asyncio.to_thread(server.start)
    async with redis.asyncio.Redis.from_url(server.url, decode_responses=True) as back:
        token = await token_of(back, order)
        await say(back, report_of(order, token, tmp_path))
        await running
    assert order.output_path.exists()


async def test_the_deadline_ends_the_wait(pool: QueuedPool, order: Order) -> None:
    with pytest.raises(OutOfTime):
        await pool.execute(replace(order, left_s=0.1))


async def test_errors_arrive_as_themselves_and_a_closed_pool_refuses(
    pool: QueuedPool, client: redis.asyncio.Redis, order: Order
) -> None:
    running: asyncio.Task[RunOutput] = asyncio.create_task(pool.execute(order))
    token = await token_of(client, order)
    error = InputMismatch("The input 'b' is missing.").to_wire()
    await say(client, Report(execution_id=order.execution_id, token=token, worker="w", error=error))
    with pytest.raises(InputMismatch, match="'b' is missing"):
        await running
    await pool.close()
    with pytest.raises(ExecutionError, match="closed"):
        await pool.execute(order)


async def test_a_message_is_json_with_the_execution_as_its_id(
    pool: QueuedPool, client: redis.asyncio.Redis, order: Order
) -> None:
    running = asyncio.create_task(pool.execute(order))
    await token_of(client, order)
    async with asyncio.timeout(60):
        while not await client.llen(NAMES.queue(Engine.ORT)):
            await asyncio.sleep(0.005)
    [message] = await client.lrange(NAMES.queue(Engine.ORT), 0, -1)
    assert f'"id": "{order.execution_id}"' in message
    assert '"content-type": "application/json"' in message
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
