"""What is told: each thing once, in the words of its state."""

from __future__ import annotations

from dataclasses import replace

from neurovoyance.chain.governors import ProposalState, Tally
from neurovoyance.governance.noticing import LAST_CALL_S, notices_of

from .test_proposals import view_of

VIEW = view_of(Tally(0, 0, 0))


def marks(*views: object, told: set[str] | None = None) -> list[str]:
    found = notices_of(views, told or set())  # type: ignore[arg-type]
    return [notice.mark.split()[1] for notice in found]


def test_a_new_proposal_is_told_with_its_dates() -> None:
    pending = replace(VIEW, state=ProposalState.PENDING)
    [notice] = notices_of([pending], set())
    assert "votes are cast from 1970-01-03 00:00 UTC" in notice.words
    assert notice.to_json()["title"] == "A title"
    assert notices_of([pending], {notice.mark}) == []


def test_states_quorum_and_the_last_day_are_told() -> None:
    assert marks(VIEW) == ["new", "active"]
    assert marks(replace(VIEW, tally=Tally(0, 100, 0))) == ["new", "active", "quorum"]
    last = replace(VIEW, now_s=VIEW.dates.votes_until_s - LAST_CALL_S)
    assert marks(last) == ["new", "active", "last-day"]
    assert marks(replace(last, now_s=last.now_s - 1)) == ["new", "active"]
    ended = replace(last, state=ProposalState.QUEUED, eta_s=10**6)
    assert marks(ended) == ["new", "queued"]
    assert "1970-01-12" in notices_of([ended], set())[1].words
