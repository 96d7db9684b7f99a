"""Rewards are collected when due; what they come to is in ``test_canary_duty``, end to end."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.node.conftest import OWNER
from tests.unit.node.economy import economy_station

from neurovoyance.node.reward_duty import LOOK_EVERY_S, RewardDuty

pytestmark = pytest.mark.timeout(300)


async def test_an_epoch_is_rolled_once_it_is_over_and_not_looked_at_all_the_time(
    tmp_path: Path,
) -> None:
    async with economy_station(tmp_path) as economy:
        emission, duty = economy.rewards.emission, economy.reward_duty
        first = await emission.first_epoch()
        await duty.sweep(await economy.time_s())
        assert await emission.last_epoch() == 0, "nothing to roll yet"
        assert await economy.next_epoch() == first
        await duty.sweep(await economy.time_s())
        assert await emission.last_epoch() == 0, "the first epoch is not over"
        await economy.next_epoch()
        now_s = await economy.time_s()
        await duty.sweep(now_s)
        assert await emission.last_epoch() == first
        assert not (await emission.weight_of(OWNER.address, first)).is_registered
        assert (await emission.epoch_of(first)).is_rolled
        # Somebody else was quicker: a refusal is no failure.
        assert not await duty._do("rolled", emission.roll)
        await duty.sweep(now_s)
        blocks = await economy.station.contracts.client.block_number()
        await duty.sweep(now_s + LOOK_EVERY_S - 1)
        assert await economy.station.contracts.client.block_number() <= blocks + 2
        assert duty.due() == duty.live() == duty.occupied() == 0
        assert duty.inputs_in_use() == frozenset()


async def test_little_is_left_where_it_is(tmp_path: Path) -> None:
    async with economy_station(tmp_path) as economy:
        duty = RewardDuty(economy.station.chain, economy.rewards, threshold_wei=10**30)
        await duty.restore()
        await duty.handle([])
        await duty.sweep(await economy.time_s())
        await duty.close()
        assert await economy.station.contracts.token.balance_of_wei(OWNER.address) == 0
