"""A node is killed with SIGKILL around every step and comes back: done once, paid once."""

from __future__ import annotations

import asyncio
import signal

import pytest
from tests.faults.accounts import everybody_leaves
from tests.unit.node.content import publish, tiny_model
from tests.worlds import FUNDS_WEI, WAIT_S, Start, World, check_result, finish, nodes, world

from neurovoyance.chain.events import JobCommitted, JobRevealed, JobSettled
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.lifecycle import JobState

__all__ = ["nodes", "world"]

CRASHES = [
    f"{when}:{action}"
    for action in ("check", "accept", "run", "commit", "draw_and_reveal")
    for when in ("before", "after")
]


@pytest.mark.parametrize("crash_at", CRASHES)
async def test_a_node_killed_at_any_step_finishes_the_job_exactly_once(
    world: World, nodes: Start, crash_at: str
) -> None:
    spec = await publish(world.storage)
    process = await nodes(crash_at)
    job_id = await world.post(spec)
    assert await asyncio.wait_for(process.wait(), WAIT_S) == -signal.SIGKILL, world.log()
    process = await nodes()
    await finish(world, job_id, process)
    await check_result(world, job_id)
    events = await world.events(job_id)
    for kind in (JobCommitted, JobRevealed, JobSettled):
        assert sum(isinstance(event, kind) for event in events) == 1, hex_of(job_id)
    await everybody_leaves(world)


@pytest.mark.parametrize("crash_at", ["before:settle", "after:settle"])
async def test_a_node_killed_while_settling_is_paid_exactly_once(
    world: World, nodes: Start, crash_at: str
) -> None:
    spec = await publish(world.storage)
    process = await nodes(crash_at)
    job_id = await world.post(spec)
    await world.wait_for(job_id, JobState.REVEALED, process=process)
    await world.control.increase_time(601)
    assert await asyncio.wait_for(process.wait(), WAIT_S) == -signal.SIGKILL, world.log()
    process = await nodes()
    await world.wait_for(job_id, JobState.SETTLED, process=process)
    await world.wait_until_answering()
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), WAIT_S) == 0, world.log()
    price_wei = 10**16 + 60 * 10**15
    owner = world.devnet.wallet(1).address
    assert await world.contracts.token.balance_of_wei(owner) == price_wei
    await everybody_leaves(world)


@pytest.mark.parametrize("crash_at", ["before:declare_invalid", "after:declare_invalid"])
async def test_a_node_killed_while_declaring_invalid_refunds_in_the_end(
    world: World, nodes: Start, crash_at: str
) -> None:
    spec = await publish(world.storage, model=tiny_model(log=True))
    process = await nodes(crash_at)
    job_id = await world.post(spec)
    assert await asyncio.wait_for(process.wait(), WAIT_S) == -signal.SIGKILL, world.log()
    process = await nodes()
    await world.wait_for(job_id, JobState.INVALID, process=process)
    client = world.devnet.wallet(3).address
    assert await world.contracts.market.free_of_wei(client) == FUNDS_WEI
    await everybody_leaves(world)
