"""Audits with real nodes on a real chain: drawn, answered, compared, paid; and every party gone."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest
from tests.faults.accounts import assert_balanced
from tests.unit.node.content import publish_certified
from tests.worlds import (
    STAKE_WEI,
    WAIT_S,
    Party,
    Start,
    World,
    audit_settings,
    audited_world,
    nodes,
    register,
    window_passes,
)

from neurovoyance.chain.contracts import JobRecord
from neurovoyance.chain.deploy import AuditSettings
from neurovoyance.chain.events import (
    AuditAnswered,
    AuditClosed,
    AuditConceded,
    AuditContested,
    AuditOpened,
    AuditorCommitted,
    AuditorDrawn,
    AuditorLate,
    AuditRevealed,
    ChainEvent,
    JobRevealed,
    JobSettled,
    SeedDrawn,
)
from neurovoyance.chain.rewards import EPOCH_S
from neurovoyance.node.enrolment import take_seats
from neurovoyance.node.runtime.numeric_class import numeric_class
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.protocol.audit import Outcome
from neurovoyance.protocol.certificate import pool_of_numeric_class
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.lifecycle import JobState

__all__ = ["audit_settings", "audited_world", "nodes"]

pytestmark = [
    pytest.mark.parametrize("audited_world", [2], indirect=True),
    pytest.mark.timeout(600),
]

CHEAT = ("-m", "tests.integration.cheating_node")
AUDITOR_LATE_S = 4 * 60 + 300 + 1
STAKE_LEFT_MAX_WEI = STAKE_WEI * 96 // 100

_HONEST = ("draw_and_open", "answer", "reveal")
_CHEATING = ("recheck", "concede")
_AUDITOR = ("audit_repeat", "audit_commit", "audit_reveal", "audit_check")


def around(actions: tuple[str, ...]) -> list[str]:
    return [f"{when}:{action}" for action in actions for when in ("before", "after")]


@dataclass
class Crew:
    """The node processes of a world; those that die at their crash point are started again."""

    world: World
    start: Start
    running: list[tuple[Party, asyncio.subprocess.Process]] = field(default_factory=list)
    killed: int = 0
    leaving: list[Party] = field(default_factory=list)

    async def begin(self, party: Party, crash_at: str | None = None) -> None:
        self.running.append((party, await self.start(crash_at, party)))

    async def begin_all(self, provider: str | None = None, auditors: str | None = None) -> None:
        await self.begin(self.world.provider, provider)
        for party in self.world.auditors:
            await self.begin(party, auditors)

    async def revive(self) -> None:
        """Start every node again that was killed by its crash point, unless it is to leave."""
        for index, (party, process) in enumerate(self.running):
            if process.returncode is None or party in self.leaving:
                continue
            assert process.returncode == -signal.SIGKILL, self.world.log()
            self.killed += 1
            self.running[index] = (party, await self.start(None, party))

    def process_of(self, party: Party) -> asyncio.subprocess.Process:
        return next(process for owner, process in self.running if owner is party)

    async def end(self, party: Party) -> None:
        """Let a party vanish, for as long as the test lasts."""
        for entry in [entry for entry in self.running if entry[0] is party]:
            self.running.remove(entry)
            if entry[1].returncode is None:
                entry[1].kill()
            await entry[1].wait()

    async def until(self, holds: Callable[[list[ChainEvent]], bool], job_id: JobId) -> None:
        """Wait until the events of a job show something, reviving nodes meanwhile."""
        async with asyncio.timeout(WAIT_S):
            while not holds(await self.world.events(job_id)):
                await self.revive()
                await asyncio.sleep(0.5)

    async def reaches(self, job_id: JobId, state: JobState) -> JobRecord:
        """Wait until a job is stored in a state, reviving nodes meanwhile."""
        async with asyncio.timeout(WAIT_S):
            while True:
                record = await self.world.contracts.market.job(job_id)
                if record.state is state:
                    return record
                await self.revive()
                await asyncio.sleep(0.2)

    async def finishes(self, job_id: JobId) -> None:
        """Let the window of a revealed job pass and see it settled."""
        await self.reaches(job_id, JobState.REVEALED)
        await window_passes(self.world, job_id)
        await self.reaches(job_id, JobState.SETTLED)


async def posted(world: World) -> JobId:
    made = await publish_certified(world.storage)
    await register(world, made)
    return await world.post(made)


def of_kind(kind: type[ChainEvent], count: int = 1) -> Callable[[list[ChainEvent]], bool]:
    return lambda events: sum(isinstance(event, kind) for event in events) >= count


async def assert_passed_once(world: World, job_id: JobId) -> None:
    """The audit was held once, passed, and the job was revealed and paid once."""
    events = await world.events(job_id)
    revealed = [event for event in events if isinstance(event, AuditRevealed)]
    assert {event.outcome for event in revealed} == {Outcome.PASS}, world.log()
    # A second round, drawn for one job in twenty, may find the pool of a new market empty.
    assert revealed[0].paid_wei > 0
    counts = Counter(type(event) for event in events)
    assert [counts[kind] for kind in (AuditOpened, AuditClosed, JobRevealed, JobSettled)] == [1] * 4
    assert counts[AuditorCommitted] == counts[AuditAnswered] == len(revealed)
    market = world.contracts.market
    assert await market.earned_of_wei(revealed[0].auditor) > 0
    await assert_balanced(world)


async def assert_nothing_locked(world: World) -> None:
    """Every lock of every party is freed, once the auditors had time to close their votes."""
    async with asyncio.timeout(WAIT_S):
        for party in (world.provider, *world.auditors):
            while (await world.contracts.stakes.stake_of(party.address)).locked_wei:
                await asyncio.sleep(0.2)


async def test_an_honest_job_is_audited_revealed_settled_and_everybody_paid(
    audited_world: World, nodes: Start
) -> None:
    world, crew = audited_world, Crew(audited_world, nodes)
    await crew.begin_all()
    job_id = await posted(world)
    await crew.finishes(job_id)
    await assert_passed_once(world, job_id)
    await assert_nothing_locked(world)
    status = await world.provider.get("/v1/status")
    assert str(status["capabilities"]["numeric_class"]).startswith("0x")  # type: ignore[index]


async def test_rounded_weights_are_caught_conceded_and_slashed(
    audited_world: World, nodes: Start
) -> None:
    world, crew = audited_world, Crew(audited_world, nodes)
    world.provider.entry = CHEAT
    await crew.begin_all()
    job_id = await posted(world)
    await crew.reaches(job_id, JobState.REJECTED)
    await assert_slashed(world, job_id)
    async with asyncio.timeout(WAIT_S):
        while True:  # the node reads the end of its job a moment later
            executions = await world.provider.get("/v1/executions")
            [execution] = cast(list[dict[str, object]], executions["executions"])
            if execution["outcome"] is not None:
                break
            await asyncio.sleep(0.1)
    assert (execution["stands"], execution["outcome"]) == (False, "rejected")


@pytest.mark.parametrize("audit_settings", [AuditSettings.local(min_bps=200, first_jobs=0)])
async def test_a_job_whose_draw_selects_no_audit_is_drawn_and_revealed_in_one_call(
    audited_world: World, nodes: Start, audit_settings: AuditSettings
) -> None:
    world, crew = audited_world, Crew(audited_world, nodes)
    assert await world.contracts.audits.policy() == audit_settings.policy
    await crew.begin_all()
    made = await publish_certified(world.storage)
    await register(world, made)
    while True:  # one job in ten or so is audited here; each draw is another
        job_id = await world.post(made)
        await crew.reaches(job_id, JobState.REVEALED)
        events = await world.events(job_id)
        [drawn] = [event for event in events if isinstance(event, SeedDrawn)]
        [revealed] = [event for event in events if isinstance(event, JobRevealed)]
        assert drawn.audited == any(isinstance(event, AuditOpened) for event in events)
        if not drawn.audited:
            break
    assert drawn.meta.tx_hash == revealed.meta.tx_hash
    await crew.finishes(job_id)
    await assert_balanced(world)


async def test_an_exact_job_is_audited_byte_for_byte_by_its_numeric_class(
    audited_world: World, nodes: Start
) -> None:
    world, crew = audited_world, Crew(audited_world, nodes)
    async with OnnxRuntime(keep_warm=False) as runtime:
        pool = pool_of_numeric_class(await numeric_class(runtime))
    for party in world.auditors:
        await take_seats(world.contracts, party.owner, [pool], 4)
    await crew.begin_all()
    spec = await publish_certified(world.storage, exact_pool=pool, job_class=JobClass.EXACT)
    await register(world, spec)
    job_id = await world.post(spec)
    await crew.finishes(job_id)
    await assert_passed_once(world, job_id)
    for event in await world.events(job_id):
        if isinstance(event, AuditAnswered):
            assert event.z0[1:] == (bytes(32),) * 3


async def assert_slashed(world: World, job_id: JobId) -> None:
    """Both auditors failed the job; the provider conceded and lost its lock and more, once."""
    events = await world.events(job_id)
    outcomes = [event.outcome for event in events if isinstance(event, AuditRevealed)]
    assert outcomes == [Outcome.FAIL, Outcome.FAIL], world.log()
    assert sum(isinstance(event, AuditConceded) for event in events) == 1
    assert not any(isinstance(event, AuditContested | JobRevealed) for event in events)
    record = await world.contracts.market.job(job_id)
    stake = await world.contracts.stakes.stake_of(world.provider.address)
    assert stake.own_wei + record.lock_wei < STAKE_LEFT_MAX_WEI
    await assert_balanced(world)
    await assert_nothing_locked(world)


@pytest.mark.slow
@pytest.mark.parametrize("crash_at", around(_HONEST))
async def test_a_provider_killed_around_any_step_of_an_audit_does_it_once(
    audited_world: World, nodes: Start, crash_at: str
) -> None:
    world, crew = audited_world, Crew(audited_world, nodes)
    await crew.begin_all(provider=crash_at)
    job_id = await posted(world)
    await crew.finishes(job_id)
    assert crew.killed == 1
    await assert_passed_once(world, job_id)


@pytest.mark.slow
@pytest.mark.parametrize("crash_at", around(_AUDITOR))
async def test_an_auditor_killed_around_any_step_votes_once_and_is_paid(
    audited_world: World, nodes: Start, crash_at: str
) -> None:
    world, crew = audited_world, Crew(audited_world, nodes)
    await crew.begin_all(auditors=crash_at)
    job_id = await posted(world)
    await crew.finishes(job_id)
    if not crew.killed:  # the answer is checked while the window runs, or soon after
        async with asyncio.timeout(WAIT_S):
            while not crew.killed:
                await crew.revive()
                await asyncio.sleep(0.2)
    await assert_passed_once(world, job_id)
    await assert_nothing_locked(world)


@pytest.mark.slow
@pytest.mark.parametrize("crash_at", around(_CHEATING))
async def test_a_cheat_killed_while_it_loses_loses_once(
    audited_world: World, nodes: Start, crash_at: str
) -> None:
    world, crew = audited_world, Crew(audited_world, nodes)
    world.provider.entry = CHEAT
    await crew.begin_all(provider=crash_at)
    job_id = await posted(world)
    await crew.reaches(job_id, JobState.REJECTED)
    await assert_slashed(world, job_id)


async def test_an_auditor_that_vanishes_is_replaced_and_slashed(
    audited_world: World, nodes: Start
) -> None:
    world, crew = audited_world, Crew(audited_world, nodes)
    await crew.begin(world.provider)
    job_id = await posted(world)
    await crew.until(of_kind(AuditorDrawn), job_id)
    events = await world.events(job_id)
    [drawn] = [event for event in events if isinstance(event, AuditorDrawn)]
    # Nobody audits: the drawn one is gone, the other is not needed yet.
    other = next(party for party in world.auditors if party.address != drawn.auditor)
    await crew.begin(other)
    await world.control.increase_time(AUDITOR_LATE_S)
    await crew.finishes(job_id)
    events = await world.events(job_id)
    [late] = [event for event in events if isinstance(event, AuditorLate)]
    assert late.auditor == drawn.auditor
    assert late.slashed_wei == drawn.lock_wei // 10
    epoch = (await world.chain.block(late.meta.block_number)).timestamp_s // EPOCH_S
    missed = [
        await world.contracts.audits.missed_of(party.address, epoch) for party in world.auditors
    ]
    assert sorted(missed) == [0, 1], "it costs the score of the one that was late"
    [vote] = [event for event in events if isinstance(event, AuditRevealed)]
    assert (vote.auditor, vote.outcome) == (other.address, Outcome.PASS)
    await assert_balanced(world)
    await assert_nothing_locked(world)


async def test_a_provider_that_never_answers_loses_its_lock_by_the_auditors_own_hand(
    audited_world: World, nodes: Start
) -> None:
    world, crew = audited_world, Crew(audited_world, nodes)
    crew.leaving.append(world.provider)
    await crew.begin_all(provider="before:answer")
    job_id = await posted(world)
    await crew.until(of_kind(AuditorCommitted), job_id)
    async with asyncio.timeout(WAIT_S):
        assert await crew.process_of(world.provider).wait() == -signal.SIGKILL
    assert not any(isinstance(event, AuditAnswered) for event in await world.events(job_id))
    await world.control.increase_time(900 + 60)
    await crew.reaches(job_id, JobState.PROVIDER_ANSWER_TIMEOUT)
    await assert_balanced(world)
    await assert_nothing_locked(world)
