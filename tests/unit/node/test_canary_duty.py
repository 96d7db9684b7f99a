"""Canaries on a real chain: drawn, taken, computed, audited, scored; and what they earn."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.unit.node.audited import auditor_of
from tests.unit.node.conftest import OPERATOR, OWNER
from tests.unit.node.economy import Economy, economy_station

from neurovoyance.chain.emission import CanaryState
from neurovoyance.chain.rewards import EPOCH_S
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState

WAIT_S = 120.0

pytestmark = pytest.mark.timeout(300)


async def until_taken(economy: Economy) -> int:
    """Let canaries be requested and drawn until one of ours is a job; return its id."""
    async with asyncio.timeout(WAIT_S):
        while True:
            await economy.turn()
            for canary_id in economy.book.live():
                record = await economy.canaries.canary_of(canary_id)
                if record.state is CanaryState.TAKEN:
                    return canary_id
            if not economy.book.live() and not economy.book.requests():
                await economy.station.control.increase_time(1_400)
            await economy.station.control.increase_time(20)
            await economy.station.control.mine()


async def until_state(economy: Economy, job_id: JobId, state: JobState) -> None:
    """Let the provider work until its job is in a state."""
    station = economy.station
    async with asyncio.timeout(WAIT_S):
        while await station.contracts.market.state_of(job_id) is not state:
            await station.handle_events()
            for live in station.shell:
                await station.shell.refresh(live.job.job_id)
            await asyncio.sleep(0.05)


async def test_a_canary_is_taken_computed_audited_and_earns(tmp_path: Path) -> None:
    async with economy_station(tmp_path) as economy:
        station, market = economy.station, economy.station.contracts.market
        earned_in = await economy.next_epoch()
        canary_id = await until_taken(economy)
        economy.duty.helps = False  # one canary is enough
        record = await economy.canaries.canary_of(canary_id)
        job_id = JobId(record.job_id)
        job = await market.job(job_id)
        assert (job.provider, job.client) == (OWNER.address, economy.canaries.address)
        assert job.p_bps == 10_000
        async with auditor_of(station) as auditor:
            await until_state(economy, job_id, JobState.AUDITED)
            async with asyncio.timeout(WAIT_S):
                while await market.state_of(job_id) is not JobState.REVEALED:
                    await auditor.turn()
                    await station.handle_events()
                    for live in station.shell:
                        await station.shell.refresh(live.job.job_id)
                    await asyncio.sleep(0.05)
        score = await economy.canaries.score_of(OWNER.address, record.epoch)
        assert score.passed == 0
        window_end_s = (await market.job(job_id)).deadline_s  # doubled if a second audit was drawn
        await station.control.increase_time(window_end_s - await economy.time_s() + 2)
        await station.control.mine()
        async with asyncio.timeout(WAIT_S):
            while canary_id in economy.book.live():
                await economy.turn()
                await asyncio.sleep(0.05)
        after = await economy.canaries.score_of(OWNER.address, record.epoch)
        assert after == (1, score.drawn)
        assert record.epoch == earned_in
        await _collect(economy, earned_in)


async def _collect(economy: Economy, earned_in: int) -> None:
    """Register in the next epoch, claim in the one after, release a week later."""
    rewards, owner = economy.rewards, OWNER.address
    await economy.next_epoch()
    await economy.reward_duty.sweep(await economy.time_s())
    weight = await rewards.emission.weight_of(owner, earned_in)
    assert weight.is_registered
    score = await rewards.canaries.score_of(owner, earned_in)
    assert weight.score_bps == score.bps > 0
    assert await rewards.emission.last_epoch() == earned_in
    assert await rewards.fees.unharvested_of_wei(owner) == 0, "harvested at the threshold"
    reward = await rewards.emission.reward_of(owner, earned_in)
    epoch = await rewards.emission.epoch_of(earned_in)
    assert reward.avail_wei == epoch.avail_pool_wei
    await economy.next_epoch()
    held_wei = await rewards.vault.held_of_wei(owner)
    await economy.reward_duty.sweep(await economy.time_s())
    assert not (await rewards.emission.weight_of(owner, earned_in)).is_registered
    paid_wei = reward.avail_wei + reward.work_wei
    assert await rewards.emission.paid_wei() == paid_wei
    released_wei = await rewards.vault.held_of_wei(owner) - held_wei
    assert released_wei > paid_wei // 2
    await economy.next_epoch()
    assert await rewards.vault.releasable_of_wei(owner) > 0
    await economy.reward_duty.sweep(await economy.time_s())
    assert await rewards.vault.releasable_of_wei(owner) == 0
    assert (await economy.time_s()) // EPOCH_S == earned_in + 3


async def test_a_canary_that_is_missed_is_ended(tmp_path: Path) -> None:
    async with economy_station(tmp_path) as economy:
        canary_id = await _drawn_and_asleep(economy)
        economy.duty.helps = False
        record = await economy.canaries.canary_of(canary_id)
        assert record.state is CanaryState.DRAWN
        await economy.station.control.increase_time(3_700)
        await economy.station.control.mine()
        async with asyncio.timeout(WAIT_S):
            while economy.book.live():
                await economy.turn()
        record = await economy.canaries.canary_of(canary_id)
        assert record.state is CanaryState.FAILED
        assert (await economy.canaries.score_of(OWNER.address, record.epoch)).passed == 0
        assert economy.duty.due() == economy.duty.occupied() == economy.duty.live() == 0


async def _drawn_and_asleep(economy: Economy) -> int:
    """Return a canary that was drawn for us while this node slept."""
    station, canaries = economy.station, economy.canaries
    async with asyncio.timeout(WAIT_S):
        while True:
            await station.control.increase_time(1_400)
            await canaries.request(OPERATOR)
            await station.control.mine(3)
            canary_id = await canaries.count()
            await canaries.draw(OPERATOR, canary_id)
            if (await canaries.canary_of(canary_id)).provider == OWNER.address:
                batch = await economy.cursor.read()
                await economy.duty.handle(batch.items)
                await economy.cursor.commit(batch)
                if canary_id in economy.book.live():
                    return canary_id
