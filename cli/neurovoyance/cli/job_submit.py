"""``neurovoyance job submit``: hire a provider, wait, and keep the checked result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurovoyance.cli.options import HomeOption, JsonOption, YesOption

if TYPE_CHECKING:
    from neurovoyance.client.client import AsyncClient
    from neurovoyance.client.nodes import Quote

ModelArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="ONNX file or directory, or a model's id or name.")
]
InputOption = Annotated[
    list[str],
    typer.Option("--input", "-i", metavar="[NAME=]FILE", help="Input tensors; may be repeated."),
]
PriceOption = Annotated[
    str, typer.Option("--max-price", metavar="NVY", help="Most that the job may cost.")
]
RuntimeOption = Annotated[
    int,
    typer.Option(
        "--max-runtime",
        metavar="S",
        min=1,
        max=14_400,
        help="Seconds that one execution may take.",
    ),
]
ClassOption = Annotated[
    str,
    typer.Option(
        "--class", metavar="CLASS", help="TENSOR or EXACT; the model's usual one if left out."
    ),
]
SlotsOption = Annotated[
    int,
    typer.Option("--audit-slots", min=1, max=8, help="Independent audits, if one is drawn."),
]
GainOption = Annotated[
    str,
    typer.Option(
        "--declared-gain", metavar="NVY", help="What a false result could gain somebody outside."
    ),
]
PresetOption = Annotated[
    str,
    typer.Option(
        "--preset",
        metavar="PRESET",
        help="Which offer is the best: cheapest, fastest or reliable.",
    ),
]


def checking(job_class: str, audit_slots: int, declared_gain: str) -> dict[str, Any]:
    """Return how a job is to be checked, as arguments of the client.

    Raises:
        SpecError: there is no such class.
    """
    from neurovoyance.protocol.errors import SpecError
    from neurovoyance.protocol.job_spec import JobClass
    from neurovoyance.protocol.units import nvy

    name = job_class.upper()
    if name and name not in ("TENSOR", "EXACT"):
        raise SpecError(
            f"{job_class[:20]!r} is no job class; nothing was sent.",
            hint="Use TENSOR (distance within the tolerance) or EXACT (the same bits).",
        )
    return {
        "job_class": JobClass[name] if name else None,
        "audit_slots": audit_slots,
        "declared_gain_wei": nvy(declared_gain),
    }


def submit(
    model: ModelArgument,
    inputs: InputOption,
    max_price: PriceOption = "10",
    max_runtime: RuntimeOption = 60,
    listing: Annotated[
        bool, typer.Option("--listing", help="List the job instead of taking the best offer.")
    ] = False,
    window: Annotated[
        int,
        typer.Option(
            "--window",
            metavar="S",
            min=600,
            max=86_400,
            help="Seconds of the challenge window.",
        ),
    ] = 1_800,
    job_class: ClassOption = "",
    audit_slots: SlotsOption = 1,
    declared_gain: GainOption = "0",
    preset: PresetOption = "cheapest",
    retries: Annotated[
        int, typer.Option("--retries", min=0, help="Further attempts, each after a refund.")
    ] = 1,
    private: Annotated[
        bool,
        typer.Option(
            "--private",
            help="Encrypt the input: only the hired provider, nodes asked for an offer one by one, "
            "and drawn auditors and referees can read it; the output becomes public.",
        ),
    ] = False,
    no_confirm: Annotated[
        bool, typer.Option("--no-confirm", help="Do not pay before the window ends.")
    ] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return as soon as a provider has the job.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Copy the result to this .safetensors file.")
    ] = None,
    yes: YesOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a model on your inputs; shows the price first, pays from escrow, checks the result."""
    from neurovoyance.cli.opened import run
    from neurovoyance.protocol.units import nvy

    terms: dict[str, Any] = {
        "max_price_wei": nvy(max_price),
        "max_runtime_s": max_runtime,
        "window_s": window,
        "private": private,
        "preset": preset,
        **checking(job_class, audit_slots, declared_gain),
    }
    rest: dict[str, Any] = {
        "hire": "listing" if listing else "offer",
        "retries": retries,
        "confirm": "never" if no_confirm else "auto",
    }
    run(_submit(model, inputs, terms, rest, detach, out, yes or as_json, home, as_json))


async def _submit(
    model: str,
    inputs: list[str],
    terms: dict[str, Any],
    rest: dict[str, Any],
    detach: bool,
    out: Path | None,
    is_agreed: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    from neurovoyance.cli.input_files import read_inputs
    from neurovoyance.cli.job_fetch import keep, wait_and_show
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import emit_json
    from neurovoyance.cli.progress import PhaseLines

    async with opened(home, serve=True) as client:
        found = await client.model(model)
        arrays = read_inputs(inputs, found.manifest)
        quote: Quote | None = None
        if rest["hire"] == "offer":
            quote = await client.quote(found, arrays, **terms)
        if not is_agreed:
            await _agree(client, quote, terms["max_price_wei"])
        lines = PhaseLines(is_silent=as_json)
        job = await client.submit(
            found, arrays, quote=quote, on_deposit=lines.deposit, **terms, **rest
        )
        lines.line("job", job.id)
        if detach:
            await job.assigned(lines.phase)
            if as_json:
                emit_json({"job_id": job.id, "provider": job.provider})
            return
        shown = await wait_and_show(job, lines, as_json=as_json)
        keep(client, job, out)
        if as_json:
            emit_json(shown)


async def _agree(client: AsyncClient, quote: Quote | None, max_price_wei: int) -> None:
    """Show what the job costs and where the money comes from; ask before anything is signed."""
    from neurovoyance.cli.job_tables import audit_words, print_quote
    from neurovoyance.cli.output import console, nvy
    from neurovoyance.client.audit_costs import cost_of_best

    out = console()
    price_wei, held_wei, cost = max_price_wei, 0, None
    if quote is not None:
        print_quote(quote)
        if not quote.offers:
            return
        cost = await cost_of_best(client.session.contracts, quote)
        if cost is not None:
            price_wei, held_wei = cost.price_wei, cost.audits.held_wei
    free_wei = await client.session.contracts.market.free_of_wei(client.session.address)
    short_wei = max(0, price_wei + held_wei - free_wei)
    out.print()
    out.print(f"  price      {nvy(price_wei)}{' at most, listed' if quote is None else ''}")
    if cost is not None and cost.audits.p_bps:
        out.print(f"  audits     {audit_words(cost)}")
    out.print(f"  from       {nvy(price_wei + held_wei - short_wei)} free in the market", end="")
    out.print(f", {nvy(short_wei)} from the wallet" if short_wei else "")
    out.print("  paid       when the result has been checked; refunded if none comes in time")
    out.print()
    typer.confirm("Hire?", default=True, abort=True)
