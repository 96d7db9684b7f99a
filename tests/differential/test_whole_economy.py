"""All contracts of a public network at once: every wei has its owner, and every owner gets it."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from tests.differential.whole_economy import DUST_WEI, WholeEconomy

SEEDS = range(1, 1 + int(os.environ.get("NEUROVOYANCE_TEST_SEEDS", "3")))
ACTIONS = 700
CHECK_EVERY = 25
WEIGHTS = {
    "open_job": 8, "work_on": 40, "canary": 12, "score": 5, "bank": 3, "stakes": 5,
    "delegation": 14, "slash": 7, "fees": 6, "vesting": 8, "emission": 16, "channel": 14,
    "vote": 4, "funds": 3, "week": 5, "wait": 2,
}  # fmt: skip
REACHED = {
    "market.settle", "market.expire", "market.cancel", "audit_court.revealAudit", "canaries.score",
    "fee_router.harvest", "fee_router.sweep", "vault.release", "vault.executeExit",
    "emission.claim", "emission.handOn", "emission.claimDelegated", "emission.expire",
    "channels.redeem", "channels.settle", "channels.reclaim", "stake_manager.bookSlash",
    "stake_manager.finalizeSlash", "stake_manager.reduceSlash", "stake_manager.withdrawUnbonded",
    "stake_manager.withdrawUndelegated", "params.set", "treasury.pay", "treasury.collectGrant",
    "insurance_fund.pay", "insurance_fund.collect",
}  # fmt: skip


@pytest.mark.timeout(600)
def test_every_wei_has_an_owner_and_every_owner_gets_it() -> None:
    seen: Counter[str] = Counter()
    for seed in SEEDS:
        seen += _walk(seed)
    assert seen.keys() >= REACHED, REACHED - seen.keys()


def _walk(seed: int) -> Counter[str]:
    """Act at random, let everybody leave, and return what was done."""
    world = WholeEconomy(seed)
    names, weights = list(WEIGHTS), list(WEIGHTS.values())
    for number in range(ACTIONS):
        getattr(world, world.rng.choices(names, weights)[0])()
        if number % CHECK_EVERY == 0:
            world.check()
    world.check()
    seen = world.seen.copy()
    world.everybody_leaves()
    world.check()
    left_wei = world.sum_of("vault", "heldOf", world.parties) + world.balance("vault")
    assert left_wei + world.balance("stake_manager") < DUST_WEI
    courts = [world.evm.at[name] for name in ("audit_court", "dispute_court", "canaries")]
    assert world.balance("market") == world.sum_of("market", "freeOf", courts)
    return seen
