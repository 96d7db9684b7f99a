"""``neurovoyance gov list``, ``show`` and ``explain``: what proposals do and where they stand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurovoyance.cli.gov_parts import SubjectArgument
from neurovoyance.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from neurovoyance.chain.governing import Governance
    from neurovoyance.cli.gov_parts import Subject
    from neurovoyance.governance.calls import DecodedCall
    from neurovoyance.governance.proposals import ProposalView


def list_proposals(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List every proposal of both governors."""
    from neurovoyance.cli.opened import run

    run(_list(home, as_json))


async def _list(home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.gov_parts import governed, say
    from neurovoyance.cli.output import emit_json
    from neurovoyance.governance.proposals import all_proposals, read_proposal, view_json

    async with governed(home) as (governance, _):
        created = await all_proposals(governance)
        views = [await read_proposal(governance, item) for item in created]
    if as_json:
        emit_json({"proposals": [view_json(view) for view in views]})
    elif views:
        _print_list(views)
    else:
        say("There is no proposal yet. Make one: neurovoyance gov draft")


def _print_list(views: list[ProposalView]) -> None:
    from rich.text import Text

    from neurovoyance.cli.gov_parts import local
    from neurovoyance.cli.output import console, table
    from neurovoyance.governance.proposal_file import id_hex

    shown = table("proposal", "governor", "state", "voting ends", "for", "against", "title")
    for view in views:
        shown.add_row(
            id_hex(view.created.proposal_id)[:12],
            "Constitutional" if view.created.is_constitutional else "Standard",
            view.state.name.capitalize(),
            local(view.dates.votes_until_s),
            f"{view.tally.for_wei // 10**18:,}",
            f"{view.tally.against_wei // 10**18:,}",
            Text(view.created.title),
        )
    console().print(shown)


def show(what: SubjectArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show calls in words, parameters before and after, code, dates, votes and reasons."""
    from neurovoyance.cli.opened import run

    run(_show(what, home, as_json, in_full=True))


def explain(what: SubjectArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Tell in a few sentences what a proposal would do, from its calls alone."""
    from neurovoyance.cli.opened import run

    run(_show(what, home, as_json, in_full=False))


async def _show(what: str, home: Path | None, as_json: bool, *, in_full: bool) -> None:
    from neurovoyance.cli.gov_parts import governed, say, subject_of
    from neurovoyance.cli.output import emit_json

    async with governed(home) as (governance, _):
        subject = await subject_of(governance, what)
        facts = await facts_of(governance, subject)
    if as_json:
        emit_json(facts if in_full else {"words": explained(facts)})
        return
    say(*explained(facts))
    if in_full:
        _print_facts(facts)


async def facts_of(governance: Governance, subject: Subject) -> dict[str, Any]:
    """Return all that is known of a proposal, as JSON values."""
    from neurovoyance.governance.calls import decode_calls
    from neurovoyance.governance.drafting import code_hashes
    from neurovoyance.governance.pinning import code_digest
    from neurovoyance.governance.proposal_file import call_json, id_hex
    from neurovoyance.governance.proposals import ballots_of, view_json

    actions, view = subject.actions, subject.view
    calls = decode_calls(governance.deployment, actions.targets, actions.calldatas)
    hashes = await code_hashes(governance, actions.targets)
    facts: dict[str, Any] = {
        "proposal_id": id_hex(actions.proposal_id),
        "governor": subject.governor,
        "on_chain": view is not None,
        "calls": [
            {**call_json(call), "note": call.note, "code_hash": code}
            for call, code in zip(calls, hashes, strict=True)
        ],
        "parameters": await changes_of(governance, calls),
        "description": actions.description,
    }
    if view is not None:
        votes = await ballots_of(governance, view.created)
        facts |= view_json(view)
        facts["is_code_unchanged"] = code_digest(hashes) == view.code_digest
        facts["ballots"] = [
            {
                "voter": vote.voter,
                "support": ("against", "for", "abstain")[vote.support],
                "votes_wei": str(vote.weight),
                "reason": vote.reason,
            }
            for vote in votes
        ]
    return facts


async def changes_of(
    governance: Governance, calls: tuple[DecodedCall, ...]
) -> list[dict[str, Any]]:
    """Return the parameters that a proposal names: now, and as it would set them."""
    from neurovoyance.governance.intentions import ParameterChange
    from neurovoyance.governance.reading import read_parameters
    from neurovoyance.governance.values import format_value

    wanted = {
        call.intention.key: call.intention.value
        for call in calls
        if isinstance(call.intention, ParameterChange)
    }
    readings = await read_parameters(governance, list(wanted)) if wanted else {}
    return [
        {
            "key": key,
            "class": reading.parameter.governor,
            "before": format_value(reading.next_value, reading.parameter.unit),
            "after": format_value(wanted[key], reading.parameter.unit),
            "meaning": reading.parameter.meaning,
        }
        for key, reading in readings.items()
    ]


def explained(facts: dict[str, Any]) -> list[str]:
    """Return what a proposal does, in sentences made from its calls."""
    kind = "Constitutional" if facts["governor"] == "constitutional" else "Standard"
    lines = [f"Proposal {facts['proposal_id'][:12]}, decided by the {kind} governor."]
    if facts["on_chain"]:
        lines[0] += f" State: {facts['state']}."
    lines.append("")
    lines += [f"  It would {call['words']}." for call in facts["calls"]]
    for change in facts["parameters"]:
        lines.append(
            f"  {change['key']} is {change['before']} now and would be {change['after']}: "
            f"{change['meaning']}."
        )
    unknown = sum(call["words"].startswith("calls ") for call in facts["calls"])
    if unknown:
        lines.append(
            f"  {unknown} of its calls cannot be put into words here; vote on what you understand."
        )
    return lines


def _print_facts(facts: dict[str, Any]) -> None:
    from neurovoyance.cli.gov_parts import local, say
    from neurovoyance.cli.output import nvy
    from neurovoyance.governance.refusals import date_of

    say("", "Calls:")
    for call in facts["calls"]:
        say(f"  {call['contract'] or 'unknown'}.{call['function'] or '?'} at {call['target']}")
        say(f"    calldata {call['calldata']}", f"    code hash {call['code_hash']}")
    say("", "Text of the proposer:", "", *("  " + t for t in facts["description"].splitlines()))
    if not facts["on_chain"]:
        return
    dates, votes = facts["dates"], facts["votes"]
    if not facts["is_code_unchanged"]:
        say("", "The code of a target changed since; the governor refuses this proposal.")
    quorum = votes["quorum_wei"]
    say(
        "",
        f"Proposed by {facts['proposer']}.",
        f"Votes count as of the end of {date_of(dates['snapshot_s'])[:10]} (UTC).",
        f"Voting from {local(dates['votes_from_s'])} to {local(dates['votes_until_s'])}.",
        f"Executable from {local(dates['executable_s'])} at the earliest.",
        "",
        f"For {nvy(int(votes['for_wei']))}, against {nvy(int(votes['against_wei']))}, abstain "
        f"{nvy(int(votes['abstain_wei']))}.",
        "Quorum: known once the snapshot is over."
        if quorum is None
        else f"Quorum {nvy(int(quorum))}: {'reached' if votes['has_quorum'] else 'not reached'}.",
    )
    for ballot in facts["ballots"]:
        reason = f": {ballot['reason']}" if ballot["reason"] else ""
        amount = nvy(int(ballot["votes_wei"]))
        say(f"  {ballot['voter']} {ballot['support']} with {amount}{reason}")
