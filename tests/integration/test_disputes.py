"""Disputes between real nodes on a real chain: false challenges, cheats, and who hides."""

from __future__ import annotations

from asyncio.subprocess import Process

import pytest
from tests.dispute_world import (
    BOND_WEI,
    CHALLENGER,
    DEATHS,
    FEW_DEATHS,
    all_referees_closed,
    challenged,
    court_payments,
    disputes_of,
    dying,
    funded,
    judged_guilty,
    posted_job,
    proven_row,
    told,
    wait_for_dispute,
    wait_for_phase,
    wait_until_told,
)
from tests.faults.accounts import assert_balanced
from tests.worlds import Start, World, audited_world, nodes

from neurovoyance.node.disputing.values import Margins
from neurovoyance.protocol.audit import (
    DisputeFacts,
    DisputeKind,
    DisputePhase,
    PointKind,
    RefereeVote,
)
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState

__all__ = ["audited_world", "nodes"]

pytestmark = pytest.mark.timeout(600)

HOLD_S = 172_801
APPEAL_S = 1_801
TRACE_S = 601


async def start_all(world: World, nodes: Start, cheat: str | None = None) -> list[Process]:
    if cheat:
        world.provider.entry = ("-m", "tests.dishonest_node", cheat)
    return [await nodes(party=party) for party in (world.provider, *world.auditors)]


async def test_a_false_challenge_clears_the_provider_and_costs_the_bond(
    audited_world: World, nodes: Start
) -> None:
    world, disputes = audited_world, audited_world.contracts.disputes
    await start_all(world, nodes)
    job_id = await posted_job(world)
    await world.wait_for(job_id, JobState.REVEALED)
    facts = await challenged(world, job_id)
    await wait_for_phase(world, facts, DisputePhase.POINT)
    wallet = world.devnet.wallet(CHALLENGER)
    row, proof = await proven_row(world, facts, 0)
    await disputes.point(wallet, facts, PointKind.OPERATOR, row, proof)
    await wait_for_phase(world, facts, DisputePhase.APPEAL)
    referees = await disputes.referees_of(facts.dispute_id, 0)
    assert {one.vote for one in referees} == {RefereeVote.CLEAR}
    await world.control.increase_time(APPEAL_S)
    await wait_for_phase(world, facts, DisputePhase.CLEAR)
    await all_referees_closed(world, facts)
    paid = await court_payments(world)
    assert paid[facts.provider] == BOND_WEI // 2
    assert sum(paid[one.owner] for one in referees) == BOND_WEI // 2
    assert await world.contracts.market.free_of_wei(wallet.address) == 0
    await world.wait_for(job_id, JobState.SETTLED)
    await assert_balanced(world)
    assert any("We posted the trace" in text for text in told(world.provider))


async def test_rounded_weights_are_traced_pointed_at_and_convicted(
    audited_world: World, nodes: Start
) -> None:
    world = audited_world
    await start_all(world, nodes, "int8")
    job_id = await posted_job(world)
    await world.wait_for(job_id, JobState.DISPUTED)
    all_facts = await disputes_of(world, job_id)
    assert {facts.challenger for facts in all_facts} <= {p.address for p in world.auditors}
    assert all(facts.is_contest for facts in all_facts)
    await wait_for_phase(world, all_facts[0], DisputePhase.APPEAL)
    traced = set(DisputePhase) - {DisputePhase.NONE, DisputePhase.TRACE}
    for facts in all_facts[1:]:  # or the time that passes next would end the wait for its trace
        await wait_for_phase(world, facts, *traced)
    await convicted(world, job_id, all_facts)
    words = [text for party in world.auditors for text in told(party)]
    assert any("We pointed at a row of the trace. Output 0 of Gemm #0" in text for text in words)


@pytest.mark.parametrize(
    ("cheat", "kind"),
    [("forged", DisputeKind.FORGED_ANSWER), ("envelope", DisputeKind.BAD_ENVELOPE)],
)
async def test_what_an_auditor_finds_forged_after_the_reveal_is_convicted(
    audited_world: World, nodes: Start, cheat: str, kind: DisputeKind
) -> None:
    world = audited_world
    for party in world.auditors:
        await funded(world, party.operator)
    await start_all(world, nodes, cheat)
    job_id = await posted_job(world)
    facts = await wait_for_dispute(world, job_id)
    assert facts.kind is kind
    await wait_for_phase(world, facts, DisputePhase.APPEAL)
    # One job in twenty has two auditors: both challenge, and either dispute may convict first.
    all_facts = await disputes_of(world, job_id)
    assert {one.kind for one in all_facts} == {kind}
    await convicted(world, job_id, all_facts)
    by_wallet = {party.operator.address: party for party in world.auditors}
    challenger = by_wallet[facts.challenger]
    await wait_until_told([challenger], "We took the bond back.")
    assert await world.contracts.token.balance_of_wei(challenger.operator.address) == BOND_WEI


async def test_a_trace_that_is_withheld_costs_the_provider_its_lock(
    audited_world: World, nodes: Start
) -> None:
    world = audited_world
    await start_all(world, nodes, "mute")
    job_id = await posted_job(world)
    await world.wait_for(job_id, JobState.REVEALED)
    facts = await challenged(world, job_id)
    before_wei = (await world.contracts.stakes.stake_of(facts.provider)).own_wei
    assert (await world.contracts.market.job(job_id)).state is JobState.DISPUTED
    # An auditor of the job, who has an interest in its end, ends the phase when others had time to.
    await world.control.increase_time(TRACE_S + Margins().others_s)
    await world.wait_for(job_id, JobState.PROVIDER_TRACE_TIMEOUT)
    assert (await world.contracts.disputes.dispute_of(1)).phase is DisputePhase.GUILTY
    lost_wei = before_wei - (await world.contracts.stakes.stake_of(facts.provider)).own_wei
    assert lost_wei >= facts.lock_wei
    assert await world.contracts.market.free_of_wei(facts.challenger) == BOND_WEI
    await world.control.increase_time(HOLD_S)
    # Nobody judged: an auditor sees to it that the judges' share reaches the audit pool. One job in
    # twenty has two auditors, and the quicker one acts.
    await wait_until_told(world.auditors, "We closed a seat")
    assert (await court_payments(world))[world.contracts.audits.address] > 0
    await assert_balanced(world)


@pytest.mark.parametrize(
    "deaths",
    [
        pytest.param(FEW_DEATHS, id="few"),
        pytest.param(DEATHS, id="every", marks=pytest.mark.slow),
    ],
)
async def test_nodes_that_die_at_the_steps_of_a_dispute_still_end_it(
    audited_world: World, nodes: Start, deaths: dict[str, tuple[str, ...]]
) -> None:
    world, disputes = audited_world, audited_world.contracts.disputes
    alive = await start_all(world, nodes)
    job_id = await posted_job(world)
    await world.wait_for(job_id, JobState.REVEALED)
    wallet = world.devnet.wallet(CHALLENGER)
    async with dying(world, nodes, alive, deaths) as lives:
        facts = await challenged(world, job_id)
        await wait_for_phase(world, facts, DisputePhase.POINT)
        row, proof = await proven_row(world, facts, 1)
        await disputes.point(wallet, facts, PointKind.OPERATOR, row, proof)
        await wait_for_phase(world, facts, DisputePhase.APPEAL)
        await world.control.increase_time(APPEAL_S)
        await wait_for_phase(world, facts, DisputePhase.CLEAR)
        await all_referees_closed(world, facts)
    print(f"deaths: {lives}")
    assert {"before:trace", "after:post_trace", "after:commit_vote"} <= set(lives)
    referees = await disputes.referees_of(facts.dispute_id, 0)
    assert {one.vote for one in referees} == {RefereeVote.CLEAR}
    await assert_balanced(world)


async def convicted(world: World, job_id: JobId, all_facts: list[DisputeFacts]) -> None:
    """Let the time of appeal pass, then the hold of the slash; everybody gets what is due."""
    disputes = world.contracts.disputes
    await world.control.increase_time(APPEAL_S)
    await world.wait_for(job_id, JobState.REJECTED)
    phases = {(await disputes.dispute_of(facts.dispute_id)).phase for facts in all_facts}
    assert DisputePhase.GUILTY in phases
    held = await world.contracts.stakes.held_slash_of(job_id)
    assert held.amount_wei >= all_facts[0].lock_wei
    await assert_balanced(world)
    await world.control.increase_time(HOLD_S)
    guilty = await judged_guilty(world, all_facts)
    await all_referees_closed(world, guilty)
    assert (await world.contracts.stakes.held_slash_of(job_id)).ready_at_s == 0
    await assert_balanced(world)
