"""From a stake to a changed parameter, on real chains: every step as a token holder takes it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from tests.governed import (
    BANK,
    BANK_WEI,
    DAY_S,
    FRIEND,
    FRIEND_WEI,
    STRANGER,
    Network,
    Visit,
    running,
    visiting,
)

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.governors import ProposalState, Support
from neurovoyance.chain.reverts import ContractRevert
from neurovoyance.governance.acting import (
    prepare_cancel,
    prepare_delegate,
    prepare_execute,
    prepare_propose,
    prepare_queue,
    prepare_vote,
)
from neurovoyance.governance.ballots import (
    ballot_json,
    check_ballot,
    parse_ballot,
    relay,
    sign_ballot,
)
from neurovoyance.governance.drafting import draft
from neurovoyance.governance.proposal_file import canonical, load_draft, save_draft
from neurovoyance.governance.proposals import ballots_of, find_proposal, read_proposal
from neurovoyance.governance.reading import read_parameters
from neurovoyance.governance.simulating import simulate
from neurovoyance.governance.timeline import EPOCH_S, next_epoch_s
from neurovoyance.governance.watching import Watcher, rss_file
from neurovoyance.protocol.errors import RequestError, SignatureError, SpecError
from neurovoyance.protocol.units import nvy

BURN = "raise burnBps from 4% to 4.5 percent because burning keeps the supply falling"


@pytest.fixture(scope="module", params=["devnet", pytest.param("anvil", marks=pytest.mark.anvil)])
def network(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Network]:
    with running(request.param, tmp_path_factory.mktemp(request.param)) as made:
        yield made


@pytest.fixture
async def visit(network: Network, tmp_path: Path) -> AsyncIterator[Visit]:
    async with visiting(network, tmp_path) as made:
        yield made


async def test_a_parameter_from_proposal_to_new_value(visit: Visit, tmp_path: Path) -> None:
    governance = visit.governance
    created = await visit.propose(BURN)
    view = await read_proposal(governance, created)
    assert (view.state, view.quorum_wei) == (ProposalState.PENDING, None)
    await visit.vote(created)
    view = await read_proposal(governance, created)
    assert view.tally.for_wei == BANK_WEI + FRIEND_WEI
    assert view.has_quorum and view.has_majority
    assert {vote.voter for vote in await ballots_of(governance, created)} == {
        BANK.address,
        FRIEND.address,
    }
    await visit.finish(created)
    reading = (await read_parameters(governance, ["burnBps"]))["burnBps"]
    executed_s = await visit.chain.time_s()
    assert (reading.value, reading.next_value) == (400, 450)
    assert reading.since_s == next_epoch_s(executed_s)
    assert reading.last_set_s == executed_s
    await visit.go_to(reading.since_s)
    reading = (await read_parameters(governance, ["burnBps"]))["burnBps"]
    assert (reading.value, reading.since_s) == (450, 0)


async def test_a_grant_from_proposal_to_payment(visit: Visit) -> None:
    payee = devnet_wallet(9).address
    before_wei = await visit.contracts.token.balance_of_wei(payee)
    sentence = f"pay 50,000 NVY to {payee} from the treasury because the wallet needs an audit"
    created = await visit.pass_it(sentence)
    assert not created.is_constitutional
    paid_wei = await visit.contracts.token.balance_of_wei(payee) - before_wei
    assert paid_wei == nvy("50000")


async def test_a_grant_above_the_standard_limit_needs_the_other_governor(visit: Visit) -> None:
    treasury, deployment = visit.governance.treasury, visit.governance.deployment
    left_wei = await treasury.left_of_wei(deployment.standard_timelock)
    more = f"{left_wei // 10**18 + 1:,}"
    sentence = f"pay {more} NVY to {STRANGER.address} from the treasury because it is large"
    assert (await draft(visit.governance, sentence)).is_constitutional
    with pytest.raises(SpecError, match="treasury may pay"):
        await draft(visit.governance, sentence.replace(more, "900,000,000"))


async def test_the_constitutional_governor_renews_the_guardian(visit: Visit) -> None:
    sentence = f"renew the guardian with {STRANGER.address} because the old one retired"
    made = await draft(visit.governance, sentence)
    assert made.is_constitutional
    outcome = await simulate(visit.governance, made.actions, True, await visit.chain.time_s())
    assert outcome.guardian[1][0] == STRANGER.address
    created = await visit.pass_it(sentence)
    assert created.is_constitutional
    assert await visit.governance.guardian.holder() == STRANGER.address


async def test_a_signed_vote_is_relayed_once(visit: Visit) -> None:
    governance = visit.governance
    created = await visit.propose(BURN)
    await visit.go_to_vote(created)
    ballot = await sign_ballot(governance, created, FRIEND, Support.AGAINST, "too much, too soon")
    read = parse_ballot(canonical(ballot_json(ballot)))
    assert read == ballot
    await check_ballot(governance, read)
    await relay(governance, read, STRANGER)
    view = await read_proposal(governance, created)
    assert view.tally.against_wei == FRIEND_WEI
    [vote] = await ballots_of(governance, created)
    assert (vote.voter, vote.reason) == (FRIEND.address, "too much, too soon")
    with pytest.raises(SpecError, match="relayed already"):
        await check_ballot(governance, read)
    plain = await sign_ballot(governance, created, BANK, Support.ABSTAIN)
    await check_ballot(governance, plain)
    await relay(governance, plain, STRANGER)
    assert (await read_proposal(governance, created)).tally.abstain_wei == BANK_WEI


async def test_a_changed_ballot_is_not_sent(visit: Visit) -> None:
    created = await visit.propose(BURN)
    ballot = await sign_ballot(visit.governance, created, FRIEND, Support.AGAINST, "no")
    document = ballot_json(ballot)
    for change in ({"support": "for"}, {"voter": BANK.address}, {"reason": "yes"}):
        forged = parse_ballot(canonical({**document, **change}))
        with pytest.raises(SignatureError):
            await check_ballot(visit.governance, forged)
    with pytest.raises(SpecError, match="another network"):
        await check_ballot(visit.governance, parse_ballot(canonical({**document, "chain_id": 1})))


async def test_steps_at_the_wrong_time_are_explained(visit: Visit) -> None:
    governance = visit.governance
    created = await visit.propose(BURN)
    voter = BANK.address
    with pytest.raises(RequestError, match="Voting begins on"):
        await prepare_vote(governance, created, voter, Support.FOR)
    with pytest.raises(RequestError, match="waits for its snapshot"):
        await prepare_queue(governance, created)
    with pytest.raises(RequestError, match="neither made this proposal"):
        await prepare_cancel(governance, created, STRANGER.address)
    await visit.go_to_vote(created)
    with pytest.raises(RequestError, match="had no votes"):
        await prepare_vote(governance, created, STRANGER.address, Support.FOR)
    await (await prepare_vote(governance, created, voter, Support.FOR, "yes")).send(BANK)
    with pytest.raises(RequestError, match="has voted"):
        await prepare_vote(governance, created, voter, Support.FOR)
    with pytest.raises(RequestError, match="Voting ends on"):
        await prepare_execute(governance, created)
    await visit.go_to_end(created)
    await (await prepare_queue(governance, created)).send(STRANGER)
    with pytest.raises(RequestError, match="waits in the timelock"):
        await prepare_execute(governance, created)
    with pytest.raises(RequestError, match="Voting is not possible"):
        await prepare_vote(governance, created, voter, Support.FOR)


async def test_too_few_votes_do_not_propose(visit: Visit) -> None:
    made = await draft(visit.governance, BURN)
    with pytest.raises(RequestError, match="Proposing needs"):
        await prepare_propose(visit.governance, made, STRANGER.address)
    with pytest.raises(ContractRevert):
        await visit.governance.standard.propose(STRANGER, made.actions)
    await (await prepare_propose(visit.governance, made, BANK.address)).send(BANK)
    with pytest.raises(RequestError, match="made already"):
        await prepare_propose(visit.governance, made, BANK.address)


async def test_a_named_proposer_is_the_only_one(visit: Visit) -> None:
    made = await draft(visit.governance, BURN, FRIEND.address)
    with pytest.raises(ContractRevert):
        await visit.governance.standard.propose(BANK, made.actions)
    await (await prepare_propose(visit.governance, made, FRIEND.address)).send(FRIEND)
    created = await find_proposal(visit.governance, str(made.actions.proposal_id))
    assert created.proposer == FRIEND.address


async def test_proposer_and_guardian_cancel(visit: Visit) -> None:
    governance = visit.governance
    created = await visit.propose(BURN)
    await (await prepare_cancel(governance, created, BANK.address)).send(BANK)
    assert (await read_proposal(governance, created)).state is ProposalState.CANCELED
    second = await visit.propose(BURN + " and later it may fall again")
    await visit.go_to_vote(second)
    # The bank is guardian, too, on this network; the proposer alone comes too late.
    with pytest.raises(RequestError, match="withdraw until voting begins"):
        await prepare_cancel(governance, second, BANK.address)


async def test_delegating_moves_votes_of_later_snapshots(visit: Visit) -> None:
    governance = visit.governance
    step = await prepare_delegate(governance, FRIEND.address, STRANGER.address)
    assert any("4,000,000 NVY" in line for line in step.lines)
    await step.send(FRIEND)
    assert await governance.votes.votes_of_wei(STRANGER.address) == FRIEND_WEI
    with pytest.raises(RequestError, match="already"):
        await prepare_delegate(governance, FRIEND.address, STRANGER.address)
    created = await visit.propose(BURN)
    await visit.go_to_vote(created)
    with pytest.raises(RequestError, match="vote through"):
        await prepare_vote(governance, created, FRIEND.address, Support.FOR)
    await prepare_vote(governance, created, STRANGER.address, Support.FOR)


async def test_a_simulation_shows_the_change_and_leaves_the_chain_alone(visit: Visit) -> None:
    sentence = "set burnBps to 4.5% and set unbondingS to 20 days 6 hours because both move"
    made = await draft(visit.governance, sentence)
    assert made.is_constitutional
    block = await visit.chain.block()
    at_s = block.timestamp_s + 40 * DAY_S
    found = await simulate(visit.governance, made.actions, True, at_s)
    assert found.refusals == {}
    assert found.changed == {"burnBps": (400, 450), "unbondingS": (1_814_400, 81 * DAY_S // 4)}
    assert found.applies_s % EPOCH_S == 0
    assert (await visit.chain.block()).hash == block.hash
    assert await visit.governance.params.value_of("burnBps") == 400


async def test_a_simulation_tells_which_call_fails(visit: Visit) -> None:
    made = await draft(visit.governance, "set unbondingS to 20 days 6 hours because it is C")
    found = await simulate(visit.governance, made.actions, False, await visit.chain.time_s())
    assert list(found.refusals) == [0]
    assert "timelock that may move this parameter" in found.refusals[0]
    assert found.changed == {}


async def test_a_simulated_grant_reaches_its_payee(visit: Visit) -> None:
    sentence = f"pay 5 NVY to {STRANGER.address} from the treasury because of a test"
    made = await draft(visit.governance, sentence)
    found = await simulate(visit.governance, made.actions, False, await visit.chain.time_s())
    before, after = found.balances_wei[STRANGER.address]
    assert after - before == nvy("5")
    before, after = found.balances_wei["treasury"]
    assert before - after == nvy("5")


async def test_a_long_change_is_refused_with_its_path(visit: Visit) -> None:
    with pytest.raises(SpecError, match="more than one proposal may change") as refused:
        await draft(visit.governance, "set burnBps to 5.5% because it should be more")
    path = refused.value.context["path"]
    assert [step["value"] for step in path] == ["463", "526", "550"]
    gaps = [b["execute_s"] - a["execute_s"] for a, b in pairwise(path)]
    assert all(gap >= 7 * DAY_S for gap in gaps)
    assert "Earliest path" in refused.value.hint
    first = path[0]
    await visit.pass_it("set burnBps to 4.63% because it is the first step")
    assert await visit.chain.time_s() >= first["execute_s"]
    with pytest.raises(SpecError, match=r"4\.63 percent already"):
        await draft(visit.governance, "set burnBps to 4.63% because of a second time")


async def test_a_draft_file_is_the_proposal(visit: Visit, tmp_path: Path) -> None:
    deployment = visit.governance.deployment
    made = await draft(visit.governance, BURN)
    path = tmp_path / "burn.json"
    save_draft(deployment, made, path)
    assert load_draft(deployment, path) == made
    text = path.read_text()
    path.write_text(text.replace("set burnBps to 4.5 percent", "set burnBps to 1 percent"))
    with pytest.raises(SpecError):
        load_draft(deployment, path)


async def test_the_watcher_tells_each_thing_once(visit: Visit, tmp_path: Path) -> None:
    feed, marks = tmp_path / "feed.xml", tmp_path / "marks.json"
    watcher = Watcher(visit.governance, marks, [rss_file(feed)])
    assert await watcher.look() == []
    created = await visit.propose(BURN)
    assert [notice.mark.split()[1] for notice in await watcher.look()] == ["new"]
    await visit.vote(created)
    assert {notice.mark.split()[1] for notice in await watcher.look()} == {"active", "quorum"}
    dates = (await read_proposal(visit.governance, created)).dates
    await visit.go_to(dates.votes_until_s - DAY_S)
    assert [notice.mark.split()[1] for notice in await watcher.look()] == ["last-day"]
    again = Watcher(visit.governance, marks, [rss_file(feed)])
    assert await again.look() == []
    assert feed.read_text().count("<item>") == 4
