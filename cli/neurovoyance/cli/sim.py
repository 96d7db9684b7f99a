"""``neurovoyance sim``: play the economy for many seeds, and write the report of its gates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurovoyance.cli.options import JsonOption

if TYPE_CHECKING:
    from neurovoyance.tokenomics.simulation.record import Run
    from neurovoyance.tokenomics.simulation.report.build import Built

SHOWN = (
    ("retention", "lowest honest providers over their peak"),
    ("fees_over_emission", "fees over emission in year four"),
    ("worst_out", "largest 30-day outflow over circulating, after year one"),
    ("worst_bound", "largest weekly outflow over its bound"),
    ("price_end", "last price, USD"),
    ("providers_end", "providers at the end"),
    ("profit_median", "profit, USD a GPU and day"),
    ("ruined", "insurance ruined"),
)
DAYS = 5 * 365 + 2

OutOption = Annotated[Path, typer.Option("--out", help="Folder of runs and report; it is made.")]
SeedsOption = Annotated[int, typer.Option("--seeds", min=2, help="How many seeds, from 0 on.")]
DaysOption = Annotated[
    int, typer.Option("--days", min=28, help="Length of a run; gates need five years.", hidden=True)
]


def run(
    out: OutOption,
    scenario: Annotated[str, typer.Option("--scenario", help="What happens.")] = "base",
    policy: Annotated[str, typer.Option("--policy", help="Whose rules.")] = "ours",
    seeds: SeedsOption = 500,
    days: DaysOption = DAYS,
    as_json: JsonOption = False,
) -> None:
    """Play one scenario under one set of rules; unknown names list the choices."""
    from neurovoyance.tokenomics.simulation.farm import is_current, play, save
    from neurovoyance.tokenomics.simulation.plan import Job, runs_folder
    from neurovoyance.tokenomics.simulation.policies import policy_named
    from neurovoyance.tokenomics.simulation.record import load
    from neurovoyance.tokenomics.simulation.scenarios import scenario_named

    job = Job(scenario_named(scenario).name, policy_named(policy).name, seeds)
    path = runs_folder(out) / job.file
    path.parent.mkdir(parents=True, exist_ok=True)
    if not is_current(path, job, days):
        save(play(job, days), path)
    _show_run(load(path), path, as_json)


def report(
    out: OutOption,
    seeds: SeedsOption = 500,
    docs: Annotated[
        Path | None, typer.Option("--docs", help="Write a Markdown copy of the figures here.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes.")] = 2,
    days: DaysOption = DAYS,
    as_json: JsonOption = False,
) -> None:
    """Play every run of the report that is missing, judge the gates, and write one HTML file."""
    from neurovoyance.tokenomics.simulation.report.build import build

    built = build(
        out,
        seeds=seeds,
        days=days,
        workers=workers,
        docs=docs,
        progress=None if as_json else _tell,
    )
    _show_report(built, out, as_json)


def _tell(done: int, whole: int) -> None:
    """Keep one line with how far the runs are, where a person is looking."""
    import sys

    if sys.stderr.isatty():
        end = "\n" if done == whole else ""
        sys.stderr.write(f"\r  {done} of {whole} runs played{end}")
        sys.stderr.flush()


def _show_run(run: Run, path: Path, as_json: bool) -> None:
    import numpy as np

    from neurovoyance.cli.output import console, emit_json, table

    bands = {
        name: [float(value) for value in np.quantile(run.outcomes[name], (0.1, 0.5, 0.9))]
        for name, _ in SHOWN
    }
    if as_json:
        emit_json({**run.meta, "file": str(path), "outcomes": bands})
        return
    shown = table("outcome", "10 %", "median", "90 %", right=("10 %", "median", "90 %"))
    for name, words in SHOWN:
        shown.add_row(words, *(f"{value:.4g}" for value in bands[name]))
    console().print(shown)
    console().print(
        f"  {run.meta['scenario']} under {run.meta['policy']}, {run.meta['seeds']} seeds; {path}",
        soft_wrap=True,
    )


def _show_report(built: Built, out: Path, as_json: bool) -> None:
    from neurovoyance.cli.output import console, emit_json, table

    if as_json:
        emit_json({
            "report": str(out / "report.html"),
            "played": built.played,
            "gates": {gate.key: gate.is_passed for gate in built.gates},
        })  # fmt: skip
        return
    shown = table("gate", "", "needed", "seeds", "worst scenario", right=("needed", "seeds"))
    for gate in built.gates:
        verdict = "[green]passed[/green]" if gate.is_passed else "[bold red]FAILED[/bold red]"
        worst = gate.worst
        shown.add_row(
            gate.title, verdict, f"{gate.needed:.0%}", f"{worst.share:.2%}", worst.scenario
        )
    console().print(shown)
    console().print(f"  {len(built.files)} files; open {out / 'report.html'}", soft_wrap=True)
