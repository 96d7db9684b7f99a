"""``neurovoyance gov draft`` and ``propose``: from a sentence to a proposal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurovoyance.cli.gov_parts import SendOption
from neurovoyance.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from neurovoyance.chain.governing import Governance
    from neurovoyance.governance.proposal_file import Draft

SentenceArgument = Annotated[
    str, typer.Argument(metavar="SENTENCE", help='"set burnBps to 4.5 percent because ..."')
]
MineOption = Annotated[
    bool,
    typer.Option("--mine", help="Nobody else can make it: the text names your account."),
]


def draft(
    sentence: SentenceArgument,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; it must not exist yet.")
    ] = None,
    mine: MineOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn a sentence into a proposal file, if the contracts would accept it; sends nothing."""
    from neurovoyance.cli.opened import run

    run(_draft(sentence, out, mine, home, as_json))


async def _draft(
    sentence: str, out: Path | None, mine: bool, home: Path | None, as_json: bool
) -> None:
    from neurovoyance.cli.gov_parts import governed, say
    from neurovoyance.cli.output import emit_json
    from neurovoyance.governance import drafting
    from neurovoyance.governance.proposal_file import draft_json, id_hex, save_draft

    async with governed(home) as (governance, wallet):
        made = await drafting.draft(governance, sentence, wallet.address if mine else None)
        path = out or Path(f"proposal-{id_hex(made.actions.proposal_id)[2:10]}.json")
        save_draft(governance.deployment, made, path)
        if as_json:
            emit_json({**draft_json(governance.deployment, made), "file": str(path)})
            return
        say(*await draft_lines(governance, made))
    say("", f"Written to {path}. Next: neurovoyance gov simulate {path}")


def propose(
    what: Annotated[str, typer.Argument(metavar="SENTENCE|FILE", help="A sentence, or a draft.")],
    yes: SendOption = False,
    mine: MineOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a proposal; needs votes of at least the threshold, as of yesterday's end (UTC)."""
    from neurovoyance.cli.opened import run

    run(_propose(what, yes, mine, home, as_json))


async def _propose(what: str, yes: bool, mine: bool, home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.gov_parts import carry_out, governed, is_file, say
    from neurovoyance.governance import drafting
    from neurovoyance.governance.acting import prepare_propose
    from neurovoyance.governance.grammar import parse_wish
    from neurovoyance.governance.proposal_file import id_hex, load_draft

    async with governed(home) as (governance, wallet):
        if is_file(what):
            made = load_draft(governance.deployment, Path(what))
            wish = parse_wish(made.sentence)
            await drafting.check_now(governance, wish, made.is_constitutional)
        else:
            made = await drafting.draft(governance, what, wallet.address if mine else None)
        step = await prepare_propose(governance, made, wallet.address)
        if not as_json:
            say(*await draft_lines(governance, made))
        number = id_hex(made.actions.proposal_id)
        await carry_out(step, wallet, yes, as_json, proposal_id=number)


async def draft_lines(governance: Governance, made: Draft) -> list[str]:
    """Return a draft for people: text, calls, dates if it were made now."""
    from neurovoyance.cli.gov_parts import call_lines, local
    from neurovoyance.governance.calls import decode_calls
    from neurovoyance.governance.proposal_file import id_hex
    from neurovoyance.governance.reading import governor_times
    from neurovoyance.governance.refusals import date_of
    from neurovoyance.governance.timeline import if_proposed

    actions = made.actions
    times = await governor_times(governance, made.is_constitutional)
    dates = if_proposed(await governance.client.time_s(), times)
    kind = "Constitutional" if made.is_constitutional else "Standard"
    return [
        "",
        *actions.description.splitlines(),
        "",
        f"Decided by the {kind} governor, id {id_hex(actions.proposal_id)}:",
        *call_lines(decode_calls(governance.deployment, actions.targets, actions.calldatas)),
        "",
        f"If proposed now: votes as of the end of {date_of(dates.snapshot_s)[:10]} (UTC),",
        f"  voting from {local(dates.votes_from_s)} to {local(dates.votes_until_s)},",
        f"  executable from {local(dates.executable_s)}.",
    ]
