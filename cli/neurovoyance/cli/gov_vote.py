"""``neurovoyance gov delegate``, ``vote`` and ``relay``: who votes, how, and by whose gas."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from neurovoyance.cli.gov_parts import ProposalArgument, SendOption
from neurovoyance.cli.options import HomeOption, JsonOption


def delegate(
    to: Annotated[
        str, typer.Argument(metavar="[ACCOUNT]", help="Who votes; yourself if left out.")
    ] = "",
    yes: SendOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let yourself or somebody vote with your stake and vesting tokens; they stay yours."""
    from neurovoyance.cli.opened import run

    run(_delegate(to, yes, home, as_json))


async def _delegate(to: str, yes: bool, home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.gov_parts import carry_out, governed
    from neurovoyance.governance.acting import prepare_delegate

    async with governed(home) as (governance, wallet):
        step = await prepare_delegate(governance, wallet.address, to or wallet.address)
        await carry_out(step, wallet, yes, as_json, delegatee=to or wallet.address)


def vote(
    proposal: ProposalArgument,
    support: Annotated[str, typer.Argument(metavar="VOTE", help="for, against or abstain.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; public for ever.")] = "",
    sign_only: Annotated[
        bool, typer.Option("--sign-only", help="Print a signed ballot that anybody can send.")
    ] = False,
    yes: SendOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Vote on a proposal, or sign a vote for somebody else to send."""
    from neurovoyance.cli.opened import run

    run(_vote(proposal, support, reason, sign_only, yes, home, as_json))


async def _vote(
    proposal: str,
    support: str,
    reason: str,
    sign_only: bool,
    yes: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    from neurovoyance.cli.gov_parts import carry_out, governed, named
    from neurovoyance.cli.output import console, emit_json
    from neurovoyance.governance.acting import prepare_vote
    from neurovoyance.governance.ballots import ballot_json, sign_ballot
    from neurovoyance.governance.proposal_file import id_hex
    from neurovoyance.governance.proposals import support_of

    choice = support_of(support)
    async with governed(home) as (governance, wallet):
        created = await named(governance, proposal)
        step = await prepare_vote(governance, created, wallet.address, choice, reason)
        if not sign_only:
            number = id_hex(created.proposal_id)
            facts = {"proposal_id": number, "support": choice.name.lower()}
            await carry_out(step, wallet, yes, as_json, **facts)
            return
        if not (yes or as_json):
            # The ballot goes to standard output, so the words go beside it.
            for line in step.lines:
                console(stderr=True).print(line, markup=False, soft_wrap=True)
            typer.confirm("Sign?", default=False, abort=True, err=True)
        emit_json(ballot_json(await sign_ballot(governance, created, wallet, choice, reason)))


def relay(
    ballot: Annotated[
        str, typer.Argument(metavar="BALLOT", help="File with a signed ballot; - reads it here.")
    ],
    yes: SendOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send somebody's signed vote; you pay the gas and cannot change it."""
    from neurovoyance.cli.opened import run

    run(_relay(ballot, yes, home, as_json))


async def _relay(source: str, yes: bool, home: Path | None, as_json: bool) -> None:
    from neurovoyance.chain.client import Receipt
    from neurovoyance.chain.wallet import Wallet
    from neurovoyance.cli.gov_parts import carry_out, governed, named
    from neurovoyance.governance import ballots
    from neurovoyance.governance.acting import Prepared, prepare_vote
    from neurovoyance.governance.proposal_file import id_hex

    ballot = ballots.parse_ballot(_text_of(source))
    async with governed(home) as (governance, wallet):
        await ballots.check_ballot(governance, ballot)
        created = await named(governance, id_hex(ballot.proposal_id))
        shown = await prepare_vote(governance, created, ballot.voter, ballot.support, ballot.reason)

        async def send(payer: Wallet) -> Receipt:
            return await ballots.relay(governance, ballot, payer)

        step = Prepared((f"The vote of {ballot.voter}, signed by it:", *shown.lines), send)
        facts = {"proposal_id": id_hex(ballot.proposal_id), "voter": ballot.voter}
        await carry_out(step, wallet, yes, as_json, **facts)


def _text_of(source: str) -> str:
    from neurovoyance.protocol.errors import ConfigError

    if source == "-":
        return sys.stdin.read()
    try:
        return Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The ballot {source} cannot be read: {error}.") from error
