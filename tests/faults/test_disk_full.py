"""The disk is full in the middle of a job, and has room again: nothing lost, nothing done twice."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from tests.faults.accounts import everybody_leaves
from tests.faults.disks import small_disk
from tests.integration.test_market_service import market_on
from tests.unit.marketplace.market_events import contents
from tests.unit.node.content import publish
from tests.worlds import WAIT_S, Start, World, finish, nodes, world

from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.chain.events import JobAssigned, JobCommitted, JobRevealed, JobSettled
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.loop import Indexer
from neurovoyance.marketplace.indexer.store import IndexStore
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


async def test_a_full_disk_under_the_index(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", 64) as disk,
        DevnetThread(block_interval_s=None) as devnet,
    ):
        if not disk.is_mounted:
            pytest.skip("Only root can make a small disk; a limit would hold for pytest, too.")
        async with market_on(devnet.url, tmp_path) as market:
            contracts = market.contracts
            small = Database(f"sqlite:///{disk.folder / 'index.sqlite'}")
            whole = Database(f"sqlite:///{tmp_path / 'whole.sqlite'}")
            indexers = [
                Indexer(
                    contracts.client,
                    contracts.deployment,
                    IndexStore(database, contracts.deployment),
                    poll_s=0.01,
                )
                for database in (small, whole)
            ]
            await indexers[0].to_head()
            disk.fill(os.getpid())
            following = asyncio.create_task(indexers[0].run())
            await market.finish(await market.hire())
            async with asyncio.timeout(WAIT_S):
                while "database" not in indexers[0].progress.last_error:
                    await asyncio.sleep(0.01)
                assert not following.done()
                disk.free(os.getpid())
                head = await contracts.client.block_number()
                while indexers[0].progress.block < head or indexers[0].progress.last_error:
                    await asyncio.sleep(0.01)
            following.cancel()
            await indexers[1].to_head()
            assert contents(small) == contents(whole)
            for database in (small, whole):
                database.close()
