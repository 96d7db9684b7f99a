"""Both governors through one facade; ids computed here are those of the contracts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.chains import ANVIL
from tests.governed import (
    BANK,
    BANK_WEI,
    DAY_S,
    FRIEND,
    STRANGER,
    Network,
    Visit,
    running,
    visiting,
)

from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.genesis import selector
from neurovoyance.chain.governing import key_bytes
from neurovoyance.chain.governors import Actions, Governor, ProposalState, Support, Tally
from neurovoyance.chain.reverts import GovernorNonexistentProposal
from neurovoyance.tokenomics.params import default_of


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    kind = "anvil" if ANVIL.exists() else "devnet"
    with running(kind, tmp_path_factory.mktemp("governors")) as made:
        yield made


@pytest.fixture
async def visit(network: Network, tmp_path: Path) -> AsyncIterator[Visit]:
    async with visiting(network, tmp_path) as made:
        yield made


def actions(visit: Visit, text: str = "burn more") -> Actions:
    params = visit.governance.params
    call = params.prepare("set", key_bytes("burnBps"), 450)
    return Actions((visit.governance.deployment.params,), (0,), (call.data,), text)


def test_both_governors_have_the_same_functions() -> None:
    other = contract_abi("ConstitutionalGovernor").functions
    mine = contract_abi(Governor.contract).functions
    assert set(mine) == set(other)
    for name, entry in mine.items():
        assert [item["type"] for item in entry["inputs"]] == [
            item["type"] for item in other[name]["inputs"]
        ]


async def test_settings_are_the_parameters(visit: Visit) -> None:
    for is_constitutional, word in ((False, "standard"), (True, "constitutional")):
        governor = visit.governance.governor(is_constitutional)
        assert await governor.voting_delay_s() == default_of(f"{word}DelayS")
        assert await governor.voting_period_s() == default_of(f"{word}PeriodS")
        assert await governor.majority_bps() == default_of(f"{word}MajorityBps")
        assert await governor.late_quorum_extension_s() == default_of("lateQuorumS")
        assert await governor.max_actions() == 16
        assert await governor.version() == "1"
        clock_s = await governor.clock_s()
        floor_wei = default_of(f"{word}QuorumFloorWei")
        assert await governor.quorum_wei(clock_s - 1) == floor_wei
    assert await visit.governance.standard.name() == "NVY Standard Governor"


async def test_a_proposal_has_the_id_that_is_computed_here(visit: Visit) -> None:
    governor, made = visit.governance.standard, actions(visit)
    number = made.proposal_id
    assert await governor.proposal_id(made) == number
    assert await governor.snapshot_s(number) == 0
    with pytest.raises(GovernorNonexistentProposal):
        await governor.state(number)
    assert await governor.is_allowed(made.targets[0], selector("set(bytes32,uint256)"))
    assert not await governor.is_allowed(made.targets[0], selector("trip()"))
    assert 0 < await governor.threshold_wei() <= BANK_WEI
    await governor.propose(BANK, made)
    assert await governor.state(number) is ProposalState.PENDING
    assert await governor.proposer(number) == BANK.address
    assert await governor.needs_queuing(number)
    assert (await governor.terms_of(number)).quorum_bps == default_of("standardQuorumBps")
    await governor.cancel(BANK, made)
    assert await governor.state(number) is ProposalState.CANCELED


async def test_votes_queue_and_execution(visit: Visit) -> None:
    governor, made = visit.governance.standard, actions(visit)
    number = made.proposal_id
    await governor.propose(BANK, made)
    snapshot_s = await governor.snapshot_s(number)
    await visit.go_to(snapshot_s + DAY_S)
    assert await governor.state(number) is ProposalState.ACTIVE
    assert await governor.votes_at_wei(BANK.address, snapshot_s) == BANK_WEI
    await governor.cast_vote(BANK, number, Support.FOR)
    await governor.cast_vote_with_reason(FRIEND, number, Support.ABSTAIN, "no opinion")
    assert await governor.has_voted(number, FRIEND.address)
    assert await governor.nonce_of(FRIEND.address) == 0
    tally = await governor.tally(number)
    assert tally == Tally(0, BANK_WEI, 4 * 10**24)
    assert tally.for_wei >= await governor.quorum_of_wei(number)
    await visit.go_to(await governor.deadline_s(number) + DAY_S)
    await governor.queue(STRANGER, made)
    assert await governor.state(number) is ProposalState.QUEUED
    await visit.go_to(await governor.eta_s(number))
    await governor.execute(STRANGER, made)
    assert await governor.state(number) is ProposalState.EXECUTED
    assert (await visit.governance.params.next_of("burnBps"))[0] == 450


def test_the_text_is_part_of_the_id() -> None:
    one, two = (Actions((), (), (), text) for text in ("a", "b"))
    assert one.proposal_id != two.proposal_id
    assert one.hashed == ([], [], [], one.description_hash)
