"""``neurovoyance node earnings``: every amount a provider earned or lost, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurovoyance.cli.node_start import ConfigOption
from neurovoyance.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from neurovoyance.node.operations.earnings import PocketCheck
    from neurovoyance.node.operations.ledger import Ledger, Row

COLUMNS = ("time", "block", "tx", "reason", "subject", "income_wei", "moves_wei", "details_wei")


def earnings(
    provider: Annotated[
        str | None, typer.Option("--provider", help="Another owner; yours if left out.")
    ] = None,
    job: Annotated[
        str | None, typer.Option("--job", help="One job, channel or slash alone, by its id.")
    ] = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print one line an amount, as CSV.")
    ] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what was earned and lost and why, from events, checked against the contracts.

    Amounts are wei in CSV and JSON. A gap between events and balances is shown and ends with exit
    code 1.
    """
    from neurovoyance.cli.opened import run

    is_right = run(_earnings(provider, job, as_csv, config, home, as_json))
    if not is_right:
        raise typer.Exit(1)


async def _earnings(
    provider: str | None,
    job: str | None,
    as_csv: bool,
    config: Path | None,
    home: Path | None,
    as_json: bool,
) -> bool:
    from neurovoyance.cli.node_chain import own_settings, reading
    from neurovoyance.cli.opened import home_of
    from neurovoyance.cli.output import emit_json
    from neurovoyance.node.operations.earnings import Earnings
    from neurovoyance.protocol.errors import ConfigError
    from neurovoyance.protocol.ids import parse_address

    settings = own_settings(config, home)
    if provider is None and settings is None:
        raise ConfigError(
            "There are no node settings here, so nobody knows whose earnings to show.",
            hint="Name the owner with --provider, or a settings file with --config.",
            faults=["provider: missing"],
        )
    owner = parse_address(provider) if provider else settings.owner  # type: ignore[union-attr]
    async with reading(settings, home_of(home)) as contracts:
        reader = Earnings(contracts, owner)
        ledger = await reader.ledger()
        checks = await reader.checked(ledger)
        rows = [row for row in ledger.rows if job is None or row.subject.startswith(job.lower())]
        rows = await reader.timed(rows)
    if as_json:
        emit_json(ledger_json(owner, ledger, rows, checks))
    elif as_csv:
        print_csv(rows)
    else:
        print_ledger(owner, ledger, rows, checks)
    return all(not check.gap_wei for check in checks)


def ledger_json(
    owner: str, ledger: Ledger, rows: list[Row], checks: list[PocketCheck]
) -> dict[str, Any]:
    """Return a ledger as JSON values, wei as decimal strings."""
    return {
        "provider": owner,
        "income_wei": {reason.value: str(wei) for reason, wei in ledger.income_wei().items()},
        "pockets": [
            {
                "pocket": check.pocket.value,
                "events_wei": str(check.events_wei),
                "contract_wei": str(check.contract_wei),
            }
            for check in checks
        ],
        "rows": [_row_json(row) for row in rows],
    }


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "time_s": row.time_s,
        "block": row.block,
        "tx": row.tx_hash,
        "reason": row.reason.value,
        "subject": row.subject,
        "income_wei": str(row.income_wei),
        "moves_wei": {pocket.value: str(wei) for pocket, wei in row.moves_wei.items()},
        "details_wei": {name: str(wei) for name, wei in row.details_wei.items()},
    }


def print_csv(rows: list[Row]) -> None:
    """Print rows as CSV with a header; times in UTC, amounts in wei."""
    import csv
    import sys
    from datetime import UTC, datetime

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        moves = "; ".join(f"{pocket.value} {wei:+d}" for pocket, wei in row.moves_wei.items())
        details = "; ".join(f"{name} {wei}" for name, wei in row.details_wei.items())
        time = datetime.fromtimestamp(row.time_s, UTC).isoformat()
        writer.writerow(
            [time, row.block, row.tx_hash, row.reason.value, row.subject, row.income_wei, moves,
             details]
        )  # fmt: skip


def print_ledger(owner: str, ledger: Ledger, rows: list[Row], checks: list[PocketCheck]) -> None:
    """Print a ledger for people: sums by reason, where the money is, the rows."""
    from neurovoyance.cli.output import console, nvy, short, table, when

    out = console()
    out.print(f"\nEarnings of {owner}\n")
    sums = table("reason", "amount", right=("amount",))
    for reason, wei in ledger.income_wei().items():
        if wei:
            sums.add_row(reason.value, nvy(wei))
    sums.add_row("together", nvy(sum(ledger.income_wei().values())))
    out.print(sums)
    held = table("where", "the contract holds", "", right=("the contract holds",))
    for check in checks:
        gap = f"events explain {nvy(check.gap_wei)} less" if check.gap_wei else "as events say"
        held.add_row(check.pocket.value, nvy(check.contract_wei), gap)
    out.print()
    out.print(held)
    shown = table("when", "why", "about", "income", "moved", right=("income",))
    for row in rows:
        moves = ", ".join(f"{pocket.value} {nvy(wei)}" for pocket, wei in row.moves_wei.items())
        income = nvy(row.income_wei) if row.income_wei else ""
        shown.add_row(when(row.time_s), row.reason.value, short(row.subject), income, moves)
    out.print()
    out.print(shown)
    out.print()
