"""``neurovoyance job quote``: what every node asks for a job; nothing is signed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neurovoyance.cli.job_submit import (
    ClassOption,
    GainOption,
    InputOption,
    ModelArgument,
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
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask every node for its price; costs nothing and binds nobody."""
    from neurovoyance.cli.opened import run
    from neurovoyance.protocol.units import nvy

    terms = {
        "max_price_wei": nvy(max_price),
        "max_runtime_s": max_runtime,
        **checking(job_class, audit_slots, declared_gain),
    }
    run(_quote(model, inputs, terms, home, as_json))


async def _quote(
    model: str,
    inputs: list[str],
    terms: dict[str, Any],
    home: Path | None,
    as_json: bool,
) -> None:
    from neurovoyance.cli.input_files import read_inputs
    from neurovoyance.cli.job_tables import audit_words, print_quote, quote_json
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import console, emit_json
    from neurovoyance.client.audit_costs import cost_of_best

    async with opened(home, serve=True) as client:
        found = await client.model(model)
        arrays = read_inputs(inputs, found.manifest)
        answer = await client.quote(found, arrays, **terms)
        cost = await cost_of_best(client.session.contracts, answer)
        if as_json:
            emit_json(quote_json(answer, cost))
            return
        print_quote(answer)
        if cost is not None and cost.audits.p_bps:
            console().print(f"Audits of the best offer: {audit_words(cost)}.")
