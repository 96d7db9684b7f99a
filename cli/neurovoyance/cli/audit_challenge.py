"""``neurovoyance audit challenge``: claim that a result is wrong, with a bond behind the claim."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurovoyance.cli.options import HomeOption, JobArgument, JsonOption, YesOption

if TYPE_CHECKING:
    from neurovoyance.client.session import Session
    from neurovoyance.protocol.audit import DisputeKind


class Claim(StrEnum):
    """What can be claimed, as it is typed."""

    WRONG_OUTPUT = "wrong-output"
    FORGED_ANSWER = "forged-answer"
    BAD_ENVELOPE = "bad-envelope"
    UNAVAILABLE = "unavailable"


def challenge(
    job_id: JobArgument,
    kind: Annotated[Claim, typer.Option("--kind", help="What is wrong with the result.")],
    yes: YesOption = False,
    is_sure: Annotated[
        bool,
        typer.Option("--yes-i-am-sure", help="Challenge although nothing wrong was found here."),
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Challenge a revealed result. The grounds are computed first; a false claim costs the bond.

    A challenge of kind wrong-output has to be followed up by pointing at one operator of the
    provider's trace: a node of this account does that by itself.
    """
    from neurovoyance.cli.opened import run

    run(_challenge(job_id, kind, yes or as_json, is_sure, home, as_json))


async def _challenge(
    text: str, claim: Claim, is_agreed: bool, is_sure: bool, home: Path | None, as_json: bool
) -> None:
    from neurovoyance.chain.challenging import challenge as send
    from neurovoyance.chain.challenging import public_case
    from neurovoyance.cli.challenge_grounds import look_into
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import console, emit_json, nvy
    from neurovoyance.client.deposits import cover
    from neurovoyance.protocol.audit import DisputeKind
    from neurovoyance.protocol.ids import parse_job_id
    from neurovoyance.tokenomics.audits import challenge_bond_of

    kind = DisputeKind[claim.name]
    async with opened(home) as client:
        session = client.session
        _require_courts(session)
        case = await public_case(session.contracts, parse_job_id(text))
        found = await look_into(session, case, kind)
        lines = [*found.words, *([found.grounds.reason] if found.grounds else [])]
        require_grounds(kind, found.grounds.kind if found.grounds else None, lines, is_sure)
        bond_wei = challenge_bond_of(case.record.price_wei)
        if not as_json:
            _print(lines, nvy(bond_wei), await _follow_up(session, kind))
        if not is_agreed:
            typer.confirm("Challenge?", default=False, abort=True)
        async with session.money_lock:
            await cover(session, bond_wei, "The bond", ". It returns if the claim is upheld.")
            facts = await send(session.contracts, session.wallet, case, kind)
    if as_json:
        emit_json(
            {
                "dispute_id": str(facts.dispute_id),
                "job_id": text,
                "kind": kind.name,
                "bond_wei": str(bond_wei),
                "found": lines,
            }
        )
        return
    console().print(f"  Dispute {facts.dispute_id} is open. Follow it with:", highlight=False)
    console().print(f"    neurovoyance audit explain {text}\n", soft_wrap=True)


def require_grounds(
    kind: DisputeKind, found: DisputeKind | None, lines: list[str], is_sure: bool
) -> None:
    """Refuse a claim that what was computed here does not bear out.

    Args:
        kind: what is claimed.
        found: what was found, if anything.
        lines: what was looked at, one sentence each.
        is_sure: whether to challenge all the same.

    Raises:
        RequestError: another claim holds, or none.
    """
    from neurovoyance.protocol.errors import RequestError

    if found is kind or is_sure:
        return
    told = " ".join(lines)
    if found is not None:
        raise RequestError(
            f"Something else is wrong. {told} Nothing was sent.",
            hint=f"Challenge it with --kind {Claim[found.name].value}.",
            found=found.name,
        )
    raise RequestError(
        f"Nothing wrong was found. {told} Nothing was sent.",
        hint="A false challenge costs the bond; with --yes-i-am-sure it is sent all the same.",
        found="",
    )


def _require_courts(session: Session) -> None:
    from neurovoyance.protocol.errors import ConfigError

    if not session.contracts.has_audits:
        raise ConfigError(
            "This deployment has no dispute court: results cannot be challenged.",
            hint="Use a deployment with audits; nothing was sent.",
            faults=["deployment: without audits"],
        )


async def _follow_up(session: Session, kind: DisputeKind) -> str:
    """Return what the challenger has to do besides bonding, if nobody does it yet."""
    from neurovoyance.protocol.audit import DisputeKind
    from neurovoyance.protocol.ids import ZERO_ADDRESS

    if kind is not DisputeKind.WRONG_OUTPUT:
        return ""
    if await session.contracts.stakes.operator_of(session.address) != ZERO_ADDRESS:
        return "Keep the node of this account running: it points at the wrong operator."
    return (
        "This account owns no node. Unless it points at the wrong operator in time, the bond is "
        "lost; run a node with it as owner, see `neurovoyance node init`."
    )


def _print(lines: list[str], bond: str, follow_up: str) -> None:
    from neurovoyance.cli.output import console

    out: Any = console()
    out.print()
    for line in lines:
        out.print(f"  {line}", soft_wrap=True)
    out.print(f"\n  bond       {bond}, from the market's free balance, then from the wallet")
    out.print("  back       if the claim is upheld; lost if the provider is cleared")
    if follow_up:
        out.print(f"  careful    {follow_up}", soft_wrap=True)
    out.print()
