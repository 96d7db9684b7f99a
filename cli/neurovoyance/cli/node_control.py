"""``neurovoyance node pause, snooze, resume, lend``: the owner's hand on a running node."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from neurovoyance.cli.node_start import ConfigOption
from neurovoyance.cli.options import HomeOption, JsonOption

MAX_ANSWER_BYTES = 1 << 20
_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def pause(
    config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Stop all computing at once, until you say `neurovoyance node resume`.

    What was taken keeps its deadline: a job that is not resumed in time costs a part of its lock.
    """
    _say({"rest": True}, config, home, as_json)


def resume(
    config: ConfigOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """End a pause or a snooze; the limits of the settings hold again."""
    _say({"rest": False}, config, home, as_json)


def snooze(
    time: Annotated[str, typer.Argument(metavar="TIME", help="Such as 30m, 1h or 2d.")] = "1h",
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop all computing at once, for a time."""
    _say({"rest": True, "rest_s": seconds_of(time)}, config, home, as_json)


def lend(
    mode: Annotated[
        str | None, typer.Argument(metavar="[paid|volunteer]", help="Shows it if left out.")
    ] = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lend for pay, or as a volunteer: for one wei, to the clients that you listed.

    The list is `public_clients` in node.toml. Credit counts the jobs that you gave; each stands on
    chain, and it can be neither sold nor passed on.
    """
    from neurovoyance.protocol.errors import SpecError

    if mode not in (None, "paid", "volunteer"):
        raise SpecError(
            f"There is no way to lend called {mode!r}; say paid or volunteer.",
            hint="For example: neurovoyance node lend volunteer. The node lends as it did.",
        )
    _say({"lend": mode} if mode else None, config, home, as_json)


def seconds_of(text: str) -> int:
    """Return the seconds in a time such as ``90s``, ``30m``, ``1h`` or ``2d``.

    Raises:
        SpecError: it has another form, or is nothing at all.
    """
    from neurovoyance.protocol.errors import SpecError

    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text)
    if found is None:
        raise SpecError(
            f"{text!r} is no time to rest; write 30m, 1h or 2d.",
            hint="For example: neurovoyance node snooze 1h. The node goes on as it did.",
        )
    return int(found[1]) * _UNITS_S[found[2]]


def _say(
    wish: dict[str, Any] | None, config: Path | None, home: Path | None, as_json: bool
) -> None:
    from neurovoyance.cli.node_start import config_path
    from neurovoyance.cli.output import console, emit_json
    from neurovoyance.node.settings import load_settings

    state = ask_owner(load_settings(config_path(config, home)), wish)
    if as_json:
        emit_json(state)
        return
    out = console()
    out.print()
    for label, value in control_rows(state):
        out.print(f"  [dim]{label:<9}[/dim]  {value}", soft_wrap=True)
    if wish is None:
        out.print(f"  [dim]{'for':<9}[/dim]  {', '.join(state['public_clients']) or 'nobody'}")
    out.print()


def ask_owner(settings: Any, wish: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the owner's view of a node on this machine, after a wish if there is one.

    Raises:
        AccessDenied: the token in the data directory is not the node's.
        Unreachable: no node answers.
    """
    import asyncio

    return asyncio.run(_ask(settings, wish))


async def _ask(settings: Any, wish: dict[str, Any] | None) -> dict[str, Any]:
    import json

    import aiohttp

    from neurovoyance.node.control_api import PATH, TOKEN_NAME
    from neurovoyance.protocol.errors import Unreachable, from_wire

    # A node that listens everywhere is asked here.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.listen_host, settings.listen_host)  # noqa: S104
    base = f"http://{f'[{host}]' if ':' in host else host}:{settings.listen_port}"
    timeout = aiohttp.ClientTimeout(total=10)
    try:
        token = (settings.data_dir / TOKEN_NAME).read_text(encoding="ascii").strip()
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
            method = "GET" if wish is None else "POST"
            async with session.request(
                method, base + PATH, json=wish, headers=headers, allow_redirects=False
            ) as response:
                answer = json.loads(await response.content.read(MAX_ANSWER_BYTES))
                if response.status != 200:
                    raise from_wire(answer)
                return dict(answer)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise Unreachable(
            f"No node of these settings runs here: {str(error) or type(error).__name__}.",
            hint="Start it with `neurovoyance node start`.",
            url=base,
        ) from error


def control_rows(state: dict[str, Any]) -> list[tuple[str, str]]:
    """Return label and words of what the owner may know: what rests and why, until when, how."""
    from neurovoyance.cli.output import when

    rows = []
    for device in state["devices"]:
        if device["may_run"]:
            rows.append((device["device"], "may compute"))
            continue
        until = f" Until {when(device['until_s'])} at least." if device["until_s"] else ""
        words = " ".join(reason["message"] for reason in device["reasons"])
        rows.append((device["device"], f"rests. {words}{until}"))
    if state["mode"] == "idle":
        rows.append(("owner", state["presence"]))
    credit = state["credit"]
    given = f"; {credit['jobs']} jobs given" if credit["jobs"] else ""
    how = "as a volunteer" if state["lend"] == "volunteer" else "for pay"
    return [*rows, ("lends", how + given)]
