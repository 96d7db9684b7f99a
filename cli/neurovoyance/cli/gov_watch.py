"""``neurovoyance gov watch``: tells what happens to proposals, here, to a webhook or as RSS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurovoyance.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from neurovoyance.governance.noticing import Notice

MARKS = "gov-watch.json"


def watch(
    webhook: Annotated[
        str | None, typer.Option("--webhook", metavar="URL", help="POST each notice as JSON here.")
    ] = None,
    rss: Annotated[
        Path | None, typer.Option("--rss", help="Keep the notices in this RSS file.")
    ] = None,
    every: Annotated[
        float, typer.Option("--every", min=1, help="Seconds between two looks.")
    ] = 60.0,
    once: Annotated[bool, typer.Option("--once", help="Look once and end, for cron.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell new proposals, changes of state, quorum and the last 24 hours; each thing once."""
    from neurovoyance.cli.opened import run

    run(_watch(webhook, rss, every, once, home, as_json))


async def _watch(
    url: str | None,
    rss: Path | None,
    every_s: float,
    once: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    import asyncio

    from neurovoyance.cli.gov_parts import governed
    from neurovoyance.cli.opened import home_of
    from neurovoyance.cli.output import emit_json
    from neurovoyance.governance import watching
    from neurovoyance.protocol.errors import NeurovoyanceError

    sinks = [watching.webhook(url)] if url else []
    sinks += [watching.rss_file(rss)] if rss else []
    async with governed(home) as (governance, _):
        watcher = watching.Watcher(governance, home_of(home) / MARKS, sinks)
        while True:
            try:
                fresh = await watcher.look()
            except NeurovoyanceError as error:
                if once or not error.retryable:
                    raise
                _complain(error)
                fresh = []
            if as_json and (fresh or once):
                emit_json({"notices": [notice.to_json() for notice in fresh]})
            elif not as_json:
                _print(fresh)
            if once:
                return
            await asyncio.sleep(every_s)


def _print(notices: list[Notice]) -> None:
    from neurovoyance.cli.gov_parts import local, say
    from neurovoyance.governance.proposal_file import id_hex

    for notice in notices:
        number = id_hex(notice.proposal_id)[:12]
        say(f"{local(notice.time_s)}  {number}  {notice.words}  ({notice.title})")


def _complain(error: Exception) -> None:
    from neurovoyance.cli.output import console

    console(stderr=True).print(f"{error} Trying again.", markup=False)
