"""Queue, worker and node of a farm die in the middle of one job: it is computed and paid once."""

from __future__ import annotations

import asyncio

from tests.faults.accounts import everybody_leaves
from tests.unit.node.content import publish
from tests.unit.node.farm.conftest import Workers, server, shared, workers
from tests.worlds import Start, World, check_result, finish, nodes, world

from neurovoyance.chain.events import JobAssigned, JobCommitted, JobRevealed, JobSettled
from neurovoyance.protocol.lifecycle import JobState

__all__ = ["nodes", "server", "shared", "workers", "world"]


async def test_everything_behind_and_before_the_queue_dies_in_one_job(
    world: World, nodes: Start, workers: Workers
) -> None:
    await asyncio.to_thread(workers.start, "first", is_shared=False)
    world.settings["farm_redis"] = workers.server.url
    world.settings["farm_name"] = "test"
    process = await nodes()
    job_id = await world.post(await publish(world.storage))
    await world.wait_for(
        job_id, JobState.ASSIGNED, JobState.COMMITTED, JobState.REVEALED, process=process
    )
    workers.kill("first")
    workers.server.stop()
    process.kill()
    await process.wait()
    workers.server.start()
    process = await nodes()
    await asyncio.to_thread(workers.start, "second", is_shared=False)
    await finish(world, job_id, process)
    await check_result(world, job_id)
    events = await world.events(job_id)
    for kind in (JobAssigned, JobCommitted, JobRevealed, JobSettled):
        assert sum(isinstance(event, kind) for event in events) == 1
    await everybody_leaves(world)
