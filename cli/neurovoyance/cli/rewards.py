"""``neurovoyance rewards``: what you earned, what vests, and how to take it, now or early."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurovoyance.cli.options import HomeOption, JsonOption, YesOption

if TYPE_CHECKING:
    from neurovoyance.client.session import Session
    from neurovoyance.client.staking import RewardsView

_WEEKS_SHOWN = 8


def show(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show fees, vesting rewards week by week, and emission to claim."""
    from neurovoyance.cli.opened import run

    run(_show(home, as_json))


def harvest(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Split your fees: most comes at once, a part vests."""
    from neurovoyance.cli.opened import run

    run(_do("harvest", home, as_json))


def release(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Take what has vested."""
    from neurovoyance.cli.opened import run

    run(_do("release", home, as_json))


def claim(
    provider: Annotated[
        str | None, typer.Option("--from", metavar="PROVIDER", help="As a delegator of it.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Claim the emission of past weeks."""
    from neurovoyance.cli.opened import run

    run(_do("claim", home, as_json, provider))


def leave(
    amount: Annotated[
        str | None, typer.Argument(metavar="[NVY]", help="Announce an early exit of this much.")
    ] = None,
    max_penalty_percent: Annotated[
        float, typer.Option("--max-penalty", min=0, max=100, help="Most you accept, per cent.")
    ] = 60.0,
    yes: YesOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Leave early: announce an amount; a day later, without one, execute it at a penalty."""
    from neurovoyance.cli.opened import run

    run(_leave(amount, round(max_penalty_percent * 100), yes, home, as_json))


async def _show(home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.opened import opened
    from neurovoyance.client.staking import rewards_view

    async with opened(home) as client:
        _emit(await rewards_view(client.session), as_json)


async def _do(what: str, home: Path | None, as_json: bool, provider: str | None = None) -> None:
    from neurovoyance.cli.opened import opened
    from neurovoyance.client.staking import (
        claim_all,
        claim_delegated,
        require_economy,
        rewards_view,
    )
    from neurovoyance.protocol.ids import parse_address

    async with opened(home) as client:
        session = client.session
        contracts, wallet = session.contracts, session.wallet
        require_economy(contracts)
        if what == "harvest":
            await contracts.harvest(wallet, session.address)
        elif what == "release":
            await contracts.vault.release(wallet, session.address)
        elif provider is not None:
            await claim_delegated(session, parse_address(provider))
        else:
            await claim_all(session)
        _emit(await rewards_view(session), as_json)


async def _leave(
    amount: str | None, max_penalty_bps: int, yes: bool, home: Path | None, as_json: bool
) -> None:
    from neurovoyance.cli.opened import opened
    from neurovoyance.client.staking import leave, require_economy, rewards_view
    from neurovoyance.protocol.units import nvy

    async with opened(home) as client:
        session = client.session
        require_economy(session.contracts)
        words = await _words_of_leaving(session, None if amount is None else nvy(amount))
        if not yes:
            typer.confirm(words, abort=True, err=True)
        if amount is not None:
            await session.contracts.vault.request_exit(session.wallet, nvy(amount))
        else:
            await leave(session, max_penalty_bps)
        _emit(await rewards_view(session), as_json)


async def _words_of_leaving(session: Session, amount_wei: int | None) -> str:
    from neurovoyance.cli.output import nvy

    vault, address = session.contracts.vault, session.address
    if amount_wei is None:
        amount_wei = (await vault.exit_of(address)).amount_wei
    unvested_wei = await vault.unvested_of_wei(address)
    penalty_wei = await vault.penalty_of_wei(address, min(amount_wei, unvested_wei))
    return (
        f"Leave with {nvy(amount_wei)} that still vests. The penalty now is {nvy(penalty_wei)}; it "
        "goes to those who stay, to insurance and to the fire"
    )


def rewards_json(view: RewardsView) -> dict[str, Any]:
    """Return rewards for programs; wei as decimal strings."""
    return {
        "fees_wei": str(view.fees_wei),
        "paid_work_wei": str(view.paid_work_wei),
        "releasable_wei": str(view.releasable_wei),
        "unvested_wei": str(view.unvested_wei),
        "schedule_wei": [str(wei) for wei in view.schedule_wei],
        "next_epoch_s": view.next_epoch_s,
        "exit": {
            "amount_wei": str(view.exit.amount_wei),
            "ready_at_s": view.exit.ready_at_s,
            "expires_at_s": view.exit.expires_at_s,
            "allowance_wei": str(view.allowance_wei),
            "penalty_of_all_wei": str(view.penalty_wei),
        },
        "claimable_wei": {str(epoch): str(wei) for epoch, wei in view.claimable.items()},
    }


def _emit(view: RewardsView, as_json: bool) -> None:
    from neurovoyance.cli.output import console, emit_json, nvy, table, when

    if as_json:
        emit_json(rewards_json(view))
        return
    shown = table("what", "amount", "", right=("amount",))
    shown.add_row("fees, before their split", nvy(view.fees_wei), "`rewards harvest`")
    shown.add_row("pay for audits and judging", nvy(view.paid_work_wei), "`rewards harvest`")
    shown.add_row("vested", nvy(view.releasable_wei), "`rewards release`")
    for epoch, wei in view.claimable.items():
        shown.add_row(f"emission of week {epoch}", nvy(wei), "`rewards claim`")
    shown.add_row("still vesting", nvy(view.unvested_wei), f"next part {when(view.next_epoch_s)}")
    for week, wei in enumerate(view.schedule_wei[:_WEEKS_SHOWN], start=1):
        if wei:
            shown.add_row(f"  in week {week}", nvy(wei), "")
    if view.exit.amount_wei:
        ready, end = when(view.exit.ready_at_s), when(view.exit.expires_at_s)
        shown.add_row("early exit announced", nvy(view.exit.amount_wei), f"from {ready} to {end}")
    if view.unvested_wei:
        shown.add_row("leaving with all now costs", nvy(view.penalty_wei), "`rewards leave`")
    console().print(shown)
