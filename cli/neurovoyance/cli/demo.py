"""``neurovoyance demo``: a whole market on this machine, real jobs, and one node that is killed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurovoyance.cli.options import JsonOption


def demo(
    keep: Annotated[
        Path | None,
        typer.Option("--keep", help="Keep logs, results and receipts in this folder."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run a private chain, three nodes and a client; have files classified, checked and paid."""
    import asyncio

    from neurovoyance.cli.demo_report import print_report, report_json
    from neurovoyance.cli.demo_run import DemoRun
    from neurovoyance.cli.output import emit_json

    run = DemoRun(keep=keep, is_silent=as_json)
    report = asyncio.run(run.play())
    if as_json:
        emit_json(report_json(report))
    else:
        print_report(report)
    if report.faults:
        raise typer.Exit(1)
