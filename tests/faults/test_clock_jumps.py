"""The host's clock is set years forward and back under a job: promises are kept by chain time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.faults.accounts import everybody_leaves
from tests.unit.node.content import publish
from tests.worlds import Start, World, check_result, finish, nodes, world

from neurovoyance.chain.events import JobAssigned, JobCommitted, JobRevealed, JobSettled
from neurovoyance.protocol.lifecycle import JobState

__all__ = ["nodes", "world"]

YEAR_S = 366 * 86_400
FIRST, LATER = JobState.ASSIGNED, JobState.COMMITTED


@pytest.mark.parametrize(
    "jumps_s",
    [
        pytest.param((YEAR_S, -2 * YEAR_S), id="forward-then-back"),
        pytest.param((-YEAR_S, YEAR_S), id="back-then-forward", marks=pytest.mark.slow),
    ],
)
async def test_a_clock_that_jumps_twice_in_a_job(
    world: World, nodes: Start, tmp_path: Path, jumps_s: tuple[int, int]
) -> None:
    set_clock = _clock(world, tmp_path / "offset")
    process = await nodes()
    job_id = await world.post(await publish(world.storage))
    await world.wait_for(job_id, FIRST, LATER, JobState.REVEALED, process=process)
    set_clock(jumps_s[0])
    await world.wait_for(job_id, LATER, JobState.REVEALED, process=process)
    set_clock(jumps_s[1])
    await finish(world, job_id, process)
    await check_result(world, job_id)
    another = await world.post(await publish(world.storage))
    await finish(world, another, process)
    for job in (job_id, another):
        events = await world.events(job)
        for kind in (JobAssigned, JobCommitted, JobRevealed, JobSettled):
            assert sum(isinstance(event, kind) for event in events) == 1
    await everybody_leaves(world)


def _clock(world: World, path: Path) -> Callable[[int], None]:
    def set_clock(offset_s: int) -> None:
        new = path.with_suffix(".new")
        new.write_text(str(offset_s))
        new.replace(path)

    set_clock(0)
    world.provider.entry = ("-m", "tests.faults.jumping_clock", str(path))
    return set_clock
