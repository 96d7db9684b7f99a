"""The farm plays what is missing, uses again what is current, and forks without pickles."""

from __future__ import annotations

from pathlib import Path

from neurovoyance.tokenomics.simulation.farm import is_current, play_all
from neurovoyance.tokenomics.simulation.plan import Job
from neurovoyance.tokenomics.simulation.record import load

JOBS = [Job("base", "ours", 2), Job("bear", "no-vesting", 2), Job("base", "ours", 2)]


def test_runs_are_played_once(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    assert play_all(JOBS, tmp_path, days=28, progress=lambda *at: told.append(at)) == 2
    assert told[-1] == (2, 2)
    assert play_all(JOBS, tmp_path, days=28) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({job.file for job in JOBS})


def test_other_seeds_or_days_make_a_run_stale(tmp_path: Path) -> None:
    play_all(JOBS[:1], tmp_path, days=28)
    path = tmp_path / JOBS[0].file
    assert is_current(path, JOBS[0], 28)
    assert not is_current(path, JOBS[0], 35)
    assert not is_current(path, Job("base", "ours", 3), 28)
    assert not is_current(tmp_path / "none.npz", JOBS[0], 28)


def test_workers_give_the_same_runs(tmp_path: Path) -> None:
    play_all(JOBS, tmp_path / "one", days=28, workers=1)
    play_all(JOBS, tmp_path / "two", days=28, workers=2)
    for job in JOBS:
        runs = [load(tmp_path / folder / job.file) for folder in ("one", "two")]
        ends = [run.outcomes["price_end"].tolist() for run in runs]
        assert ends[0] == ends[1]


def test_a_changed_assumption_is_played_and_said(tmp_path: Path) -> None:
    job = Job("base", "ours", 2, world=("surplus_sold", 1.0))
    play_all([job], tmp_path, days=28)
    assert load(tmp_path / job.file).meta["world"] == {"surplus_sold": 1.0}
