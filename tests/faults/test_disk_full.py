"""The disk is full in the middle of a job, and has room again: nothing lost, nothing done twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.faults.accounts import everybody_leaves
from tests.faults.disks import small_disk
from tests.unit.node.content import publish
from tests.worlds import WAIT_S, Start, World, finish, nodes, world

from neurovoyance.chain.events import JobAssigned, JobCommitted, JobRevealed, JobSettled
from neurovoyance.protocol.lifecycle import JobState

__all__ = ["nodes", "world"]

FULL = ("database or disk is full", "disk I/O error", "unable to open database file")


async def until_felt(world: World) -> None:
    async with asyncio.timeout(WAIT_S):
        while not any(words in world.log() for words in FULL):
            await asyncio.sleep(0.05)


async def test_a_full_disk_under_the_journals_of_a_node(
    world: World, nodes: Start, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 1_024) as disk:
        world.settings["data_dir"] = str(disk.folder)
        process = await nodes()
        job_id = await world.post(await publish(world.storage))
        await world.wait_for(job_id, JobState.ASSIGNED, JobState.COMMITTED, process=process)
        disk.fill(process.pid)
        await until_felt(world)
        assert process.returncode is None, world.log()
        disk.free(process.pid)
        await finish(world, job_id, process)
        events = await world.events(job_id)
        for kind in (JobAssigned, JobCommitted, JobRevealed, JobSettled):
            assert sum(isinstance(event, kind) for event in events) == 1
        await everybody_leaves(world)
        process.kill()
        await process.wait()
