"""A node is lost in the middle of a job; restored elsewhere from its backup, it finishes it."""

from __future__ import annotations

import asyncio
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from tests.ledgers import explained
from tests.unit.node.content import publish
from tests.worlds import WAIT_S, Start, World, check_result, finish, nodes, world

from neurovoyance.node.operations.backup import collect, restore
from neurovoyance.node.operations.bundle import pack, unpack
from neurovoyance.node.operations.ledger import Reason
from neurovoyance.node.settings import load_settings
from neurovoyance.protocol.ids import hex_of

__all__ = ["nodes", "world"]


@pytest.mark.parametrize("crash_at", ["after:accept", "after:commit"])
async def test_a_restored_node_finishes_the_job_in_flight(
    world: World, nodes: Start, tmp_path: Path, crash_at: str
) -> None:
    spec = await publish(world.storage)
    process = await nodes(crash_at)
    job_id = await world.post(spec)
    assert await asyncio.wait_for(process.wait(), WAIT_S) == -signal.SIGKILL, world.log()
    config = world.provider.folder / "node.toml"
    settings = load_settings(config, {})
    archive = pack(await collect(tmp_path / "nobody", settings, config))
    shutil.rmtree(settings.data_dir)  # the machine is gone

    home = tmp_path / "restored"
    await restore(unpack(archive), home)
    party = replace(world.provider, folder=home / "elsewhere")
    party.settings |= {"data_dir": str(load_settings(home / "node" / "node.toml", {}).data_dir)}
    process = await nodes(party=party)
    await finish(world, job_id, process)
    await check_result(world, job_id)
    ledger = await explained(world.contracts, world.provider.address)
    assert [row.reason for row in ledger.of_subject(hex_of(job_id))] == [Reason.JOB]
