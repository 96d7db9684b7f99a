"""Random sequences on InsuranceFund and its twin; after each step all state agrees to the wei."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from tests.differential.plain_evm import PlainEvm, account

from neurovoyance.tokenomics.insurance import DAY_S, EPOCH_S, InsuranceFund
from neurovoyance.tokenomics.params import PARAMETERS, pack
from neurovoyance.tokenomics.reverts import TwinRevert

STEPS = int(os.environ.get("NEUROVOYANCE_TEST_STEPS", "700"))
SEEDS = int(os.environ.get("NEUROVOYANCE_TEST_SEEDS", "3"))
NVY = 10**18
CAP_WEI = 10**27
FUNDS_WORD = 5
BANK, TIMELOCK, CLIENT = (account(number) for number in range(1, 4))
NEIGHBOURS = ("tests/contracts/mocks/StakeNeighbours.sol", "StakeNeighbours")
FUND = ("contracts/rewards/InsuranceFund.sol", "InsuranceFund")


class Walk:
    """Fund, its surroundings and the twin."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.evm = PlainEvm(2_977 * EPOCH_S + 5)
        self.token = self.evm.deploy_token([BANK], [CAP_WEI])
        self.world = self.evm.deploy(*NEIGHBOURS, (self.token.address, TIMELOCK))
        world = self.world.address
        parts = (self.token.address, world, world, world, TIMELOCK, world)
        self.fund = self.evm.deploy(*FUND, parts)
        self.token.send(BANK, "approve", self.fund.address, 2**256 - 1)
        self.token.send(BANK, "transfer", world, CAP_WEI // 10)
        self.twin = InsuranceFund()
        self.pool_wei = 0
        self.losses: dict[bytes, int] = {}
        self.seen: Counter[str] = Counter()

    @property
    def now_s(self) -> int:
        return self.evm.now_s

    def both(self, act: Callable[[], Any], sender: str, function: str, *args: Any) -> bool:
        answer = self.fund.send(sender, function, *args)
        try:
            act()
        except TwinRevert as refused:
            assert answer.refusal == (refused.name, refused.values), (function, answer)
            self.seen[refused.name] += 1
            return False
        assert answer.refusal is None, (function, answer)
        self.seen[function] += 1
        return True

    def amount_wei(self, left_wei: int | None = None) -> int:
        left_wei = self.twin.left_wei(self.now_s) if left_wei is None else left_wei
        return self.rng.choice([0, 1, left_wei, left_wei + 1, left_wei // 3, left_wei // 5])

    def fund_it(self) -> None:
        amount_wei = self.rng.choice([0, 1, self.rng.randrange(40_000 * NVY)])
        self.both(lambda: self.twin.fund(amount_wei, self.now_s), BANK, "fund", amount_wei)

    def collect(self) -> None:
        amount_wei = self.rng.randrange(1, 500 * NVY)
        self.world.send(BANK, "setUnvested", self.fund.address, amount_wei)
        self.both(lambda: self.twin.fund(amount_wei, self.now_s), CLIENT, "collect")

    def pay(self) -> None:
        left_wei = self.twin.grant_left_wei(self.now_s)
        amount_wei = self.amount_wei(self.rng.choice([left_wei, left_wei, None]))
        args = (CLIENT, amount_wei, "a vote")
        self.both(lambda: self.twin.pay(amount_wei, self.now_s), TIMELOCK, "pay", *args)

    def pay_verdict(self) -> None:
        slash_id = self.rng.randrange(1, 40).to_bytes(32, "big")
        if slash_id not in self.losses:
            self.losses[slash_id] = self.amount_wei()
            loss = (slash_id, CLIENT, self.losses[slash_id])
            self.world.send(BANK, "setLoss", *loss)
        self.both(
            lambda: self.twin.pay_verdict(slash_id, self.losses[slash_id], self.now_s),
            CLIENT,
            "payVerdict",
            slash_id,
        )

    def top_up_pool(self) -> None:
        if self.rng.random() < 0.5:
            self.pool_wei = self.rng.randrange(11_000 * NVY)
            self.world.send(BANK, "setPool", self.pool_wei)

        def act() -> None:
            self.pool_wei += self.twin.top_up_pool(self.pool_wei, self.now_s)

        self.both(act, CLIENT, "topUpPool")
        assert self.world.ask("freeOf", self.world.address) == self.pool_wei

    def set_value(self) -> None:
        key = self.rng.choice(["insurancePerEventBps", "insurancePerEpochBps"])
        entry = PARAMETERS[key]
        assert entry.min is not None and entry.max is not None
        self.twin.values[key] = self.rng.choice([entry.min, entry.max, entry.default])
        self.world.send(BANK, "setWord", FUNDS_WORD, pack("funds", self.twin.values))

    def warp(self) -> None:
        self.evm.now_s += self.rng.choice([60, DAY_S // 2, 2 * DAY_S, EPOCH_S])

    def step(self) -> None:
        actions = {
            self.fund_it: 4, self.collect: 2, self.pay: 7, self.pay_verdict: 7,
            self.top_up_pool: 4, self.set_value: 2, self.warp: 5,
        }  # fmt: skip
        (action,) = self.rng.choices(list(actions), weights=list(actions.values()))
        action()

    def check(self) -> None:
        assert self.fund.ask("holdings") == self.twin.holdings_wei
        assert self.token.ask("balanceOf", self.fund.address) == self.twin.holdings_wei
        assert self.fund.ask("leftNow") == self.twin.left_wei(self.now_s)
        assert self.fund.ask("grantLeftNow") == self.twin.grant_left_wei(self.now_s)
        assert self.world.ask("trips") == self.twin.trips


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_sequences_agree_to_the_wei(seed: int) -> None:
    walk = Walk(seed)
    for _ in range(STEPS):
        walk.step()
        walk.check()
    limits = {"InsuranceFund__OverLimit", "InsuranceFund__OverGrantLimit"}
    done = {"fund", "pay", "payVerdict", "topUpPool"} | limits
    assert done <= set(walk.seen) or STEPS < 200, walk.seen
