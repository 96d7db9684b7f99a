"""What is worth telling about proposals: new ones, changes of state, quorum, a day left.

Place: pure; compares what was told with what is. A watcher that was off tells what it missed, and
one that is started twice tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from neurovoyance.chain.governors import ProposalState
from neurovoyance.governance.proposal_file import id_hex
from neurovoyance.governance.proposals import WORDS, ProposalView
from neurovoyance.governance.refusals import date_of
from neurovoyance.governance.values import format_money

LAST_CALL_S = 86_400


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell.

    Attributes:
        mark: what happened to which proposal; the same mark is told once.
        time_s: chain time when it was seen.
    """

    mark: str
    proposal_id: int
    title: str
    words: str
    time_s: int

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "mark": self.mark,
            "proposal_id": id_hex(self.proposal_id),
            "title": self.title,
            "words": self.words,
            "time_s": self.time_s,
        }


def notices_of(views: Iterable[ProposalView], told: set[str]) -> list[Notice]:
    """Return what was not told yet, oldest proposal first; ``told`` holds marks."""
    return [notice for view in views for notice in _all_of(view) if notice.mark not in told]


def _all_of(view: ProposalView) -> list[Notice]:
    number, dates, state = view.created.proposal_id, view.dates, view.state
    found = [("new", f"was proposed by {view.created.proposer}; {_voting(view)}")]
    if state is not ProposalState.PENDING:
        extra = {
            ProposalState.ACTIVE: f" until {date_of(dates.votes_until_s)}",
            ProposalState.QUEUED: f" until {date_of(dates.executable_s)}",
        }.get(state, "")
        found.append((state.name.lower(), WORDS[state] + extra))
    if view.has_quorum:
        found.append(("quorum", f"has its quorum: {format_money(view.counted_wei)}"))
    left_s = dates.votes_until_s - view.now_s
    if state is ProposalState.ACTIVE and left_s <= LAST_CALL_S:
        found.append(("last-day", f"can be voted on for {left_s // 3_600} hours more"))
    return [
        Notice(f"{id_hex(number)} {mark}", number, view.created.title, words, view.now_s)
        for mark, words in found
    ]


def _voting(view: ProposalView) -> str:
    dates = view.dates
    return f"votes are cast from {date_of(dates.votes_from_s)} to {date_of(dates.votes_until_s)}"
