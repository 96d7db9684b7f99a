"""``neurovoyance gov simulate``: what a proposal would do, tried without touching the chain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurovoyance.cli.gov_parts import SubjectArgument
from neurovoyance.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from neurovoyance.chain.governing import Governance
    from neurovoyance.cli.gov_parts import Subject
    from neurovoyance.governance.effect import Effect
    from neurovoyance.governance.simulating import Simulation


def simulate(
    what: SubjectArgument,
    years: Annotated[
        int,
        typer.Option("--years", min=0, help="Also simulate the economy for so many years."),
    ] = 0,
    seeds: Annotated[int, typer.Option("--seeds", min=2, help="Seeds of that simulation.")] = 50,
    scenario: Annotated[str, typer.Option("--scenario", help="What happens meanwhile.")] = "base",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Imagine the execution and read everything after it; the chain stays as it is."""
    from neurovoyance.cli.opened import run

    run(_simulate(what, years, seeds, scenario, home, as_json))


async def _simulate(
    what: str, years: int, seeds: int, scenario: str, home: Path | None, as_json: bool
) -> None:
    from neurovoyance.cli.gov_parts import governed, subject_of
    from neurovoyance.cli.output import emit_json
    from neurovoyance.governance import simulating

    async with governed(home) as (governance, _):
        subject = await subject_of(governance, what)
        execute_s = await _execution_s(governance, subject)
        found = await simulating.simulate(
            governance, subject.actions, subject.is_constitutional, execute_s
        )
    effects = _effects(found, years, seeds, scenario)
    if as_json:
        emit_json(simulation_json(found, effects))
    else:
        _print(found, effects, years, seeds, scenario)


def _effects(found: Simulation, years: int, seeds: int, scenario: str) -> list[Effect]:
    if not years or not found.changed:
        return []
    from neurovoyance.governance import effect

    return effect.effects(found.before, found.after, years=years, seeds=seeds, scenario=scenario)


async def _execution_s(governance: Governance, subject: Subject) -> int:
    """Return the earliest second in which the proposal could be executed."""
    from neurovoyance.governance.reading import governor_times
    from neurovoyance.governance.timeline import if_proposed

    if subject.view is not None:
        return subject.view.dates.executable_s
    times = await governor_times(governance, subject.is_constitutional)
    return if_proposed(await governance.client.time_s(), times).executable_s


def simulation_json(found: Simulation, effects: list[Effect]) -> dict[str, Any]:
    """Return a simulation as JSON values."""
    return {
        "execute_s": found.execute_s,
        "applies_s": found.applies_s,
        "is_accepted": not found.refusals,
        "refusals": {str(place): why for place, why in found.refusals.items()},
        "changed": {key: [str(a), str(b)] for key, (a, b) in found.changed.items()},
        "parameters": {
            key: [str(value), str(found.after[key])] for key, value in found.before.items()
        },
        "balances_wei": {name: [str(a), str(b)] for name, (a, b) in found.balances_wei.items()},
        "guardian": [list(found.guardian[0]), list(found.guardian[1])],
        "effect": {
            item.name: {
                "before": list(item.before),
                "after": list(item.after),
                "difference": list(item.difference),
            }
            for item in effects
        },
    }


def _print(found: Simulation, effects: list[Effect], years: int, seeds: int, scenario: str) -> None:
    from neurovoyance.cli.gov_parts import local, say
    from neurovoyance.cli.output import console, nvy, table
    from neurovoyance.governance.values import format_value
    from neurovoyance.tokenomics.params import PARAMETERS

    say("", f"Imagined execution on {local(found.execute_s)}; nothing was sent or changed.")
    if found.refusals:
        say("It would fail as a whole:")
        say(*(f"  call {place + 1}: {why}" for place, why in found.refusals.items()))
        return
    shown = table("what", "before", "after", right=("before", "after"))
    for key, (before, after) in found.changed.items():
        unit = PARAMETERS[key].unit
        shown.add_row(key, format_value(before, unit), format_value(after, unit))
    for name, (before, after) in found.balances_wei.items():
        if before != after:
            shown.add_row(name, nvy(before), nvy(after))
    if found.guardian[0] != found.guardian[1]:
        for (holder, end_s), (next_holder, next_end_s) in [found.guardian]:
            shown.add_row("guardian", holder, next_holder)
            shown.add_row("its term ends", local(end_s), local(next_end_s))
    same = len(found.before) - len(found.changed)
    console().print(shown)
    say("", f"Parameters apply from {local(found.applies_s)}; the other {same} stay as they are.")
    if effects:
        _print_effects(effects, years, seeds, scenario)


def _print_effects(effects: list[Effect], years: int, seeds: int, scenario: str) -> None:
    from neurovoyance.cli.gov_parts import say
    from neurovoyance.cli.output import console, table
    from neurovoyance.governance.effect import OUTCOMES

    shown = table("outcome", "without", "with", "difference (10 %, median, 90 %)")
    for item in effects:
        bands = ", ".join(f"{value:+.3g}" for value in item.difference)
        shown.add_row(OUTCOMES[item.name], f"{item.before[1]:.4g}", f"{item.after[1]:.4g}", bands)
    say("", f"Simulated from the first day: {years} y, {seeds} seeds, scenario {scenario}.")
    console().print(shown)
    say("The same chances seed by seed; a model, not a promise.")
