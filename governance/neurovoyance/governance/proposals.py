"""Proposals as the chain knows them: found by their id, read fresh, their dates and votes.

Place: reads only. A governor keeps hashes; calls and text come from the event of the proposal, and
the id proves them. Votes are wei, times unix seconds of the chain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from neurovoyance.chain.events import ProposalCreated, VoteCast
from neurovoyance.chain.governing import Governance
from neurovoyance.chain.governors import Actions, Governor, ProposalState, Support, Tally
from neurovoyance.chain.history import events_with
from neurovoyance.governance.proposal_file import id_hex
from neurovoyance.governance.timeline import Timeline, timeline
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.units import BPS, mul_div_up

_PREFIX = re.compile(r"0x[0-9a-fA-F]{4,64}")
WORDS = {
    ProposalState.PENDING: "waits for its snapshot; nobody votes yet",
    ProposalState.ACTIVE: "is being voted on",
    ProposalState.CANCELED: "was cancelled",
    ProposalState.DEFEATED: "was defeated",
    ProposalState.SUCCEEDED: "succeeded; anybody may queue it",
    ProposalState.QUEUED: "waits in the timelock",
    ProposalState.EXPIRED: "expired",
    ProposalState.EXECUTED: "was executed",
}


@dataclass(frozen=True, slots=True)
class Created:
    """A proposal as it was made.

    Attributes:
        block: block of the event.
        snapshot_s: tick whose end counts votes.
    """

    is_constitutional: bool
    proposer: Address
    actions: Actions
    block: int
    snapshot_s: int

    @property
    def proposal_id(self) -> int:
        """Its id."""
        return self.actions.proposal_id

    @property
    def title(self) -> str:
        """First line of its text, without marks; what a proposer wrote, not what it does."""
        first = self.actions.description.strip().splitlines()[:1]
        return plain_text("".join(first)).lstrip("# ").strip()[:120] or "(no title)"


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal as it stands now.

    Attributes:
        deadline_s: last tick of voting.
        eta_s: when a queued one may be executed; 0 if it is not queued.
        quorum_wei: votes For and Abstain that it needs; None while its snapshot is not over.
        majority_bps: part of For and Against that must be For.
        code_digest: the code of its targets as it was pinned, 28 bytes.
        now_s: chain time of this view.
    """

    created: Created
    state: ProposalState
    deadline_s: int
    eta_s: int
    tally: Tally
    quorum_wei: int | None
    majority_bps: int
    code_digest: bytes
    timelock_s: int
    now_s: int

    @property
    def dates(self) -> Timeline:
        """Its dates."""
        return timeline(self.created.snapshot_s, self.deadline_s, self.timelock_s, self.eta_s)

    @property
    def counted_wei(self) -> int:
        """Votes that count towards the quorum."""
        return self.tally.for_wei + self.tally.abstain_wei

    @property
    def has_quorum(self) -> bool:
        """Whether the quorum is reached."""
        return self.quorum_wei is not None and self.counted_wei >= self.quorum_wei

    @property
    def for_needed_wei(self) -> int:
        """Votes For that the majority needs beside the present votes Against.

        ``for * 10000 >= (for + against) * majority``, and more For than Against.
        """
        against_wei = self.tally.against_wei
        if self.majority_bps >= BPS:
            return self.tally.for_wei if against_wei == 0 else 2**256
        least = mul_div_up(against_wei, self.majority_bps, BPS - self.majority_bps)
        return max(least, against_wei + 1)

    @property
    def has_majority(self) -> bool:
        """Whether it would succeed with these votes, given the quorum."""
        return self.tally.for_wei >= self.for_needed_wei


def plain_text(text: str) -> str:
    """Return what a stranger wrote without anything that a terminal or a feed could obey.

    Control and direction characters become U+FFFD; line ends stay.

    >>> plain_text("a\x1b[31mb")
    'a\ufffd[31mb'
    """
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


async def all_proposals(governance: Governance) -> list[Created]:
    """Return every proposal of both governors, oldest first.

    Raises:
        RpcError: the endpoint does not answer.
    """
    deployment = governance.deployment
    kinds = {deployment.standard_governor: False, deployment.constitutional_governor: True}
    start = deployment.deploy_block
    events = await events_with(governance.client, kinds, ProposalCreated, start_block=start)
    found = []
    for event in events:
        if isinstance(event, ProposalCreated):
            created = _created(event, kinds[event.meta.address])
            if created.proposal_id == event.proposal_id:
                found.append(created)
    return found


def _created(event: ProposalCreated, is_constitutional: bool) -> Created:
    actions = Actions(event.targets, event.values, event.calldatas, event.description)
    block = event.meta.block_number
    return Created(is_constitutional, event.proposer, actions, block, event.vote_start)


async def find_proposal(governance: Governance, text: str) -> Created:
    """Return the proposal that somebody names by its id or the first digits of it.

    Args:
        governance: the contracts.
        text: decimal, ``0x`` and 64 hex digits, or the first of them (at least 4).

    Raises:
        SpecError: no proposal or several begin so.
    """
    wanted = text.strip().lower()
    prefix = id_hex(int(wanted)) if wanted.isdigit() and len(wanted) < 79 else wanted
    if not _PREFIX.fullmatch(prefix):
        raise SpecError(
            f"{text[:80]!r} is not the id of a proposal.",
            hint="Give the id, or its first characters (0x...); `neurovoyance gov list` shows it.",
        )
    found = [
        item
        for item in await all_proposals(governance)
        if id_hex(item.proposal_id).startswith(prefix)
    ]
    if len(found) == 1:
        return found[0]
    raise SpecError(
        f"{len(found) or 'No'} proposal{'s' * (len(found) != 1)} of this network begin "
        f"with {prefix[:18]}.",
        hint="`neurovoyance gov list` shows all of them.",
        text=text[:80],
    )


async def read_proposal(governance: Governance, created: Created) -> ProposalView:
    """Return a proposal as it stands now."""
    governor = governance.governor(created.is_constitutional)
    number, now_s = created.proposal_id, await governance.client.time_s()
    terms = await governor.terms_of(number)
    is_counted = created.snapshot_s < await governor.clock_s()
    return ProposalView(
        created,
        await governor.state(number),
        await governor.deadline_s(number),
        await governor.eta_s(number),
        await governor.tally(number),
        await governor.quorum_of_wei(number) if is_counted else None,
        terms.majority_bps,
        terms.code_digest,
        await governance.timelock(created.is_constitutional).min_delay_s(),
        now_s,
    )


async def ballots_of(governance: Governance, created: Created) -> list[VoteCast]:
    """Return the votes cast on a proposal with their reasons, oldest first."""
    governor: Governor = governance.governor(created.is_constitutional)
    events = await events_with(
        governance.client, [governor.address], VoteCast, start_block=created.block
    )
    return [
        event
        for event in events
        if isinstance(event, VoteCast) and event.proposal_id == created.proposal_id
    ]


def view_json(view: ProposalView) -> dict[str, Any]:
    """Return a view as JSON values; wei as decimal strings."""
    dates, tally = view.dates, view.tally
    return {
        "proposal_id": id_hex(view.created.proposal_id),
        "governor": "constitutional" if view.created.is_constitutional else "standard",
        "title": view.created.title,
        "proposer": view.created.proposer,
        "state": view.state.name.capitalize(),
        "time_s": view.now_s,
        "dates": {
            "snapshot_s": dates.snapshot_s,
            "votes_from_s": dates.votes_from_s,
            "votes_until_s": dates.votes_until_s,
            "executable_s": dates.executable_s,
        },
        "votes": {
            "for_wei": str(tally.for_wei),
            "against_wei": str(tally.against_wei),
            "abstain_wei": str(tally.abstain_wei),
            "quorum_wei": None if view.quorum_wei is None else str(view.quorum_wei),
            "has_quorum": view.has_quorum,
            "majority_bps": view.majority_bps,
            "has_majority": view.has_majority,
        },
    }


def support_of(text: str) -> Support:
    """Return what ``for``, ``against`` or ``abstain`` mean; SpecError for another word."""
    try:
        return Support[text.strip().upper()]
    except KeyError:
        raise SpecError(
            f"{text[:40]!r} is no vote.", hint="Vote for, against or abstain."
        ) from None
