"""The chain fails a working node: gone for a minute, reorganised, or another chain altogether."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable

import pytest
from tests.faults.accounts import everybody_leaves
from tests.integration.chain.rpc_proxy import RpcProxy
from tests.unit.node.content import publish
from tests.worlds import WAIT_S, World, finish, nodes, world

from neurovoyance.chain.events import JobAssigned, JobCommitted, JobRevealed
from neurovoyance.protocol.lifecycle import JobState

__all__ = ["nodes", "world"]

OUTAGE_S = 60.0


async def test_rpc_down_for_a_minute_in_the_middle_of_a_job(world: World, nodes: Callable) -> None:
    async with RpcProxy(world.devnet.url) as proxy:
        world.settings["rpc_urls"] = [proxy.url]
        process = await nodes()
        job_id = await world.post(await publish(world.storage))
        await world.wait_for(
            job_id, JobState.ASSIGNED, JobState.COMMITTED, JobState.REVEALED, process=process
        )
        await proxy.stop()
        await asyncio.sleep(OUTAGE_S)
        assert process.returncode is None, world.log()
        await proxy.start()
        await finish(world, job_id, process)
        await everybody_leaves(world)


async def test_reorganisation_of_three_blocks_under_the_node(world: World, nodes: Callable) -> None:
    """The blocks that held the acceptance (and what followed) vanish; the node does them again."""
    job_id = await world.post(await publish(world.storage))
    await world.control.mine(2)
    snapshot = await world.control.snapshot()
    process = await nodes()
    await world.wait_for(job_id, JobState.ASSIGNED, JobState.COMMITTED, process=process)
    assert await world.control.revert(snapshot)
    assert (await world.contracts.market.job(job_id)).state is JobState.OPEN
    await world.control.mine(3)
    await finish(world, job_id, process)
    events = await world.events(job_id)
    for kind in (JobAssigned, JobCommitted, JobRevealed):
        assert sum(isinstance(event, kind) for event in events) == 1
    await everybody_leaves(world)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"chain_id": 1, "operator_raw_key": None}, "operator_keystore"),
        ({"chain_id": 31338}, "refused outside the devnet"),
    ],
)
async def test_a_node_set_up_for_another_chain_does_not_start(
    world: World, nodes: Callable, settings: dict[str, object], words: str
) -> None:
    world.settings.update(settings)
    if settings.get("operator_raw_key", "") is None:
        world.settings.pop("operator_raw_key")
        path = world.write_config()
        lines = path.read_text().splitlines()
        path.write_text("\n".join(line for line in lines if "operator_raw_key" not in line))
        process = await _start(world, path)
    else:
        process = await _start(world, world.write_config())
    _, stderr = await asyncio.wait_for(process.communicate(), WAIT_S)
    assert process.returncode == 2
    ended = json.loads(stderr.decode().splitlines()[-1])
    assert words in json.dumps(ended)
    await everybody_leaves(world)


async def _start(world: World, path: object) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "neurovoyance.node",
        "--config",
        str(path),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)},
    )
