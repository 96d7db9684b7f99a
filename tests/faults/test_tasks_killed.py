"""Either side of a batch is killed at each step: nothing is paid twice, nothing beyond the credit.

Real processes, one world for many deaths; chain and client's home live through all of them.
"""

from __future__ import annotations

import asyncio
import os
import sys

import pytest
from tests.dying_client import STEPS
from tests.task_worlds import PRICE_WEI, TaskWorld, inputs, task_world
from tests.worlds import WAIT_S

from neurovoyance.client.errors import TasksRefused
from neurovoyance.client.settings import save_profile
from neurovoyance.node.task_book import TaskAction
from neurovoyance.protocol.errors import Unreachable

__all__ = ["task_world"]

COUNT = 3
POINTS = [f"{when}:{action.value}" for action in TaskAction for when in ("before", "after")]
USUAL = ["before:deliver_batch"]
USUAL_STEPS = ["signed"]


async def killed_at(world: TaskWorld, points: list[str]) -> None:
    """Kill the node at each point, start it again, and run the same tasks to their end."""
    for number, point in enumerate(points):
        given = inputs(COUNT, 100 * number)
        process = await world.start(crash_at=point)
        async with world.client() as (client, model):
            try:
                first = await client.tasks.run(model, given)
                assert not first.is_handed_over or point == "after:deliver_batch"
            except (Unreachable, TasksRefused):
                pass
            assert await asyncio.wait_for(process.wait(), WAIT_S) == -9, point
            await world.start()
            again = await client.tasks.run(model, given)
            assert again.is_complete, point
        if number < len(points) - 1:
            await world.stop()
    await check_money(world, len(points) * COUNT)


async def check_money(world: TaskWorld, tasks: int) -> None:
    """Every task is promised exactly once, on both sides."""
    payee = world.providers[0].address
    async with world.client() as (client, _):
        await client.tasks.resume()  # hands over what a death kept back
        last = client.channels.book.last(world.channel_id, payee)
        assert last is not None
        assert last.voucher.cumulative_wei == tasks * PRICE_WEI
        terms = await client.tasks.terms(world.channel_id, payee)
        assert (terms.owed_wei, terms.promised_wei) == (tasks * PRICE_WEI, tasks * PRICE_WEI)


@pytest.mark.slow
async def test_a_node_that_dies_at_every_other_point(task_world: TaskWorld) -> None:
    await killed_at(task_world, [point for point in POINTS if point not in USUAL])


async def run_client(world: TaskWorld, first: int, step: str) -> tuple[int, str]:
    """Run a client process; return its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.dying_client",
        *(str(world.settings.home), str(world.model_path), str(first), str(COUNT), step),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode is not None
    return process.returncode, printed.decode()


async def clients_killed_at(world: TaskWorld, steps: list[str], before: int = 0) -> None:
    """Kill a client process at each step, and run the same tasks to their end."""
    save_profile(world.settings.profile, world.settings.home / "network.json")
    for number, step in enumerate(steps, before):
        code, _ = await run_client(world, 100 * number, step)
        assert code == -9, step
        async with world.client() as (client, model):
            again = await client.tasks.run(model, inputs(COUNT, 100 * number))
            assert again.is_complete, step
            # What had arrived before the death was not ordered again.
            assert again.batches == [] or step == "ordered", step
    await check_money(world, (before + len(steps)) * COUNT)


async def test_whoever_dies_nothing_is_paid_twice(task_world: TaskWorld) -> None:
    await killed_at(task_world, USUAL)
    await clients_killed_at(task_world, USUAL_STEPS, len(USUAL))


@pytest.mark.slow
async def test_a_client_that_dies_at_the_other_steps(task_world: TaskWorld) -> None:
    await task_world.start()
    await clients_killed_at(task_world, [step for step in STEPS if step not in USUAL_STEPS])
