"""Puts a report together: plays what is missing, judges, draws, writes.

Place: what ``neurovoyance sim report`` calls. Data flow: jobs to files, files to :class:`Material`,
material to gates and figures, both to ``report.html``, PNGs, ``gates.json`` and Markdown.
Never: a report of runs that differ in code, parameters or seeds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurovoyance.tokenomics.simulation.farm import Progress, play_all
from neurovoyance.tokenomics.simulation.plan import (
    compared_jobs,
    hurdle_jobs,
    main_jobs,
    mend_jobs,
    report_jobs,
    runs_folder,
    swing_jobs,
)
from neurovoyance.tokenomics.simulation.record import load
from neurovoyance.tokenomics.simulation.report.figures import FIGURES, Material
from neurovoyance.tokenomics.simulation.report.gates import Gate, judge
from neurovoyance.tokenomics.simulation.report.markdown import markdown
from neurovoyance.tokenomics.simulation.report.page import page
from neurovoyance.tokenomics.simulation.report.words import PICTURES

DOCS_FIGURES = "figures"


@dataclass(frozen=True, slots=True)
class Built:
    """What a report is made of.

    Attributes:
        gates: all gates, failures first.
        files: what was written.
        played: runs played anew.
        runs: all runs of the report.
    """

    gates: list[Gate]
    files: list[Path]
    played: int
    runs: Material


def material(out: Path, seeds: int) -> Material:
    """Read the runs of a report back."""
    folder = runs_folder(out)
    ours = {job.scenario: load(folder / job.file) for job in main_jobs(seeds)}
    compared = {
        f"{job.scenario}/{job.policy}": load(folder / job.file) for job in compared_jobs(seeds)
    }
    swung, mended = {}, {}
    for job in swing_jobs(seeds):
        name, value = job.world or job.param or ("", 0)
        swung[f"{name}={value:g}" if job.world else f"{name}={value}"] = load(folder / job.file)
    for job in mend_jobs(seeds):
        key = f"{job.param[0]}={job.param[1]}" if job.param else job.policy
        mended[f"{job.scenario}/{key}"] = load(folder / job.file)
    hurdles = {job.world[1]: load(folder / job.file) for job in hurdle_jobs(seeds) if job.world}
    return Material(ours, compared, swung, mended, hurdles)


def build(
    out: Path,
    *,
    seeds: int,
    days: int,
    workers: int = 1,
    docs: Path | None = None,
    progress: Progress | None = None,
) -> Built:
    """Play what is missing and write the report.

    Args:
        out: folder of the report; runs lie below it and are used again.
        seeds: seeds of the main runs.
        days: length of each run.
        workers: processes.
        docs: where a Markdown copy of the figures goes as well.
        progress: told how many runs are done.
    """
    jobs = report_jobs(seeds)
    played = play_all(jobs, runs_folder(out), workers=workers, days=days, progress=progress)
    runs = material(out, seeds)
    gates = judge(runs.ours)
    files = []
    pictures = {}
    for drawn in FIGURES:
        pictures[drawn.name] = drawn.png(runs)
        files.append(out / f"{drawn.name}.png")
        files[-1].write_bytes(pictures[drawn.name])
    text = markdown(gates, runs)
    for path, content in (
        (out / "report.html", page(gates, runs, pictures)),
        (out / "report.md", text),
        (out / "gates.json", gates_json(gates, runs)),
    ):
        path.write_text(content, encoding="utf-8")
        files.append(path)
    if docs is not None:
        files += _write_docs(docs, markdown(gates, runs, DOCS_FIGURES), pictures)
    return Built(gates, files, played, runs)


def _write_docs(docs: Path, text: str, pictures: Mapping[str, bytes]) -> list[Path]:
    """Write the Markdown copy and the few pictures that it shows, in a folder beside it."""
    folder = docs.parent / DOCS_FIGURES
    folder.mkdir(parents=True, exist_ok=True)
    docs.write_text(text, encoding="utf-8")
    made = [docs]
    for name in PICTURES:
        made.append(folder / f"{name}.png")
        made[-1].write_bytes(pictures[name])
    return made


def gates_json(gates: Sequence[Gate], runs: Material) -> str:
    """Return the gates with every scenario, for programs."""
    rows = [
        {
            "gate": gate.key,
            "title": gate.title,
            "needed": gate.needed,
            "passed": gate.is_passed,
            "scenarios": [
                {"name": one.scenario, "share": one.share, "low": one.low, "high": one.high,
                    "detail": one.detail}
                for one in gate.verdicts
            ],
        }
        for gate in gates
    ]  # fmt: skip
    return json.dumps({"meta": dict(runs.ours["base"].meta), "gates": rows}, indent=1) + "\n"
