"""Reads and sends about disputes on a real chain with courts, before there is any dispute.

Whole disputes are in ``tests/integration/test_disputes.py``.
"""

from __future__ import annotations

import pytest
from tests.unit.node.conftest import OPERATOR, OTHER, OWNER
from tests.unit.node.disputing.conftest import ENDPOINT, Bench
from tests.unit.node.disputing.court import case, facts

from neurovoyance.chain.reverts import DisputeCourtUnknownDispute
from neurovoyance.node.disputing.casebook import WITHDRAWN
from neurovoyance.node.disputing.forms import Reason
from neurovoyance.node.disputing.values import (
    DisputeAction,
    DisputeView,
    Role,
    SlashState,
    Wanted,
)
from neurovoyance.protocol.audit import DisputePhase
from neurovoyance.protocol.errors import InternalError

NONE = DisputeView(DisputePhase.NONE)


async def test_a_dispute_that_the_chain_does_not_hold_is_unknown(bench: Bench) -> None:
    assert await bench.court.view(case(Role.DEFENDANT)) == NONE
    assert await bench.court.facts_of(7) is None
    assert await bench.court.trace(facts()) is None
    assert await bench.court.pointed(facts()) is None
    assert await bench.court.revealed(facts().job_id) is None
    assert await bench.court.answers(facts().job_id, 0) == []
    assert await bench.court.slash_of(facts().job_id) == (SlashState.UNBOOKED, 0)


async def test_endpoints_are_those_that_owners_announced(bench: Bench) -> None:
    assert await bench.court.endpoint_of(OWNER.address) == ENDPOINT
    assert await bench.court.endpoint_of(OTHER.address) == ""


@pytest.mark.parametrize(
    "action", [DisputeAction.POST_TRACE, DisputeAction.POINT, DisputeAction.COMMIT_VOTE]
)
async def test_nothing_is_sent_that_was_not_fixed(bench: Bench, action: DisputeAction) -> None:
    with pytest.raises(InternalError, match="holds no"):
        await bench.court.send(case(), NONE, Wanted(action, "key"), "key")


async def test_local_work_is_never_sent(bench: Bench) -> None:
    with pytest.raises(InternalError, match="local"):
        await bench.court.send(case(), NONE, Wanted(DisputeAction.JUDGE, "key"), "key")


async def test_the_court_knows_its_disputes_by_their_facts(bench: Bench) -> None:
    with pytest.raises(DisputeCourtUnknownDispute) as caught:
        await bench.court.send(case(), NONE, Wanted(DisputeAction.ADVANCE, "key"), "key")
    assert caught.value.found == facts().facts_hash()


async def test_a_bond_is_taken_back_once_and_only_by_the_key_that_gave_it(bench: Bench) -> None:
    ours = facts(challenger=OPERATOR.address)
    about = case(facts=ours)
    closed = DisputePhase.GUILTY
    assert await bench.court._withdrawable_wei(about, closed) == 0
    other = case(Role.CHALLENGER)
    assert await bench.court._withdrawable_wei(other, closed) == 0
    bench.court.book.fix(ours.facts_hash(), WITHDRAWN, Reason("done"))
    assert await bench.court._withdrawable_wei(about, closed) == 0
