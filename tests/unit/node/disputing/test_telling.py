"""Every phase, claim, role and action has a plain sentence, and none tells a vote too early."""

from __future__ import annotations

import pytest
from tests.unit.node.disputing.court import case, facts

from neurovoyance.node.disputing import telling
from neurovoyance.node.disputing.values import DisputeAction, DisputeView, Fixed, Role, Wanted
from neurovoyance.protocol.audit import DisputeKind, DisputePhase, RefereeVote


@pytest.mark.parametrize("kind", DisputeKind)
@pytest.mark.parametrize("role", Role)
def test_every_dispute_is_introduced(kind: DisputeKind, role: Role) -> None:
    text = telling.taken_up(facts(kind, is_late=True, is_contest=True), role)
    assert text.startswith("Dispute 7: ")
    assert text.endswith(".")


@pytest.mark.parametrize("phase", DisputePhase)
def test_every_phase_is_told(phase: DisputePhase) -> None:
    assert telling.phase(DisputeView(phase, level=1)).endswith(".")


def test_a_verdict_is_named() -> None:
    view = DisputeView(DisputePhase.APPEAL, verdict=RefereeVote.GUILTY)
    assert "the provider guilty" in telling.phase(view)


@pytest.mark.parametrize("action", DisputeAction)
def test_every_action_is_told_and_only_an_opened_vote_names_the_vote(
    action: DisputeAction,
) -> None:
    voted = case(fixed=Fixed(votes=((0, RefereeVote.GUILTY),)))
    text = telling.done(Wanted(action, "key"), voted, "Because.")
    assert text.endswith("Because.")
    assert ("GUILTY" in text) is (action is DisputeAction.REVEAL_VOTE)
    assert telling.failed(Wanted(action, "key")).endswith(".")
