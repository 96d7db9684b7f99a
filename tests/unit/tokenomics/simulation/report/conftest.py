"""One small report, built once from copies of a single short run, for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.tokenomics.simulation.conftest import SEEDS, YEAR, short_run

from neurovoyance.tokenomics.simulation.plan import report_jobs, runs_folder
from neurovoyance.tokenomics.simulation.report import style
from neurovoyance.tokenomics.simulation.report.build import Built, build
from neurovoyance.tokenomics.simulation.report.figures import Material

COARSE = 30  # dots an inch: enough to see that a figure is drawn


def fill(out: Path) -> None:
    """Lay a run for every job of a report, so that nothing has to be played."""
    folder = runs_folder(out)
    folder.mkdir(parents=True)
    made = short_run("base", "ours")
    first, *others = dict.fromkeys(job.file for job in report_jobs(SEEDS))
    made.save(folder / first)
    for name in others:
        (folder / name).hardlink_to(folder / first)


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Built]:
    """Return the folder and the outcome of a whole report."""
    out = tmp_path_factory.mktemp("report")
    fill(out)
    with pytest.MonkeyPatch.context() as coarse:
        coarse.setattr(style, "DPI", COARSE)
        return out, build(out, seeds=SEEDS, days=YEAR, docs=out / "simulation.md")


@pytest.fixture(scope="session")
def runs(report: tuple[Path, Built]) -> Material:
    """Return the runs of that report."""
    return report[1].runs
