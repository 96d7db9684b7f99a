"""A report is built from runs on disk, plays nothing twice, and is whole."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.unit.tokenomics.simulation.conftest import SEEDS

from neurovoyance.tokenomics.simulation.plan import HURDLES, LATE_RULES, main_jobs, runs_folder
from neurovoyance.tokenomics.simulation.report.build import Built
from neurovoyance.tokenomics.simulation.report.figures import FIGURES
from neurovoyance.tokenomics.simulation.report.words import PICTURES
from neurovoyance.tokenomics.simulation.scenarios import SCENARIOS


def test_current_runs_are_not_played_again(report: tuple[Path, Built]) -> None:
    assert report[1].played == 0


def test_page_pictures_gates_and_markdown_are_there(report: tuple[Path, Built]) -> None:
    out, built = report
    names = {path.name for path in built.files}
    assert {f"{one.name}.png" for one in FIGURES} < names
    assert {"report.html", "report.md", "gates.json", "simulation.md"} < names
    assert all(path.stat().st_size > 500 for path in built.files)
    docs = (out / "simulation.md").read_text()
    assert docs.replace("](figures/", "](./") == (out / "report.md").read_text()
    shown = re.findall(r"\]\((figures/\w+\.png)\)", docs)
    assert len(shown) == len(PICTURES)
    assert all((out / name).read_bytes().startswith(b"\x89PNG") for name in shown)


def test_gates_are_readable_by_programs(report: tuple[Path, Built]) -> None:
    out, built = report
    shown = json.loads((out / "gates.json").read_text())
    assert [row["gate"] for row in shown["gates"]] == [gate.key for gate in built.gates]
    assert len(shown["meta"]["code"]) == 64


def test_runs_are_sorted_by_what_they_are_for(report: tuple[Path, Built]) -> None:
    made = report[1].runs
    assert list(made.ours) == list(SCENARIOS)
    assert "bear/livepeer-like" in made.compared
    assert "attack/standardQuorumBps=2000" in made.mended
    assert "burnBps=100" in made.swung
    assert {f"attack/{name}" for name in LATE_RULES} < set(made.mended)
    assert list(made.hurdles) == list(HURDLES)
    assert (runs_folder(report[0]) / main_jobs(SEEDS)[0].file).exists()
