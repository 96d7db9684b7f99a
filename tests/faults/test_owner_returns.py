"""The owner of a machine comes back in mid-job: its node stops there and then, and ends rightly."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
from tests.faults.accounts import CLIENT, OWNER, assert_balanced, everybody_leaves
from tests.unit.node.content import input_file, publish
from tests.unit.node.farm.orders import counting
from tests.worlds import FUNDS_WEI, WAIT_S, Start, World, finish, nodes, world

from neurovoyance.chain.events import (
    JobAssigned,
    JobCancelled,
    JobCommitted,
    JobRevealed,
    JobSettled,
)
from neurovoyance.node.execution_values import Margins
from neurovoyance.protocol.ids import JobId, hex_of
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.manifest import TensorSpec
from neurovoyance.protocol.units import nvy

__all__ = ["nodes", "world"]

ROUNDS = 900_000
"""About two and a half seconds of one core."""
BLOCKS = 4
RUNTIME_S = 20
"""The longest run that the client allows; a job is handed back when the owner stays a quarter."""


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
    process, job_id = await interrupted(world, nodes, owner)
    assert (await world.contracts.market.job(job_id)).state is JobState.ASSIGNED
    owner.unlink()
    await finish(world, job_id, process)
    events = await world.events(job_id)
    for kind in (JobAssigned, JobCommitted, JobRevealed, JobSettled):
        assert sum(isinstance(event, kind) for event in events) == 1
    await everybody_leaves(world)


async def test_a_job_whose_owner_stays_is_handed_back_early_and_costs_nothing(
    world: World, nodes: Start, tmp_path: Path
) -> None:
    owner = world.devnet.wallet(OWNER).address
    stake_wei = (await assert_balanced(world)).stake_of(owner).own_wei
    process, job_id = await interrupted(world, nodes, tmp_path / "is here", max_runtime_s=RUNTIME_S)
    record = await world.contracts.market.job(job_id)
    assert (record.state, record.lock_wei > 0) == (JobState.ASSIGNED, True)
    left_s = record.deadline_s - await world.chain.time_s()
    await world.control.increase_time(left_s - RUNTIME_S - Margins().commit_s)
    await world.wait_for(job_id, JobState.CANCELLED, process=process)
    handed_back_s = await world.chain.time_s()
    assert handed_back_s < record.deadline_s - Margins().commit_s, "time is left for another node"
    events = await world.events(job_id)
    assert [type(event) for event in events if isinstance(event, JobCancelled | JobCommitted)] == [
        JobCancelled
    ]
    books = await assert_balanced(world)
    assert books.stake_of(owner).own_wei == stake_wei
    assert books.jobs[job_id].refunded_wei == nvy("1"), "all that the listing held"
    assert books.jobs[job_id].lock_wei == 0
    assert books.free_wei[world.devnet.wallet(CLIENT).address] == FUNDS_WEI
    async with asyncio.timeout(WAIT_S):
        while await phase_of(world, hex_of(job_id)) != "ended" or engines(process.pid):
            await asyncio.sleep(0.05)
    await everybody_leaves(world)


async def interrupted(
    world: World, nodes: Start, owner: Path, **terms: int
) -> tuple[asyncio.subprocess.Process, JobId]:
    """Have a node take a long job and its owner return to it; all its engines stand still then."""
    world.provider.entry = ("-m", "tests.faults.returning_owner", str(owner))
    world.settings["idle"] = "idle"
    process = await nodes()
    whole = {"name": "x", "dtype": "int64", "shape": ["1"]}
    spec = await publish(
        world.storage,
        model=counting(ROUNDS).SerializeToString(),
        given=input_file(x=np.array([5])),
        spec={"batch": 1, **terms},
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
    return process, job_id


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
