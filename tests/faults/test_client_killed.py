"""A client's process is killed around every step of a job; the next one has it, paid once.

One market and one node for many deaths; the client's home lives through all of them.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.dying_buyer import STEPS
from tests.faults.accounts import everybody_leaves
from tests.integration.test_matching import settings_for
from tests.unit.node.content import INPUT, WEIGHTS, tiny_model
from tests.worlds import WAIT_S, Start, World, nodes, world

from neurovoyance.chain.events import JobAssigned, JobCommitted, JobRevealed, JobSettled
from neurovoyance.client.opening import open_from_profile
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState

__all__ = ["nodes", "world"]

USUAL = ["sent"]


async def died(home: Path, model: Path, step: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.dying_buyer", str(home), str(model), step),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert await asyncio.wait_for(process.wait(), WAIT_S) == -signal.SIGKILL, step


async def killed_at(world: World, start: Start, steps: list[str]) -> None:
    home = settings_for(world).home
    model = world.folder / "tiny.onnx"
    model.write_bytes(tiny_model())
    await start()
    await world.wait_until_answering()
    for number, step in enumerate(steps, 1):
        await died(home, model, step)
        async with await open_from_profile(home) as client:
            jobs = await client.jobs()
            assert len(jobs) == number, f"{step}: found again, and none twice"
            newest = max(jobs, key=lambda job: job.order.made_s)
            await asyncio.wait_for(newest.wait(), WAIT_S)
            np.testing.assert_allclose((await newest.result())["y"], INPUT @ WEIGHTS, rtol=1e-6)
            assert [len(job.attempts) for job in jobs] == [1] * number
            job_id = JobId(newest.current.job_id)
        assert (await world.contracts.market.job(job_id)).state is JobState.SETTLED, step
        events = await world.events(job_id)
        for kind in (JobAssigned, JobCommitted, JobRevealed, JobSettled):
            assert sum(isinstance(event, kind) for event in events) == 1, step
    books = await everybody_leaves(world)
    assert len(books.jobs) == len(steps)


async def test_a_client_killed_in_the_middle_has_one_job_and_pays_once(
    world: World, nodes: Start
) -> None:
    await killed_at(world, nodes, USUAL)


@pytest.mark.slow
async def test_a_client_killed_at_every_other_step(world: World, nodes: Start) -> None:
    await killed_at(world, nodes, [step for step in STEPS if step not in USUAL])
