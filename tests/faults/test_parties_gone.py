"""A party disappears for ever, in each state; time moves on, the others get what is theirs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import pytest
from tests.faults.accounts import CLIENT, OWNER, assert_balanced, everybody_leaves
from tests.unit.node.content import publish
from tests.worlds import (
    FUNDS_WEI,
    STAKE_WEI,
    WAIT_S,
    World,
    nodes,
    world,
)

from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.units import nvy

__all__ = ["nodes", "world"]

PRICE_WEI = 10**16 + 60 * 10**15
LOCK_WEI = 20 * PRICE_WEI


async def until_killed(world: World, process: asyncio.subprocess.Process) -> None:
    assert await asyncio.wait_for(process.wait(), WAIT_S) == -signal.SIGKILL, world.log()


async def test_client_gone_for_ever_after_posting(world: World, nodes: Callable) -> None:
    process = await nodes()
    job_id = await world.post(await publish(world.storage))
    await world.wait_for(job_id, JobState.ASSIGNED, JobState.COMMITTED, process=process)
    async for cid in world.storage.list():  # from here on the client serves nothing
        await world.storage.unprovide(cid)
        assert await world.storage.served_block(cid) is None
    await world.wait_for(job_id, JobState.REVEALED, process=process)
    await world.control.increase_time(601)
    await world.wait_for(job_id, JobState.SETTLED, process=process)
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.wait(), WAIT_S)
    assert (
        await world.contracts.token.balance_of_wei(world.devnet.wallet(OWNER).address) == PRICE_WEI
    )
    await everybody_leaves(world)


@pytest.mark.parametrize(
    ("crash_at", "found", "ended", "taken_wei"),
    [
        ("after:accept", JobState.ASSIGNED, JobState.PROVIDER_COMMIT_TIMEOUT, LOCK_WEI // 10),
        ("before:commit", JobState.ASSIGNED, JobState.PROVIDER_COMMIT_TIMEOUT, LOCK_WEI // 10),
        (
            "after:commit",
            JobState.COMMITTED,
            JobState.PROVIDER_REVEAL_TIMEOUT,
            LOCK_WEI + STAKE_WEI // 20,
        ),
    ],
)
async def test_provider_gone_for_ever(
    world: World,
    nodes: Callable,
    crash_at: str,
    found: JobState,
    ended: JobState,
    taken_wei: int,
) -> None:
    process = await nodes(crash_at)
    job_id = await world.post(await publish(world.storage))
    await until_killed(world, process)
    record = await world.contracts.market.job(job_id)
    assert record.state is found
    await world.control.increase_time(record.deadline_s - await world.chain.time_s() + 1)
    assert await world.contracts.market.state_of(job_id) is ended
    await world.contracts.market.expire(world.devnet.wallet(9), job_id)
    books = await assert_balanced(world)
    owner, client = world.devnet.wallet(OWNER).address, world.devnet.wallet(CLIENT).address
    assert books.stake_of(owner).own_wei == STAKE_WEI - taken_wei
    share_wei = min(taken_wei * 15 // 100, PRICE_WEI)
    assert books.free_wei[client] == FUNDS_WEI + share_wei, "all refunded, and a share on top"
    await everybody_leaves(world)


async def test_no_provider_at_all(world: World) -> None:
    job_id = await world.post(await publish(world.storage))
    await world.control.increase_time(3_700)
    await world.contracts.market.expire(world.devnet.wallet(9), job_id)
    assert await world.contracts.market.state_of(job_id) is JobState.UNMATCHED
    await everybody_leaves(world)


async def test_provider_stays_away_until_its_deadlines_and_the_books_close(
    world: World, nodes: Callable
) -> None:
    """A node that comes back too late finds its job expired, tidies up, and goes on working."""
    process = await nodes("after:accept")
    spec = await publish(world.storage)
    late = await world.post(spec)
    await until_killed(world, process)
    await world.control.increase_time(1_000)
    process = await nodes()
    await world.wait_for(late, JobState.PROVIDER_COMMIT_TIMEOUT, process=process)
    again = await world.post(spec)
    await world.wait_for(again, JobState.REVEALED, process=process)
    books = await assert_balanced(world)
    assert books.jobs[late].refunded_wei == nvy("1")
    assert books.jobs[late].lock_wei == 0
    await everybody_leaves(world)
