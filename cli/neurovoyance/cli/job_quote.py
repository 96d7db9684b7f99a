"""``neurovoyance job quote``: what every node asks for a job; nothing is signed."""

from __future__ import annotations

from pathlib import Path

from neurovoyance.cli.job_submit import InputOption, ModelArgument, PriceOption, RuntimeOption
from neurovoyance.cli.options import HomeOption, JsonOption


def quote(
    model: ModelArgument,
    inputs: InputOption,
    max_price: PriceOption = "10",
    max_runtime: RuntimeOption = 60,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask every node for its price; costs nothing and binds nobody."""
    from neurovoyance.cli.opened import run
    from neurovoyance.protocol.units import nvy

    run(_quote(model, inputs, nvy(max_price), max_runtime, home, as_json))


async def _quote(
    model: str,
    inputs: list[str],
    max_price_wei: int,
    max_runtime_s: int,
    home: Path | None,
    as_json: bool,
) -> None:
    from neurovoyance.cli.input_files import read_inputs
    from neurovoyance.cli.job_tables import print_quote, quote_json
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import emit_json

    async with opened(home, serve=True) as client:
        found = await client.model(model)
        arrays = read_inputs(inputs, found.manifest)
        answer = await client.quote(
            found, arrays, max_price_wei=max_price_wei, max_runtime_s=max_runtime_s
        )
        if as_json:
            emit_json(quote_json(answer))
        else:
            print_quote(answer)
