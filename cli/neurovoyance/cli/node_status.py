"""``neurovoyance node status``: a live screen of a node: state and reason, money, work, health."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurovoyance.cli.node_start import ConfigOption
from neurovoyance.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from neurovoyance.cli.status_facts import Facts, Looker

REFRESH_S = 2.0


def status(
    url: Annotated[
        str | None, typer.Option("--url", help="Node to ask; your own if omitted.")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Print it once; a pipe gets no more anyway.")
    ] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a node does and why, its stake, its earnings and when they come, its health.

    On a terminal the screen follows the node until Ctrl-C.
    """
    from neurovoyance.cli.opened import run

    try:
        run(_status(url, once, config, home, as_json))
    except KeyboardInterrupt:
        # The ordinary way to leave the screen.
        raise typer.Exit(0) from None


async def _status(
    url: str | None, once: bool, config: Path | None, home: Path | None, as_json: bool
) -> None:
    import sys
    from contextlib import AsyncExitStack

    from neurovoyance.cli.node_chain import own_settings
    from neurovoyance.cli.opened import home_of
    from neurovoyance.cli.output import console, emit_json
    from neurovoyance.cli.status_facts import Looker, require_settings, url_of
    from neurovoyance.cli.status_screen import screen

    folder = home_of(home)
    settings = own_settings(config, home)
    base = url or url_of(require_settings(settings, folder))
    async with AsyncExitStack() as stack:
        contracts = await _contracts(settings, folder, stack)
        # A node that was named need not be ours: its owner's part is not asked for.
        looker = Looker(base, None if url else settings, contracts)
        facts = await looker.look()
        if as_json:
            emit_json(facts_json(facts))
        elif once or not sys.stdout.isatty():
            console().print(screen(facts))
        else:
            await _follow(looker, facts)


async def _contracts(settings: Any, folder: Path, stack: Any) -> Any:
    """Return the contracts to read money from; None where no chain answers."""
    from neurovoyance.cli.node_chain import reading
    from neurovoyance.protocol.errors import ChainError, ConfigError

    try:
        return await stack.enter_async_context(reading(settings, folder))
    except (ChainError, ConfigError):
        return None


async def _follow(looker: Looker, facts: Facts) -> None:
    """Draw the screen anew until Ctrl-C; a node that went away is said so and looked for."""
    import asyncio

    from rich.live import Live
    from rich.text import Text

    from neurovoyance.cli.output import console
    from neurovoyance.cli.status_screen import screen
    from neurovoyance.protocol.errors import Unreachable

    with Live(screen(facts), console=console(), screen=True, auto_refresh=False) as live:
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                live.update(screen(await looker.look()), refresh=True)
            except Unreachable as error:
                live.update(Text(f"\n  {error.message}\n  {error.hint}"), refresh=True)


def facts_json(facts: Facts) -> dict[str, Any]:
    """Return one look as JSON values: the node's answer, and what it means."""
    from neurovoyance.cli.status_words import earned_words, health_of, progress_of, state_of

    state = state_of(facts)
    return {
        "url": facts.url,
        **facts.answer,
        "executions": [
            {
                **item,
                "step": progress_of(item["phase"])[0],
                "steps": progress_of(item["phase"])[1],
                "earned": earned_words(item, facts.money),
            }
            for item in facts.answer["executions"]
        ],
        "state": {"word": state.word, "why": state.why, "next": state.advice},
        "money": facts.money.as_json() if facts.money else None,
        "health": [{"ok": is_well, "what": words} for is_well, words in health_of(facts)],
        "missing": facts.missing,
        "owner": facts.owner,
    }
