"""``neurovoyance gov params``: every parameter as it stands on chain, and what may become of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurovoyance.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from neurovoyance.governance.reading import ParameterReading


def params(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY]...", help="Only these; all if none.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show value, bounds, largest step, class, next date of a change, and what waits."""
    from neurovoyance.cli.opened import run

    run(_params(keys or [], home, as_json))


async def _params(keys: list[str], home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.gov_parts import governed
    from neurovoyance.cli.output import emit_json
    from neurovoyance.governance.grammar import resolve_key
    from neurovoyance.governance.reading import read_parameters

    wanted = [resolve_key(key).key for key in keys]
    async with governed(home) as (governance, _):
        readings = await read_parameters(governance, wanted or None)
        now_s = await governance.client.time_s()
    if as_json:
        emit_json({
            "time_s": now_s,
            "parameters": [reading_json(reading) for reading in readings.values()],
        })  # fmt: skip
        return
    _print(list(readings.values()), now_s, with_meaning=bool(wanted))


def reading_json(reading: ParameterReading) -> dict[str, Any]:
    """Return a reading as JSON values; numbers that may be large are decimal strings."""
    from neurovoyance.governance.values import format_value

    parameter = reading.parameter
    lowest, highest = reading.range_of_one_step
    return {
        "key": parameter.key,
        "unit": parameter.unit,
        "class": parameter.governor,
        "value": str(reading.value),
        "shown": format_value(reading.value, parameter.unit),
        "min": str(parameter.min),
        "max": str(parameter.max),
        "step": str(parameter.step),
        "reach": [str(lowest), str(highest)],
        "pending": str(reading.next_value) if reading.since_s else None,
        "pending_since_s": reading.last_set_s if reading.since_s else None,
        "applies_s": reading.since_s or None,
        "may_change_s": reading.ready_at_s,
        "meaning": parameter.meaning,
    }


def _print(readings: list[ParameterReading], now_s: int, *, with_meaning: bool) -> None:
    from neurovoyance.cli.gov_parts import local, say
    from neurovoyance.cli.output import console, table
    from neurovoyance.governance.values import format_value

    shown = table("parameter", "now", "bounds", "step", "class", "may change", "waits")
    for reading in readings:
        parameter, unit = reading.parameter, reading.parameter.unit
        bounds = f"{format_value(parameter.min, unit)} to {format_value(parameter.max, unit)}"
        waits = ""
        if reading.since_s:
            value = format_value(reading.next_value, unit)
            since = local(reading.last_set_s or 0)
            waits = f"{value} from {local(reading.since_s)}, set {since}"
        free = local(reading.ready_at_s) if reading.ready_at_s > now_s else "now"
        shown.add_row(
            parameter.key,
            format_value(reading.value, unit),
            bounds,
            format_value(parameter.step, unit),
            parameter.governor,
            free,
            waits,
        )
    console().print(shown)
    if with_meaning:
        say("", *(f"{item.parameter.key}: {item.parameter.meaning}." for item in readings))
    say("", "Class S: the Standard governor; C: the Constitutional one.")
