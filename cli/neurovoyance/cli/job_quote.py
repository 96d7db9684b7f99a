"""``neurovoyance job quote``: what every node asks for a job; nothing is signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from neurovoyance.cli.job_submit import (
    ClassOption,
    GainOption,
    InputOption,
    ModelArgument,
    PresetOption,
    PriceOption,
    RuntimeOption,
    SlotsOption,
    checking,
)
from neurovoyance.cli.options import HomeOption, JsonOption


def quote(
    model: ModelArgument,
    inputs: InputOption,
    max_price: PriceOption = "10",
    max_runtime: RuntimeOption = 60,
    job_class: ClassOption = "",
    audit_slots: SlotsOption = 1,
    declared_gain: GainOption = "0",
    preset: PresetOption = "cheapest",
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the ranking, and why each node stands there.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask every node for its price; costs nothing and binds nobody."""
    from neurovoyance.cli.opened import run
    from neurovoyance.protocol.units import nvy

    terms = {
        "max_price_wei": nvy(max_price),
        "max_runtime_s": max_runtime,
        "preset": preset,
        **checking(job_class, audit_slots, declared_gain),
    }
    run(_quote(model, inputs, terms, explain, home, as_json))


async def _quote(
    model: str,
    inputs: list[str],
    terms: dict[str, Any],
    explain: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    from neurovoyance.cli.input_files import read_inputs
    from neurovoyance.cli.job_tables import audit_words, print_quote, quote_json
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import console, emit_json
    from neurovoyance.cli.ranking_tables import print_ranking, ranking_json, ranking_of
    from neurovoyance.client.audit_costs import cost_of_best

    async with opened(home, serve=True) as client:
        found = await client.model(model)
        arrays = read_inputs(inputs, found.manifest)
        answer = await client.quote(found, arrays, **terms)
        cost = await cost_of_best(client.session.contracts, answer)
        ranking = ranking_of(answer, terms["preset"], terms["max_price_wei"]) if explain else None
        if as_json:
            shown = quote_json(answer, cost)
            emit_json(shown | ({"ranking": ranking_json(ranking)} if ranking else {}))
            return
        print_quote(answer)
        if ranking is not None:
            print_ranking(ranking)
        if cost is not None and cost.audits.p_bps:
            console().print(f"Audits of the best offer: {audit_words(cost)}.")
