"""Workers that are killed, stuck or cut off: it costs time, and the output appears once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import redis
from tests.unit.node.farm.conftest import RedisServer, Workers, wait_for
from tests.unit.node.farm.orders import counting, order_for
from tests.unit.node.runtime import models

from neurovoyance.node.farm.names import Names
from neurovoyance.node.farm.pool import Order
from neurovoyance.node.farm.queued import FarmSettings, QueuedPool
from neurovoyance.verification.canonical import decode_tensors

ROUNDS = 500_000
"""About a second and a half of one core."""


@pytest.fixture
async def pool(server: RedisServer) -> AsyncIterator[QueuedPool]:
    made = QueuedPool(
        FarmSettings(server.url, "test", lost_after_s=3.0, poll_s=0.02, hard_spare_s=1)
    )
    await made.open()
    yield made
    await made.close()


LONG = 3 * ROUNDS
"""For what has to be met while it runs."""


@pytest.fixture
def model(shared: Path) -> Path:
    return models.save(counting(ROUNDS), shared / "counting.onnx")


@pytest.fixture
def long_model(shared: Path) -> Path:
    return models.save(counting(LONG), shared / "long.onnx")


def beating(server: RedisServer, *names: str) -> bool:
    """Tell whether each of these workers computes something, or did a moment ago."""
    return computing(server, "*") >= set(names)


def computing(server: RedisServer, execution_id: str) -> set[str]:
    """Return the workers that show life in an execution, and some seconds after."""
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        keys = client.keys(f"neurovoyance:test:beat:{execution_id}:*")
        return {str(text).partition("-")[0] for text in client.mget(keys)} if keys else set()


def orders_for(model: Path, shared: Path, count: int) -> list[Order]:
    return [order_for(model, shared, x=np.array([number])) for number in range(count)]


def check(orders: list[Order], rounds: int = ROUNDS) -> None:
    for number, order in enumerate(orders):
        [value] = decode_tensors(order.output_path.read_bytes())
        assert value.tolist() == [rounds + number]
        assert [path.name for path in order.output_path.parent.iterdir()] == ["output"]


async def test_of_three_workers_one_is_killed_and_every_output_appears(
    pool: QueuedPool, workers: Workers, long_model: Path, shared: Path
) -> None:
    await asyncio.to_thread(workers.start, "a", "b", "c")
    assert {name.partition("-")[0] for name in await pool.workers()} == {"a", "b", "c"}
    orders = orders_for(long_model, shared, 3)
    running = [asyncio.create_task(pool.execute(order)) for order in orders]
    await asyncio.to_thread(wait_for, lambda: beating(workers.server, "a", "b", "c"))
    seat = psutil.Process(workers.seat_pid("b"))
    sandboxes = seat.children(recursive=True)
    assert sandboxes
    workers.kill("b")
    await asyncio.gather(*running)
    check(orders, LONG)
    await asyncio.to_thread(wait_for, lambda: not any(map(psutil.Process.is_running, sandboxes)))
    workers.stop()


async def test_a_stuck_seat_is_replaced_and_its_work_done_again(
    pool: QueuedPool, workers: Workers, long_model: Path, shared: Path
) -> None:
    await asyncio.to_thread(workers.start, "stuck")
    [order] = orders_for(long_model, shared, 1)
    order = replace(order, wall_time_s=20)
    running = asyncio.create_task(pool.execute(order))
    await asyncio.to_thread(wait_for, lambda: beating(workers.server, "stuck"))
    pid = workers.seat_pid("stuck")
    os.kill(pid, signal.SIGSTOP)
    await running
    check([order], LONG)
    assert not psutil.pid_exists(pid)


async def test_redis_may_forget_everything_in_the_middle_of_a_job(
    pool: QueuedPool, workers: Workers, model: Path, shared: Path
) -> None:
    workers.stop()
    await asyncio.to_thread(workers.start, "cut")
    orders = orders_for(model, shared, 2)
    running = [asyncio.create_task(pool.execute(order)) for order in orders]
    await asyncio.to_thread(wait_for, lambda: beating(workers.server, "cut"))
    await asyncio.to_thread(workers.server.stop)
    await asyncio.to_thread(workers.server.start)
    await asyncio.gather(*running)
    check(orders)


async def test_a_worker_whose_owner_returns_hands_back_and_goes_on_later(
    server: RedisServer,
    workers: Workers,
    model: Path,
    long_model: Path,
    shared: Path,
    tmp_path: Path,
) -> None:
    workers.stop()
    owner = tmp_path / "is here"
    await asyncio.to_thread(workers.start, "theirs", owner=owner)
    # No silence is waited out here: only what is handed back is sent again.
    pool = QueuedPool(FarmSettings(server.url, "test", lost_after_s=600.0, poll_s=0.02))
    [first] = orders_for(long_model, shared, 1)
    second, third = orders_for(model, shared, 2)
    running = asyncio.create_task(pool.execute(first))
    await asyncio.to_thread(wait_for, lambda: beating(server, "theirs"))
    sandboxes = psutil.Process(workers.seat_pid("theirs")).children(recursive=True)
    owner.touch()
    await asyncio.to_thread(wait_for, lambda: all(map(rests, sandboxes)))
    await asyncio.to_thread(workers.start, "other")
    await asyncio.to_thread(wait_for, lambda: beating(server, "other"))
    await running
    running = asyncio.create_task(pool.execute(second))
    await asyncio.to_thread(wait_for, lambda: computing(server, second.execution_id) == {"other"})
    await running
    await asyncio.to_thread(workers.kill, "other")
    running = asyncio.create_task(pool.execute(third))
    await asyncio.to_thread(wait_for, lambda: is_waiting(server, third))
    owner.unlink()
    await running
    check([first], LONG)
    check([second, third])
    await pool.close()


def rests(process: psutil.Process) -> bool:
    try:
        return bool(process.status() in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE))
    except psutil.NoSuchProcess:
        return True


def is_waiting(server: RedisServer, order: Order) -> bool:
    """Tell whether the order was sent and nobody took it."""
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        names = Names("test")
        mark = client.get(names.mark(order.execution_id))
        return mark is not None and client.llen(names.queue(order.engine)) == 1


def test_a_worker_has_no_key_and_no_way_to_use_one() -> None:
    program = (
        "import sys, neurovoyance.node.farm.worker, neurovoyance.node.farm.seat\n"
        "bad = [m for m in sys.modules if m.startswith('neurovoyance.chain')"
        " or m in ('eth_account', 'coincurve', 'onnxruntime', 'torch')]\n"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
