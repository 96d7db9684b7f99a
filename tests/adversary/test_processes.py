"""Corrupt nodes among honest ones: real processes, a real chain, the contracts' real money.

Cheats whose place is a dispute are in ``tests/integration/test_disputes.py``: int8 weights that are
contested, forged answers, forged envelopes, withheld traces.
"""

from __future__ import annotations

import pytest
from tests.faults.accounts import assert_balanced
from tests.integration.test_audits import (
    Crew,
    assert_nothing_locked,
    assert_slashed,
    of_kind,
    posted,
)
from tests.worlds import STAKE_WEI, Start, World, audited_world, nodes

from neurovoyance.chain.events import AuditClosed, AuditorDrawn, AuditRevealed, VoteClosed
from neurovoyance.protocol.audit import Outcome
from neurovoyance.protocol.ids import Address, JobId
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.units import nvy
from neurovoyance.tokenomics.audits import audit_lock_of, pay_of

__all__ = ["audited_world", "nodes"]

pytestmark = pytest.mark.timeout(600)

REVEAL_LATE_S = 901
POOL_WEI = nvy("100")
ANYONE = 9


async def fund_pool(world: World) -> None:
    """Fill the audit pool, which pays whoever has to vote beside the first auditor."""
    bank, contracts = world.devnet.wallet(0), world.contracts
    await contracts.token.approve(bank, contracts.market.address, POOL_WEI)
    await contracts.market.deposit(bank, POOL_WEI)
    await contracts.audits.fund_pool(bank, POOL_WEI)


def corrupt(cheat: str) -> tuple[str, ...]:
    return ("-m", "tests.adversary.corrupt_node", cheat)


@pytest.mark.parametrize("audited_world", [2], indirect=True)
@pytest.mark.parametrize("cheat", ["cached", pytest.param("changed", marks=pytest.mark.slow)])
async def test_a_wrong_output_is_found_and_slashed_and_its_auditors_are_paid(
    audited_world: World, nodes: Start, cheat: str
) -> None:
    world, crew = audited_world, Crew(audited_world, nodes)
    await fund_pool(world)
    world.provider.entry = corrupt(cheat)
    await crew.begin_all()
    job_id = await posted(world)
    await crew.reaches(job_id, JobState.REJECTED)
    await assert_slashed(world, job_id)
    revealed = [e for e in await world.events(job_id) if isinstance(e, AuditRevealed)]
    assert all(event.paid_wei > 0 for event in revealed)
    ratios = [event.distance_sq / event.norm_sq for event in revealed]
    print(f"\n{cheat}: {len(ratios)} auditors, relative distance {min(ratios) ** 0.5:.1e}")


@pytest.mark.parametrize("cheat", ["lazy", pytest.param("slander", marks=pytest.mark.slow)])
async def test_an_auditor_that_does_not_compute_is_outvoted_and_loses_its_lock(
    audited_world: World, nodes: Start, cheat: str
) -> None:
    world, crew = audited_world, Crew(audited_world, nodes)
    await fund_pool(world)
    await crew.begin(world.provider)
    job_id = await posted(world)
    await crew.until(of_kind(AuditorDrawn), job_id)
    [drawn] = [e for e in await world.events(job_id) if isinstance(e, AuditorDrawn)]
    for party in world.auditors:
        if party.address == drawn.auditor:
            party.entry = corrupt(cheat)
        await crew.begin(party)
    await crew.finishes(job_id)
    await assert_outvoted(world, job_id, drawn.auditor)


async def assert_outvoted(world: World, job_id: JobId, liar: Address) -> None:
    """Two honest auditors passed the job; the third lost its lock, the provider nothing."""
    events = await world.events(job_id)
    votes = {e.auditor: e.outcome for e in events if isinstance(e, AuditRevealed)}
    wrong = votes.pop(liar)
    assert wrong is not Outcome.PASS
    assert list(votes.values()) == [Outcome.PASS] * 2, world.log()
    await assert_nothing_locked(world)
    closed = {e.auditor: e for e in await world.events(job_id) if isinstance(e, VoteClosed)}
    record = await world.contracts.market.job(job_id)
    assert not closed[liar].is_right
    assert closed[liar].slashed_wei == audit_lock_of(pay_of(record.price_wei))
    stakes = {p.address: await world.contracts.stakes.stake_of(p.address) for p in world.auditors}
    assert stakes[liar].own_wei == STAKE_WEI - closed[liar].slashed_wei
    assert all(stakes[honest].own_wei == STAKE_WEI for honest in votes)
    assert (await world.contracts.stakes.stake_of(world.provider.address)).own_wei == STAKE_WEI
    for honest in votes:
        assert await world.contracts.market.earned_of_wei(honest) > 0
    await assert_balanced(world)


@pytest.mark.parametrize("audited_world", [2], indirect=True)
async def test_a_result_that_is_never_revealed_costs_the_lock_and_refunds_the_client(
    audited_world: World, nodes: Start
) -> None:
    world, crew = audited_world, Crew(audited_world, nodes)
    await fund_pool(world)
    held_back = await nodes("before:reveal", world.provider)
    for party in world.auditors:
        await crew.begin(party)
    job_id = await posted(world)
    await crew.until(of_kind(AuditClosed), job_id)
    await held_back.wait()
    record = await world.contracts.market.job(job_id)
    assert record.state is JobState.COMMITTED
    await world.control.increase_time(REVEAL_LATE_S)
    await world.contracts.market.expire(world.devnet.wallet(ANYONE), job_id)
    assert await world.contracts.market.state_of(job_id) is JobState.PROVIDER_REVEAL_TIMEOUT
    stake = await world.contracts.stakes.stake_of(world.provider.address)
    assert stake.own_wei + record.lock_wei < STAKE_WEI * 96 // 100
    books = await assert_balanced(world)
    assert books.jobs[job_id].refunded_wei >= record.price_wei
    revealed = [e for e in await world.events(job_id) if isinstance(e, AuditRevealed)]
    assert all(event.paid_wei > 0 for event in revealed)
    await assert_nothing_locked(world)
