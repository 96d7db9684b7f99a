"""The chain's process is killed in a state of a job, and comes back with what it had kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.faults.accounts import everybody_leaves
from tests.faults.anvil_process import AnvilProcess
from tests.unit.node.content import publish
from tests.worlds import Start, World, built, check_result, nodes

from neurovoyance.chain.events import JobAssigned, JobCommitted, JobRevealed, JobSettled
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState

__all__ = ["nodes"]

pytestmark = pytest.mark.anvil
STATES = [
    JobState.OPEN,
    JobState.ASSIGNED,
    JobState.COMMITTED,
    JobState.REVEALED,
    JobState.SETTLED,
]


@pytest.fixture
async def anvil(tmp_path: Path) -> AsyncIterator[AnvilProcess]:
    made = AnvilProcess.made(tmp_path)
    await made.start()
    yield made
    made.kill()


@pytest.fixture
async def world(tmp_path: Path, anvil: AnvilProcess) -> AsyncIterator[World]:
    async with built(tmp_path, network=anvil) as made:
        yield made


async def reach(
    world: World, job_id: JobId, states: list[JobState], process: asyncio.subprocess.Process
) -> None:
    if states == [JobState.SETTLED]:
        await world.wait_for(job_id, JobState.REVEALED, *states, process=process)
        await world.control.increase_time(601)
    await world.wait_for(job_id, *states, process=process)


@pytest.mark.parametrize(
    "killed_in",
    [
        pytest.param([JobState.COMMITTED, JobState.SETTLED], id="two"),
        pytest.param(STATES, id="every", marks=pytest.mark.slow),
    ],
)
async def test_a_chain_killed_in_a_state_of_a_job(
    world: World, anvil: AnvilProcess, nodes: Start, killed_in: list[JobState]
) -> None:
    process = await nodes()
    job_id = await world.post(await publish(world.storage))
    await anvil.keep()
    for state in killed_in:
        this_or_later = STATES[STATES.index(state) :]
        await reach(world, job_id, this_or_later, process)
        anvil.kill()  # it forgets this state, and what led to it
        await anvil.start()
        await reach(world, job_id, this_or_later, process)
        await anvil.keep()
    await reach(world, job_id, [JobState.SETTLED], process)
    await check_result(world, job_id)
    events = await world.events(job_id)
    for kind in (JobAssigned, JobCommitted, JobRevealed, JobSettled):
        assert sum(isinstance(event, kind) for event in events) == 1
    await everybody_leaves(world)
