"""A real node whose jobs are computed by a worker behind Redis: from a posted job to settlement."""

from __future__ import annotations

import asyncio

from tests.unit.node.content import publish, tiny_model
from tests.unit.node.farm.conftest import Workers, server, shared, workers
from tests.worlds import FUNDS_WEI, Start, World, check_result, finish, nodes, world

from neurovoyance.protocol.lifecycle import JobState

__all__ = ["nodes", "server", "shared", "workers", "world"]


async def test_a_worker_without_a_key_computes_and_the_node_is_paid(
    world: World, nodes: Start, workers: Workers
) -> None:
    await asyncio.to_thread(workers.start, "far", is_shared=False)
    world.settings["farm_redis"] = workers.server.url
    world.settings["farm_name"] = "test"
    sound = await publish(world.storage)
    unsound = await publish(world.storage, model=tiny_model(log=True))
    process = await nodes()
    job_id = await world.post(sound)
    await world.wait_for(job_id, JobState.REVEALED, process=process)
    await check_result(world, job_id)
    await finish(world, job_id, process)
    # What the node itself would have needed lies with the worker: its model came by the queue.
    assert list((workers.folder / "far" / "models").iterdir())
    job_id = await world.post(unsound)
    await world.wait_for(job_id, JobState.INVALID, process=process)
    client = world.devnet.wallet(3).address
    price_wei = 10**16 + 60 * 10**15
    assert await world.contracts.market.free_of_wei(client) == FUNDS_WEI - price_wei
    assert workers.server.url not in world.log()
