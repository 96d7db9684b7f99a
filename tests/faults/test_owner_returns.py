"""The owner of a machine comes back in mid-job: its node stops there and then, and ends rightly."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
from tests.faults.accounts import everybody_leaves
from tests.unit.node.content import input_file, publish
from tests.unit.node.farm.orders import counting
from tests.worlds import WAIT_S, Start, World, finish, nodes, world

from neurovoyance.chain.events import JobAssigned, JobCommitted, JobRevealed, JobSettled
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.manifest import TensorSpec

__all__ = ["nodes", "world"]

ROUNDS = 900_000
"""About two and a half seconds of one core."""
BLOCKS = 4


def engines(pid: int) -> list[psutil.Process]:
    """Return the sandboxes of a node."""
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it ended meanwhile
            if "neurovoyance.node.runtime.child" in child.cmdline():
                found.append(child)
    return found


async def test_a_job_rests_while_the_owner_is_there_and_is_then_delivered(
    world: World, nodes: Start, tmp_path: Path
) -> None:
    owner = tmp_path / "is here"
    world.provider.entry = ("-m", "tests.faults.returning_owner", str(owner))
    world.settings["idle"] = "idle"
    process = await nodes()
    whole = {"name": "x", "dtype": "int64", "shape": ["1"]}
    spec = await publish(
        world.storage,
        model=counting(ROUNDS).SerializeToString(),
        given=input_file(x=np.array([5])),
        spec={"batch": 1},
        inputs=[TensorSpec.model_validate(whole)],
        tensors=[TensorSpec.model_validate(whole | {"name": "y"})],
    )
    job_id = await world.post(spec)
    async with asyncio.timeout(WAIT_S):
        while await phase_of(world, hex_of(job_id)) != "running":
            await asyncio.sleep(0.02)
        owner.touch()
        while not (found := engines(process.pid)) or any(map(moves, found)):
            await asyncio.sleep(0.02)
        last = await world.chain.block_number() + BLOCKS
        while await world.chain.block_number() < last:
            await asyncio.sleep(0.05)
    assert not any(map(moves, engines(process.pid)))
    assert (await world.contracts.market.job(job_id)).state is JobState.ASSIGNED
    owner.unlink()
    await finish(world, job_id, process)
    events = await world.events(job_id)
    for kind in (JobAssigned, JobCommitted, JobRevealed, JobSettled):
        assert sum(isinstance(event, kind) for event in events) == 1
    await everybody_leaves(world)


async def phase_of(world: World, job_id: str) -> str:
    """Return what the node says of a job; nothing before it began."""
    told = (await world.provider.get("/v1/executions"))["executions"]
    assert isinstance(told, list)
    return next((str(item["phase"]) for item in told if item["job_id"] == job_id), "")


def moves(process: psutil.Process) -> bool:
    try:
        return process.is_running() and bool(process.status() != psutil.STATUS_STOPPED)
    except psutil.NoSuchProcess:
        return True  # what ended was not stopped: look again
