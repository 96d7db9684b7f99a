"""What the commands of ``neurovoyance gov`` share: opening, naming a proposal, asking first.

Place: imported by the gov command files; light at the top, since ``--help`` loads it. Never: a step
sent without having shown what is signed and asked; with ``--json`` alone nothing is sent at all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from neurovoyance.chain.client import Receipt
    from neurovoyance.chain.governing import Governance
    from neurovoyance.chain.governors import Actions
    from neurovoyance.chain.wallet import Wallet
    from neurovoyance.governance.acting import Prepared
    from neurovoyance.governance.calls import DecodedCall
    from neurovoyance.governance.proposals import Created, ProposalView

ProposalArgument = Annotated[
    str, typer.Argument(metavar="PROPOSAL", help="Proposal id, or its first characters (0x...).")
]
SubjectArgument = Annotated[
    str,
    typer.Argument(metavar="PROPOSAL", help="Proposal id, its first characters, or a draft file."),
]
SendOption = Annotated[
    bool, typer.Option("--yes", "-y", help="Sign and send without asking, for scripts.")
]


@asynccontextmanager
async def governed(home: Path | None) -> AsyncIterator[tuple[Governance, Wallet]]:
    """Open the network of a home folder; gives its governance and the key of the home."""
    from neurovoyance.chain.governing import Governance
    from neurovoyance.cli.opened import opened

    async with opened(home) as client:
        session = client.session
        yield Governance(session.chain, session.deployment), session.wallet


class Subject:
    """A proposal on chain or in a file: its calls, and whatever else is known of it."""

    def __init__(
        self, actions: Actions, is_constitutional: bool, view: ProposalView | None, sentence: str
    ) -> None:
        self.actions = actions
        self.is_constitutional = is_constitutional
        self.view = view
        self.sentence = sentence

    @property
    def governor(self) -> str:
        """Name of the governor that decides."""
        return "constitutional" if self.is_constitutional else "standard"


async def subject_of(governance: Governance, text: str) -> Subject:
    """Return the proposal that somebody names by a file, an id or the beginning of an id."""
    from neurovoyance.governance.proposal_file import load_draft
    from neurovoyance.governance.proposals import find_proposal, read_proposal

    if is_file(text):
        draft = load_draft(governance.deployment, Path(text))
        return Subject(draft.actions, draft.is_constitutional, None, draft.sentence)
    created = await find_proposal(governance, text)
    view = await read_proposal(governance, created)
    return Subject(created.actions, created.is_constitutional, view, "")


def is_file(text: str) -> bool:
    """Return whether somebody names a file; a long sentence is none."""
    return len(text) < 256 and Path(text).is_file()


async def named(governance: Governance, text: str) -> Created:
    """Return the proposal on chain that somebody names."""
    from neurovoyance.governance.proposals import find_proposal

    return await find_proposal(governance, text)


async def carry_out(
    step: Prepared, wallet: Wallet, yes: bool, as_json: bool, **facts: Any
) -> Receipt | None:
    """Show what a step signs, ask, send it, and say so.

    With ``--json`` and without ``--yes`` it is a rehearsal: everything is checked, nothing sent.
    """
    from neurovoyance.cli.output import console, emit_json

    if as_json and not yes:
        emit_json({**facts, "sent": False, "signs": list(step.lines)})
        return None
    if not as_json:
        say("", *step.lines, "", f"Signed by {wallet.address}.")
        if not yes:
            typer.confirm("Sign and send?", default=False, abort=True)
    receipt = await step.send(wallet)
    if as_json:
        emit_json({**facts, "sent": True, "signs": list(step.lines), "tx": receipt.tx_hash})
    else:
        console().print(f"Sent and mined: transaction {receipt.tx_hash}.", soft_wrap=True)
    return receipt


def say(*lines: str) -> None:
    """Print lines; what others wrote is neither read as markup nor obeyed by the terminal."""
    from neurovoyance.cli.output import console
    from neurovoyance.governance.proposals import plain_text

    out = console()
    for line in lines:
        out.print(plain_text(line), markup=False, soft_wrap=True)


def local(time_s: int) -> str:
    """Return a chain time as local date, time and zone; empty for 0."""
    if not time_s:
        return ""
    return datetime.fromtimestamp(time_s).astimezone().strftime("%a %d %b %Y %H:%M %Z")


def call_lines(calls: Sequence[DecodedCall]) -> list[str]:
    """Return the calls of a proposal as lines: words, then the call itself."""
    lines = []
    for number, call in enumerate(calls, 1):
        lines.append(f"{number}. {call.words}")
        name = f"{call.contract or 'unknown'}.{call.function or '?'}"
        lines.append(f"   {name} at {call.target}, selector 0x{call.calldata[:4].hex()}")
        if call.note:
            lines.append(f"   note: {call.note}")
    return lines
