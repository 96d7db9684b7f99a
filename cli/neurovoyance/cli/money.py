"""``neurovoyance money``: where every coin is, what put it there, and when it moves next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurovoyance.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from neurovoyance.client.client import AsyncClient
    from neurovoyance.client.money import MoneyView


def money(
    address: Annotated[
        str | None, typer.Option("--address", help="Another account, as far as it can be seen.")
    ] = None,
    withdraw: Annotated[
        str | None,
        typer.Option("--withdraw", metavar="NVY", help="Take free balance back to the wallet."),
    ] = None,
    harvest: Annotated[
        bool, typer.Option("--harvest", help="Take what you earned; some of it vests.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where every coin of yours is: available, reserved, pending, earned, staked."""
    from neurovoyance.cli.opened import run

    run(_money(address, withdraw, harvest, home, as_json))


async def _money(
    address: str | None,
    withdraw: str | None,
    harvest: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import emit_json
    from neurovoyance.client.money import money_view
    from neurovoyance.protocol.ids import parse_address

    async with opened(home) as client:
        await _move(client, withdraw, harvest)
        if address is None:
            view = await client.money()
        else:
            session = client.session
            view = await money_view(
                session.contracts,
                session.journal,
                parse_address(address),
                time_s=await session.chain.time_s(),
            )
    if as_json:
        emit_json(money_json(view))
    else:
        print_money(view)


async def _move(client: AsyncClient, withdraw: str | None, harvest: bool) -> None:
    from neurovoyance.protocol.units import nvy

    market, session = client.session.contracts.market, client.session
    if withdraw is not None:
        await market.withdraw(session.wallet, nvy(withdraw))
    if harvest:
        await session.contracts.harvest(session.wallet, session.address)


def money_json(view: MoneyView) -> dict[str, object]:
    """Return a money view as JSON values, wei as decimal strings."""
    return {
        "address": view.address,
        "time_s": view.time_s,
        "available_wei": str(view.available_wei),
        "reserved_wei": str(view.reserved_wei),
        "pending_wei": str(view.pending_wei),
        "lines": [
            {
                "bucket": line.bucket.value,
                "amount_wei": str(line.amount_wei),
                "what": line.what,
                "tx": line.tx_hash,
                "next_s": line.next_s,
                "next": line.next_what,
            }
            for line in view.lines
        ],
    }


def print_money(view: MoneyView) -> None:
    """Print a money view."""
    from neurovoyance.cli.output import console, nvy, short, table, when

    out = console()
    shown = table("where", "amount", "what", "put there by", "next", right=("amount",))
    for line in view.lines:
        time = when(line.next_s)
        shown.add_row(
            line.bucket.value,
            nvy(line.amount_wei),
            line.what,
            short(line.tx_hash) or "-",
            f"{time}: {line.next_what}" if time else line.next_what,
        )
    out.print(f"\nAccount {view.address}, chain time {when(view.time_s)}\n")
    out.print(shown)
    out.print()
    out.print(
        f"available {nvy(view.available_wei)}   reserved {nvy(view.reserved_wei)}   "
        f"pending {nvy(view.pending_wei)}"
    )
