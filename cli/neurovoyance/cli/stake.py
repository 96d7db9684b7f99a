"""``neurovoyance stake``: put tokens behind work, your own or others', and take them back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurovoyance.cli.options import HomeOption, JsonOption, YesOption

if TYPE_CHECKING:
    from neurovoyance.chain.client import Receipt
    from neurovoyance.client.client import AsyncClient
    from neurovoyance.client.staking import StakeView

AmountArgument = Annotated[str, typer.Argument(metavar="NVY", help="How much.")]
ProviderArgument = Annotated[
    str, typer.Argument(metavar="PROVIDER", help="Owner address of the provider.")
]


def show(
    provider: Annotated[
        str | None, typer.Option("--with", metavar="PROVIDER", help="Your delegation to it, too.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show your stake, what unbonds, and a delegation."""
    from neurovoyance.cli.opened import run

    run(_show(provider, home, as_json))


def add(
    amount: AmountArgument,
    yes: YesOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stake more of your own tokens as a provider."""
    from neurovoyance.cli.opened import run

    words = f"Stake {amount} NVY of yours. It can be slashed, and takes 21 days to take back."
    run(_change("add", amount, "", words, yes, home, as_json))


def unbond(
    amount: AmountArgument,
    yes: YesOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start taking your own stake back."""
    from neurovoyance.cli.opened import run

    words = f"Unbond {amount} NVY: no votes, no new jobs on it; still slashable until withdrawn."
    run(_change("unbond", amount, "", words, yes, home, as_json))


def delegate(
    provider: ProviderArgument,
    amount: AmountArgument,
    yes: YesOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put tokens behind a provider; you share its rewards and its slashes."""
    from neurovoyance.cli.opened import run

    words = f"Put {amount} NVY behind {provider}. If it cheats you lose a part, too."
    run(_change("delegate", amount, provider, words, yes, home, as_json))


def undelegate(
    provider: ProviderArgument,
    amount: Annotated[
        str | None, typer.Argument(metavar="[NVY]", help="How much; all if omitted.")
    ] = None,
    yes: YesOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start taking a delegation back."""
    from neurovoyance.cli.opened import run

    words = f"Take {amount or 'all'} NVY back from {provider}; it is yours after unbonding."
    run(_change("undelegate", amount, provider, words, yes, home, as_json))


def withdraw(
    provider: Annotated[
        str | None, typer.Option("--from", metavar="PROVIDER", help="Of a delegation to it.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take finished unbonding to your wallet."""
    from neurovoyance.cli.opened import run

    run(_change("withdraw", None, provider or "", "", True, home, as_json))


async def _show(provider: str | None, home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.opened import opened
    from neurovoyance.client.staking import require_economy, stake_view
    from neurovoyance.protocol.ids import parse_address

    async with opened(home) as client:
        require_economy(client.session.contracts)
        view = await stake_view(client.session, parse_address(provider) if provider else "")
    _emit(view, as_json)


async def _change(
    what: str,
    amount: str | None,
    provider: str,
    words: str,
    yes: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    from neurovoyance.cli.opened import opened
    from neurovoyance.client.staking import stake_view
    from neurovoyance.protocol.ids import parse_address
    from neurovoyance.protocol.units import nvy

    amount_wei = None if amount is None else nvy(amount)
    named = parse_address(provider) if provider else ""
    async with opened(home) as client:
        if not yes:
            typer.confirm(words, abort=True, err=True)
        await _send(client, what, amount_wei, named)
        if not client.session.contracts.has_economy:
            return
        view = await stake_view(client.session, named)
    _emit(view, as_json)


async def _send(client: AsyncClient, what: str, amount_wei: int | None, provider: str) -> Receipt:
    from neurovoyance.client import staking

    session, stakes = client.session, client.session.contracts.stakes
    if what == "add":
        return await staking.add_stake(session, amount_wei or 0)
    if what == "unbond":
        return await stakes.request_unbonding(session.wallet, amount_wei or 0)
    if what == "delegate":
        return await staking.delegate(session, provider, amount_wei or 0)
    if what == "undelegate":
        return await staking.undelegate(session, provider, amount_wei)
    if provider:
        return await stakes.withdraw_undelegated(session.wallet, provider)
    return await stakes.withdraw_unbonded(session.wallet)


def stake_json(view: StakeView) -> dict[str, Any]:
    """Return a stake for programs; wei as decimal strings."""
    shown: dict[str, Any] = {
        "own_wei": str(view.stake.own_wei),
        "locked_wei": str(view.stake.locked_wei),
        "unbonding_wei": str(view.stake.unbonding_wei),
        "unbonding_ready_at_s": view.stake.unbonding_ready_at_s,
        "weight_wei": str(view.weight_wei),
        "age_s": view.age_s,
    }
    if view.delegation is not None:
        shown["delegation"] = {
            "provider": view.provider,
            "amount_wei": str(view.delegation.amount_wei),
            "unbonding_wei": str(view.delegation.unbonding_wei),
            "ready_at_s": view.delegation.ready_at_s,
            "reward_wei": str(view.reward_wei),
        }
    return shown


def _emit(view: StakeView, as_json: bool) -> None:
    from neurovoyance.cli.output import console, emit_json, nvy, table, when

    if as_json:
        emit_json(stake_json(view))
        return
    shown = table("what", "amount", "", right=("amount",))
    shown.add_row("own stake", nvy(view.stake.own_wei), f"{view.age_s // 86_400} days old")
    shown.add_row("  locked behind work", nvy(view.stake.locked_wei), "free when the work ends")
    if view.stake.unbonding_wei:
        ready = when(view.stake.unbonding_ready_at_s)
        shown.add_row("unbonding", nvy(view.stake.unbonding_wei), f"`stake withdraw` from {ready}")
    shown.add_row("weight for emission", nvy(view.weight_wei), "own and counted delegations")
    if view.delegation is not None:
        held = view.delegation
        shown.add_row("delegated", nvy(held.amount_wei), f"to {view.provider}")
        shown.add_row("  rewards waiting", nvy(view.reward_wei), "`rewards claim --from PROVIDER`")
        if held.unbonding_wei:
            shown.add_row("  unbonding", nvy(held.unbonding_wei), f"ready {when(held.ready_at_s)}")
    console().print(shown)
