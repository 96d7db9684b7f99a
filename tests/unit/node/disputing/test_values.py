"""The vocabulary of the dispute duties."""

from __future__ import annotations

from neurovoyance.node.disputing.values import (
    LOCAL,
    SENDS,
    DisputeAction,
    DisputeView,
    Fixed,
    Seat,
)
from neurovoyance.protocol.audit import DisputePhase, RefereeVote


def test_every_action_is_local_or_sent() -> None:
    assert not LOCAL & SENDS
    assert frozenset(DisputeAction) == LOCAL | SENDS


def test_seats_are_found_by_owner_and_level() -> None:
    seats = tuple(Seat(level, 0, "0xa", 1, RefereeVote.NONE, False) for level in (0, 1))
    other = Seat(1, 1, "0xb", 1, RefereeVote.NONE, False)
    view = DisputeView(DisputePhase.VOTE, seats=(*seats, other))
    assert view.seats_of("0xa") == seats
    assert view.seats_of("0xa", 1) == seats[1:]
    assert view.seats_of("0xc") == ()


def test_a_level_without_a_vote_has_none() -> None:
    fixed = Fixed(votes=((1, RefereeVote.CLEAR),))
    assert fixed.vote_at(1) is RefereeVote.CLEAR
    assert fixed.vote_at(0) is RefereeVote.NONE
