"""Random sequences on StakeManager and its twin; after each step all state agrees to the wei.

Slashes come from the test in the names of market and courts; the market that takes the shares, the
token and the votes are the compiled ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random

import pytest
from tests.differential.staking_checks import check, check_all
from tests.differential.staking_world import (
    AUDIT_COURT,
    CHANNELS,
    CLIENT,
    DELEGATORS,
    DISPUTE_COURT,
    FINDER,
    NVY,
    PROVIDERS,
    StakingWorld,
)

from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.tokenomics.params import PARAMETERS

STEPS = int(os.environ.get("NEUROVOYANCE_TEST_STEPS", "700"))
SEEDS = int(os.environ.get("NEUROVOYANCE_TEST_SEEDS", "3"))
DAY_S = 86_400
LIVE = [
    *("unbondingS", "stakeSlashBps", "forgerySlashBps", "vestSlashBps", "delegationMultiple"),
    *("minSelfStakeWei", "noShowBps", "slashBurnBps", "slashClientBps", "dailySlashBps"),
]


class Walk:
    """One random sequence."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.world = StakingWorld()
        for provider in PROVIDERS:
            self.world.stake(provider, 20_000 * NVY)

    # --- chance ---

    def provider(self) -> str:
        return self.rng.choice(PROVIDERS)

    def delegator(self) -> str:
        return self.rng.choice(DELEGATORS)

    def amount_wei(self, most_nvy: int) -> int:
        return self.rng.choice([0, 1, 7, 2**96, *(self.rng.randrange(most_nvy * NVY),) * 6])

    def pair(self, wanted: str) -> tuple[str, str]:
        """Return a provider and a delegator, mostly one that has what is wanted."""
        pairs = [(p, d) for p in PROVIDERS for d in DELEGATORS]
        twin = self.world.twin
        fitting = [(p, d) for p, d in pairs if getattr(twin.pool(p).of(d), wanted)]
        return self.rng.choice(fitting if fitting and self.rng.random() < 0.9 else pairs)

    def lock_id(self) -> bytes | None:
        """Return a live lock; make one where there is none."""
        if not self.world.locks:
            self.lock()
        return self.rng.choice(list(self.world.locks)) if self.world.locks else None

    def slash_id(self) -> bytes:
        return self.rng.choice([*self.world.slashes[-4:], bytes(32)])

    # --- actions ---

    def stake(self) -> None:
        self.world.stake(self.provider(), self.amount_wei(5_000))

    def request_unbonding(self) -> None:
        provider = self.provider()
        free_wei = self.world.twin.account(provider).stake.free_wei
        amount_wei = self.rng.choice([0, 1, free_wei + 1, free_wei, free_wei // 9, free_wei // 3])
        self.world.request_unbonding(provider, amount_wei)

    def withdraw_unbonded(self) -> None:
        self.world.withdraw_unbonded(self.provider())

    def lock(self) -> None:
        callers = (self.world.market.address, AUDIT_COURT, DISPUTE_COURT, CHANNELS)
        amount_wei = self.rng.choice([0, 1, 10**30, *(self.rng.randrange(200 * NVY),) * 6])
        self.world.lock(self.provider(), amount_wei, self.rng.choice(callers))

    def unlock(self) -> None:
        if lock_id := self.lock_id():
            callers = (self.world.market.address, AUDIT_COURT, CHANNELS)
            self.world.unlock(lock_id, self.rng.choice(callers))

    def scale_age(self) -> None:
        whole = self.rng.randrange(1, 100)
        self.world.scale_age(self.provider(), self.rng.randrange(0, whole + 2), whole)

    def delegate(self) -> None:
        amount_wei = self.amount_wei(30_000)
        provider = self.rng.choice([*PROVIDERS * 4, CLIENT])
        self.world.delegate(provider, self.delegator(), amount_wei)

    def request_undelegation(self) -> None:
        provider, delegator = self.pair("shares")
        mine = self.world.twin.pool(provider).of(delegator).shares
        part = self.rng.randrange(mine + 1)
        shares = self.rng.choice([0, 1, mine + 1, mine, part, part])
        self.world.request_undelegation(provider, delegator, shares)

    def withdraw_undelegated(self) -> None:
        self.world.withdraw_undelegated(*self.pair("leaving_shares"))

    def set_commission(self) -> None:
        bps = self.rng.choice([0, 3_000, 3_001, self.rng.randrange(3_000)])
        self.world.set_commission(self.provider(), bps)

    def sync_votes(self) -> None:
        self.world.sync_votes(self.provider(), self.delegator())

    def notify_reward(self) -> None:
        self.world.notify_reward(self.provider(), self.amount_wei(1_000))

    def take_reward(self) -> None:
        self.world.take_reward(self.provider(), self.delegator())

    def slash_timeout(self) -> None:
        if lock_id := self.lock_id():
            price_wei = self.rng.choice([0, 1, NVY, 2**95])
            self.world.slash_timeout(lock_id, price_wei, full=self.rng.random() < 0.5)

    def slash_lock(self) -> None:
        if lock_id := self.lock_id():
            _, lock_wei = self.world.locks[lock_id]
            self.world.slash_lock(lock_id, self.rng.choice([0, lock_wei // 3, lock_wei + 1]))

    def slash_free(self) -> None:
        self.world.slash_free(self.provider(), self.rng.choice([0, 3, 50 * NVY]))

    def book_slash(self) -> None:
        if not (lock_id := self.lock_id()):
            return
        self.world.book_slash(
            lock_id,
            self.rng.choice([1, NVY, 400 * NVY]),
            is_forgery=self.rng.random() < 0.1,
            is_late=self.rng.random() < 0.4,
            finder=self.rng.choice([FINDER, ZERO_ADDRESS]),
            court=self.rng.choice([AUDIT_COURT, DISPUTE_COURT]),
            slash_id=self.rng.choice([None, None, None, None, *self.world.slashes[-1:]]),
        )

    def reduce_slash(self) -> None:
        slash_id = self.slash_id()
        slash = self.world.twin.held.get(slash_id)
        booked_wei = slash.amount_wei if slash else 0
        part_wei = self.rng.randrange(booked_wei + 1)
        self.world.reduce_slash(slash_id, self.rng.choice([0, part_wei, part_wei, booked_wei]))

    def finalize_slash(self) -> None:
        self.world.finalize_slash(self.slash_id())

    def slash_vesting(self) -> None:
        self.world.slash_vesting(self.slash_id())

    def collect_insurance(self) -> None:
        self.world.collect_insurance()

    def change_surroundings(self) -> None:
        self.world.set_unvested(self.provider(), self.rng.choice([0, 7, 900 * NVY]))
        self.world.set_refuses(self.rng.random() < 0.3)

    def set_value(self) -> None:
        key = self.rng.choice(LIVE)
        entry = PARAMETERS[key]
        assert entry.min is not None and entry.max is not None
        self.world.set_values(**{key: self.rng.choice([entry.min, entry.max, entry.default])})

    def warp(self) -> None:
        usual_s = self.rng.randrange(1, DAY_S)
        self.world.evm.now_s += self.rng.choice(
            [usual_s, usual_s, 3 * DAY_S, 8 * DAY_S, 22 * DAY_S]
        )

    def step(self) -> None:
        actions: dict[Callable[[], None], int] = {
            self.stake: 4, self.request_unbonding: 4, self.withdraw_unbonded: 3, self.lock: 5,
            self.unlock: 3, self.scale_age: 2, self.delegate: 9, self.request_undelegation: 7,
            self.withdraw_undelegated: 5, self.set_commission: 3, self.sync_votes: 2,
            self.notify_reward: 4, self.take_reward: 3, self.slash_timeout: 4, self.slash_lock: 2,
            self.slash_free: 1, self.book_slash: 7, self.reduce_slash: 5, self.finalize_slash: 6,
            self.slash_vesting: 3, self.collect_insurance: 1, self.change_surroundings: 3,
            self.set_value: 2, self.warp: 9,
        }  # fmt: skip
        (action,) = self.rng.choices(list(actions), weights=list(actions.values()))
        action()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_sequences_agree_to_the_wei(seed: int) -> None:
    walk = Walk(seed)
    for number in range(STEPS):
        walk.step()
        check(walk.world) if number % 20 else check_all(walk.world)
    check_all(walk.world)
    done = {"stake", "delegate", "requestUndelegation", "withdrawUndelegated", "bookSlash"}
    done |= {"reduceSlash", "finalizeSlash", "takeReward", "slashTimeout"}
    assert done <= set(walk.world.seen) or STEPS < 200, walk.world.seen


@pytest.mark.timeout(900)
def test_everybody_gets_out_and_nothing_is_left_but_dust() -> None:
    walk = Walk(99)
    for _ in range(STEPS):
        walk.step()
    world = walk.world
    world.set_refuses(False)
    for lock_id in list(world.locks):
        world.unlock(lock_id, AUDIT_COURT)
    world.evm.now_s += 15 * DAY_S
    for slash_id, slash in world.twin.held.items():
        if not slash.is_final:
            world.finalize_slash(slash_id)
        elif slash.vest_bps:
            world.slash_vesting(slash_id)
    for provider in PROVIDERS:
        world.request_unbonding(provider, world.twin.account(provider).stake.free_wei)
        for delegator in DELEGATORS:
            shares = world.twin.pool(provider).of(delegator).shares
            world.request_undelegation(provider, delegator, shares)
    world.evm.now_s += 22 * DAY_S
    for provider in PROVIDERS:
        world.withdraw_unbonded(provider)
        for delegator in DELEGATORS:
            world.withdraw_undelegated(provider, delegator)
    world.collect_insurance()
    check_all(world)
    assert not any(world.twin.units.values())
    assert world.twin.balance_wei == world.twin.stakes_wei < 1_000, "what rounding left in pools"
