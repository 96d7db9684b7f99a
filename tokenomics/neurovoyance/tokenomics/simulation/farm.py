"""Plays many runs on several cores; each worker writes its files, nothing is sent between them.

Place: called by the command line. Data flow: jobs go round-robin to forked workers; results lie in
``runs/`` as ``.npz`` and are read back only if code, parameters and seeds are the same.
Never: a pickle; a half-written file that looks whole (it is renamed into place).
"""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from neurovoyance.protocol.errors import InternalError
from neurovoyance.tokenomics.simulation.assumptions import World, world_with
from neurovoyance.tokenomics.simulation.draws import Draws, draw
from neurovoyance.tokenomics.simulation.engine import DAYS, code_hash, params_hash, simulate
from neurovoyance.tokenomics.simulation.plan import Job
from neurovoyance.tokenomics.simulation.record import Run
from neurovoyance.tokenomics.simulation.scenarios import SCENARIOS

Progress = Callable[[int, int], None]


@lru_cache(maxsize=2)
def _chance(seeds: int, days: int) -> Draws:
    return draw(seeds, days)


def play(job: Job, days: int = DAYS) -> Run:
    """Play one job."""
    world = world_with(World(), **dict([job.world])) if job.world else World()
    return simulate(
        job.rules(),
        SCENARIOS[job.scenario],
        seeds=job.seeds,
        days=days,
        world=world,
        chance=_chance(job.seeds, days),
    )


def is_current(path: Path, job: Job, days: int = DAYS) -> bool:
    """Return whether a file holds this very run."""
    if not path.exists():
        return False
    with np.load(path, allow_pickle=False) as file:
        meta = json.loads(file["meta"].tobytes())
    wanted = {"seeds": job.seeds, "days": days, "code": code_hash(), "params": params_hash()}
    return all(meta.get(name) == value for name, value in wanted.items())


def save(run: Run, path: Path) -> None:
    """Write a run so that it is there whole or not at all."""
    part = path.with_suffix(".part")
    run.save(part)
    part.rename(path)


def play_all(
    jobs: Sequence[Job],
    folder: Path,
    *,
    workers: int = 1,
    days: int = DAYS,
    progress: Progress | None = None,
) -> int:
    """Play the jobs whose files are missing or stale; return how many were played.

    Args:
        jobs: what to play; doubles are played once.
        folder: where the files lie; it is made.
        workers: processes beside this one.
        days: length of each run.
        progress: told how many are done and how many there are.

    Raises:
        InternalError: a worker died.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unique = {job.file: job for job in jobs}
    todo = [job for name, job in unique.items() if not is_current(folder / name, job, days)]
    for job in todo:
        (folder / job.file).unlink(missing_ok=True)
    can_fork = "fork" in multiprocessing.get_all_start_methods()
    if workers <= 1 or len(todo) <= 1 or not can_fork:
        for done, job in enumerate(todo):
            _play_into(folder, [job], days)
            if progress:
                progress(done + 1, len(todo))
        return len(todo)
    _spread(todo, folder, workers, days, progress)
    return len(todo)


def _play_into(folder: Path, jobs: Sequence[Job], days: int) -> None:
    for job in jobs:
        save(play(job, days), folder / job.file)


def _spread(
    todo: Sequence[Job], folder: Path, workers: int, days: int, progress: Progress | None
) -> None:
    """Give every worker each n-th job, heavy and light ones alike, and wait."""
    context = multiprocessing.get_context("fork")
    made = [
        context.Process(target=_play_into, args=(folder, todo[index::workers], days))
        for index in range(workers)
    ]
    for process in made:
        process.start()
    while any(process.is_alive() for process in made):
        time.sleep(0.2)
        if progress:
            progress(sum((folder / job.file).exists() for job in todo), len(todo))
    for process in made:
        process.join()
        if process.exitcode:
            raise InternalError(
                "A worker of the simulation died; the runs that it finished are kept.",
                hint="Run the command again; it continues. With --workers 1 the reason is shown.",
            )
