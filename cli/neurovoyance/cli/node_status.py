"""``neurovoyance node status``: what a node says of itself: health, work, stake, earnings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from neurovoyance.cli.node_start import ConfigOption
from neurovoyance.cli.options import HomeOption, JsonOption

MAX_ANSWER_BYTES = 1 << 20


def status(
    url: Annotated[
        str | None, typer.Option("--url", help="Node to ask; your own if omitted.")
    ] = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a node's health, jobs, audits, disputes, stake, seats and earnings."""
    import asyncio

    from neurovoyance.cli.output import emit_json

    base = url or _own_url(config, home)
    answer = asyncio.run(_ask(base.rstrip("/")))
    owner = None if url else _owner_view(config, home)
    if as_json:
        emit_json({"url": base, **answer, "owner": owner})
    else:
        _print(base, answer, owner)


def _owner_view(config: Path | None, home: Path | None) -> dict[str, Any] | None:
    """Return what only the owner may know, or None where the node runs on another machine."""
    from neurovoyance.cli.node_control import ask_owner
    from neurovoyance.cli.node_start import config_path
    from neurovoyance.node.settings import load_settings
    from neurovoyance.protocol.errors import NeurovoyanceError

    try:
        return ask_owner(load_settings(config_path(config, home)))
    except NeurovoyanceError:
        return None


def _own_url(config: Path | None, home: Path | None) -> str:
    from neurovoyance.cli.node_start import config_path
    from neurovoyance.node.settings import load_settings

    settings = load_settings(config_path(config, home))
    return settings.endpoint or f"http://{settings.listen_host}:{settings.listen_port}"


async def _ask(base: str) -> dict[str, Any]:
    import json

    import aiohttp

    from neurovoyance.protocol.errors import Unreachable

    answers: dict[str, Any] = {}
    timeout = aiohttp.ClientTimeout(total=10)
    try:
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
            for name in ("status", "executions"):
                async with session.get(f"{base}/v1/{name}", allow_redirects=False) as response:
                    response.raise_for_status()
                    answers[name] = json.loads(await response.content.read(MAX_ANSWER_BYTES))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise Unreachable(
            f"The node at {base} does not answer: {str(error) or type(error).__name__}.",
            hint="Start it with `neurovoyance node start`; its log says why it ended.",
            url=base,
        ) from error
    return {**answers["status"], **answers["executions"]}


def _print(base: str, answer: dict[str, Any], owner: dict[str, Any] | None = None) -> None:
    from neurovoyance.cli.node_control import control_rows
    from neurovoyance.cli.output import console, nvy, short, table, when

    out = console()
    jobs, stake, prices = answer["jobs"], answer["stake"], answer["prices"]
    health = "resting, takes no new jobs" if answer.get("is_paused") else "working"
    if answer["is_draining"]:
        health = "stopping, takes no new jobs"
    rows = [
        ("node", f"{base}, {health}"),
        ("provider", answer["provider"]),
        ("stake", f"{nvy(int(stake['own_wei']))}, {nvy(int(stake['locked_wei']))} behind jobs"),
        ("earned", f"{nvy(int(answer['earned_wei']))} to be harvested"),
        ("jobs", f"{jobs['live']} live, {jobs['occupied']} in work, {jobs['promised']} offered"),
        *_duty_rows(answer),
        *(control_rows(owner) if owner else ()),
        (
            "price",
            f"{nvy(int(prices['base_price_wei']))} and "
            f"{nvy(int(prices['price_per_second_wei']))} a second",
        ),
    ]
    out.print()
    for label, value in rows:
        out.print(f"  [dim]{label:<9}[/dim]  {value}", soft_wrap=True)
    refused = answer.get("refused") or {}
    if refused:
        counts = ", ".join(f"{count} {cause}" for cause, count in sorted(refused.items()))
        out.print(f"  [dim]{'refused':<9}[/dim]  {counts}", soft_wrap=True)
    executions = answer["executions"][:10]
    if executions:
        shown = table("job", "phase", "outcome", "price", "changed", right=("price",))
        for item in executions:
            shown.add_row(
                short(item["job_id"]),
                item["phase"],
                item["outcome"] or "",
                nvy(int(item["price_wei"])),
                when(int(item["changed_s"])),
            )
        out.print()
        out.print(shown)


def _duty_rows(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what the node promised beside its own jobs; nothing where there are no audits."""
    duties, seats = answer["duties"], answer["stake"]["seats"]
    if not duties["live"] and not seats:
        return []
    due = f", {duties['due']} must not be missed" if duties["due"] else ""
    return [
        ("seats", f"{seats}, each may be drawn to audit a job or to judge a dispute"),
        *((name, f"{count} live") for name, count in sorted(duties["live"].items())),
        ("duties", f"{duties['occupied']} in work{due}"),
    ]
