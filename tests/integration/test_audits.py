"""Audits with real nodes on a real chain: drawn, answered, compared, paid; and every party gone."""

from __future__ import annotations

import asyncio

from tests.faults.accounts import assert_balanced
from tests.unit.node.content import publish_certified
from tests.worlds import WAIT_S, Party, Start, World, audited_world, nodes, register

from neurovoyance.chain.events import (
    AuditClosed,
    AuditConceded,
    AuditContested,
    AuditOpened,
    AuditorDrawn,
    AuditRevealed,
    JobRevealed,
    JobSettled,
)
from neurovoyance.protocol.audit import Outcome
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState

__all__ = ["audited_world", "nodes"]

CHEAT = ("-m", "tests.integration.cheating_node")


async def posted(world: World) -> JobId:
    made = await publish_certified(world.storage)
    await register(world, made)
    return await world.post(made)


async def drawn_auditor(world: World, job_id: JobId, *, count: int = 1) -> Party:
    """Wait until auditors were drawn so often; return the last."""
    async with asyncio.timeout(WAIT_S):
        while True:
            drawn = [e for e in await world.events(job_id) if isinstance(e, AuditorDrawn)]
            if len(drawn) >= count:
                return next(p for p in world.auditors if p.address == drawn[-1].auditor)
            await asyncio.sleep(0.1)


async def finished(world: World, job_id: JobId, process: asyncio.subprocess.Process) -> None:
    await world.wait_for(job_id, JobState.REVEALED, process=process)
    await world.control.increase_time(601)
    await world.wait_for(job_id, JobState.SETTLED, process=process)


async def test_an_honest_job_is_audited_revealed_settled_and_everybody_paid(
    audited_world: World, nodes: Start
) -> None:
    world = audited_world
    process = await nodes()
    for party in world.auditors:
        await nodes(party=party)
    job_id = await posted(world)
    await finished(world, job_id, process)
    events = await world.events(job_id)
    outcomes = [event.outcome for event in events if isinstance(event, AuditRevealed)]
    assert set(outcomes) == {Outcome.PASS}, world.log()
    for kind in (AuditOpened, AuditClosed, JobRevealed, JobSettled):
        assert sum(isinstance(event, kind) for event in events) == 1, kind
    for revealed in (event for event in events if isinstance(event, AuditRevealed)):
        assert revealed.paid_wei > 0
    market = world.contracts.market
    assert await market.earned_of_wei(world.provider.address) > 0
    await assert_balanced(world)


async def test_rounded_weights_are_caught_and_conceded(audited_world: World, nodes: Start) -> None:
    world = audited_world
    world.provider.entry = CHEAT
    process = await nodes()
    for party in world.auditors:
        await nodes(party=party)
    before = await world.contracts.stakes.stake_of(world.provider.address)
    job_id = await posted(world)
    await world.wait_for(job_id, JobState.REJECTED, process=process)
    events = await world.events(job_id)
    outcomes = [event.outcome for event in events if isinstance(event, AuditRevealed)]
    assert outcomes == [Outcome.FAIL, Outcome.FAIL], world.log()
    assert any(isinstance(event, AuditConceded) for event in events)
    assert not any(isinstance(event, AuditContested) for event in events)
    after = await world.contracts.stakes.stake_of(world.provider.address)
    assert after.own_wei < before.own_wei * 95 // 100 + 1
    assert after.locked_wei == 0
    await assert_balanced(world)
