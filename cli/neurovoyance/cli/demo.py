"""``neurovoyance demo``: a whole market on this machine, real jobs, and one node that is killed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurovoyance.cli.options import JsonOption

if TYPE_CHECKING:
    from neurovoyance.cli.demo_run import DemoReport
    from neurovoyance.cli.local_network import LocalNetwork


def demo(
    keep: Annotated[
        Path | None,
        typer.Option("--keep", help="Keep logs, results and receipts in this folder."),
    ] = None,
    stay: Annotated[
        bool | None,
        typer.Option(
            "--stay/--no-stay",
            help="Keep the network and its pages open in the end, until Ctrl-C.  "
            "[default: in a terminal, while somebody looks at the pages]",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run a private chain, three nodes and a client; have files classified, checked and paid."""
    import asyncio
    import sys
    from functools import partial

    from neurovoyance.cli.demo_report import print_report, report_json
    from neurovoyance.cli.demo_run import DemoRun
    from neurovoyance.cli.local_services import Services, has_pages, missing_for_market
    from neurovoyance.cli.output import emit_json

    has_market = missing_for_market() is None
    wants = stay if stay is not None else sys.stdin.isatty() and sys.stdout.isatty()
    stays = wants and has_market and not as_json and has_pages()
    run = DemoRun(
        keep=keep,
        is_silent=as_json,
        services=Services(has_market=has_market),
        on_end=partial(_stay, is_patient=stay is True) if stays else None,
    )
    report = asyncio.run(run.play())
    if as_json:
        emit_json(report_json(report))
    elif not stays:
        print_report(report)
    if report.faults:
        raise typer.Exit(1)


async def _stay(network: LocalNetwork, report: DemoReport, *, is_patient: bool) -> None:
    """Print the report and keep the network for whoever wants to click."""
    import asyncio
    import signal

    from neurovoyance.cli.demo_report import print_report
    from neurovoyance.cli.demo_stay import UNSEEN_S, until_nobody_looks
    from neurovoyance.cli.output import console
    from neurovoyance.cli.processes import stop_all

    print_report(report)
    if report.faults or network.market is None:
        return
    # Its part is played: the cheapest offer would win whoever comes now, and the work be rejected.
    cheats = [node.child for node in network.nodes if node not in network.honest]
    await asyncio.to_thread(stop_all, cheats)
    ends = "Ctrl-C ends it"
    if not is_patient:
        ends += f", and it ends by itself if nobody opens the page within {UNSEEN_S:.0f} s"
    console().print(
        f"  The network still runs. Open {network.market.url} and press "
        f'"Try it with demo money";\n  no wallet is needed. {ends}.\n',
        markup=False,
        soft_wrap=True,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await until_nobody_looks(network.market.url, stop, is_patient=is_patient)
