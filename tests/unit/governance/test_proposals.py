"""Proposals are found by the beginning of their id, and their majority is computed exactly."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.governed import BANK, Visit

from neurovoyance.chain.governors import Actions, ProposalState, Support, Tally
from neurovoyance.governance.proposal_file import id_hex
from neurovoyance.governance.proposals import (
    Created,
    ProposalView,
    all_proposals,
    find_proposal,
    read_proposal,
    support_of,
    view_json,
)
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import ZERO_ADDRESS

BURN = "set burnBps to 4.5 percent because it can be found"


def view_of(tally: Tally, quorum_wei: int | None = 100, majority_bps: int = 5_000) -> ProposalView:
    created = Created(False, ZERO_ADDRESS, Actions((), (), (), "# A title\n\nmore"), 1, 86_400)
    state = ProposalState.ACTIVE
    return ProposalView(
        created, state, 864_000, 0, tally, quorum_wei, majority_bps, bytes(28), 86_400, 500_000
    )


async def test_it_is_found_by_hex_decimal_and_beginning(visit: Visit) -> None:
    created = await visit.propose(BURN)
    number = created.proposal_id
    assert await visit.governance.standard.proposal_id(created.actions) == number
    for name in (id_hex(number), str(number), id_hex(number)[:8].upper().replace("X", "x")):
        assert await find_proposal(visit.governance, name) == created
    second = await visit.propose(BURN + " twice")
    assert await all_proposals(visit.governance) == [created, second]
    assert created.proposer == BANK.address
    for wrong in ("0x", "burn", "0xzz11", "1" * 90):
        with pytest.raises(SpecError, match="is not the id"):
            await find_proposal(visit.governance, wrong)


async def test_a_view_has_dates_and_no_quorum_before_its_snapshot(visit: Visit) -> None:
    created = await visit.propose(BURN)
    shown = view_json(await read_proposal(visit.governance, created))
    assert shown["state"] == "Pending" and shown["votes"]["quorum_wei"] is None
    dates = shown["dates"]
    assert dates["snapshot_s"] < dates["votes_from_s"] < dates["votes_until_s"]


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from([5_000, 6_667, 7_500]))
def test_the_majority_is_that_of_the_contract(for_wei: int, against: int, bps: int) -> None:
    view = view_of(Tally(against, for_wei, 0), majority_bps=bps)
    contract = for_wei > against and for_wei * 10_000 >= (for_wei + against) * bps
    assert view.has_majority == contract


def test_abstaining_counts_towards_the_quorum_alone() -> None:
    assert view_of(Tally(50, 60, 40)).has_quorum
    assert not view_of(Tally(50, 60, 39)).has_quorum
    assert not view_of(Tally(0, 60, 40), quorum_wei=None).has_quorum


def test_titles_are_the_first_line_without_marks() -> None:
    view = view_of(Tally(0, 0, 0))
    assert view.created.title == "A title"
    blank = replace(view.created, actions=Actions((), (), (), "  \n"))
    assert blank.title == "(no title)"
    sly = replace(view.created, actions=Actions((), (), (), "# \x1b[2J\u202eRaise\x00"))
    assert sly.title == "\ufffd[2J\ufffdRaise\ufffd"


def test_votes_are_three_words() -> None:
    assert [support_of(text) for text in ("For", " against", "ABSTAIN")] == [
        Support.FOR,
        Support.AGAINST,
        Support.ABSTAIN,
    ]
    with pytest.raises(SpecError, match="is no vote"):
        support_of("yes")
