"""Steps are prepared from fresh reads; what they sign is told, what would fail is not sent.

The whole walk, with every refusal, is in tests/integration/test_governance.py.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.governed import BANK, FRIEND, STRANGER, Visit

from neurovoyance.chain.governors import Support
from neurovoyance.governance.acting import (
    prepare_cancel,
    prepare_delegate,
    prepare_propose,
    prepare_vote,
)
from neurovoyance.governance.drafting import draft
from neurovoyance.governance.proposals import read_proposal
from neurovoyance.protocol.errors import RequestError

BURN = "set burnBps to 4.5 percent because it is acted on"


async def test_a_vote_tells_weight_date_and_reason(visit: Visit) -> None:
    created = await visit.propose(BURN)
    await visit.go_to_vote(created)
    step = await prepare_vote(
        visit.governance, created, FRIEND.address, Support.ABSTAIN, "no opinion"
    )
    text = " ".join(step.lines)
    for words in ("Vote ABSTAIN", "4,000,000 NVY", "cannot be changed", "no opinion"):
        assert words in text


async def test_delegating_without_a_stake_is_allowed_and_said(visit: Visit) -> None:
    step = await prepare_delegate(visit.governance, STRANGER.address, STRANGER.address)
    assert any("has none yet" in line for line in step.lines)
    await step.send(STRANGER)
    assert await visit.governance.votes.delegates(STRANGER.address) == STRANGER.address


async def test_a_draft_whose_targets_changed_is_not_proposed(visit: Visit) -> None:
    made = await draft(visit.governance, BURN)
    stale = replace(made, code_hashes=("0x" + "00" * 32,))
    with pytest.raises(RequestError, match="code of a contract differs"):
        await prepare_propose(visit.governance, stale, BANK.address)


async def test_the_guardian_cancels_while_votes_are_cast_but_nothing_about_itself(
    visit: Visit,
) -> None:
    governance = visit.governance
    made = await draft(governance, BURN)
    await (await prepare_propose(governance, made, FRIEND.address)).send(FRIEND)
    [created] = [item for item in await _all(visit) if item.proposer == FRIEND.address]
    await visit.go_to_vote(created)
    step = await prepare_cancel(governance, created, BANK.address)
    assert "as guardian" in step.lines[0]
    await step.send(BANK)
    assert (await read_proposal(governance, created)).state.name == "CANCELED"
    own = await draft(governance, f"renew the guardian with {FRIEND.address} because of age")
    await (await prepare_propose(governance, own, FRIEND.address)).send(FRIEND)
    about = (await _all(visit))[-1]
    with pytest.raises(RequestError, match="cannot cancel a proposal about itself"):
        await prepare_cancel(governance, about, BANK.address)


async def test_a_guardian_whose_term_is_over_cancels_nothing(visit: Visit) -> None:
    await visit.go_to(await visit.governance.guardian.expires_at_s())
    made = await draft(visit.governance, BURN)
    await (await prepare_propose(visit.governance, made, FRIEND.address)).send(FRIEND)
    with pytest.raises(RequestError, match="term ended"):
        await prepare_cancel(visit.governance, (await _all(visit))[-1], BANK.address)


async def _all(visit: Visit) -> list:  # type: ignore[type-arg]
    from neurovoyance.governance.proposals import all_proposals

    return await all_proposals(visit.governance)
