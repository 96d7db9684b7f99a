"""Twin and compiled FeeRouter under the same random calls: the same to the wei, refusals too."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from tests.differential.plain_evm import Answer, PlainEvm, account

from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.tokenomics.fees import EPOCH_S, KEYS, FeeRouter, Rates
from neurovoyance.tokenomics.params import PARAMETERS, pack
from neurovoyance.tokenomics.reverts import TwinRevert

SEQUENCES = int(os.environ.get("NEUROVOYANCE_TEST_SEEDS", "3")) * 14
ACTIONS = 50
NVY = 10**18
CAP_WEI = 10**27
MARKET_WEI = 9 * 10**26
START_S = 2_977 * EPOCH_S + 5
BANK, CHANNELS, STRANGER = account(1), account(2), account(3)
PROVIDERS = [account(number) for number in range(4, 7)]
OPERATORS = dict(zip(PROVIDERS, (account(number) for number in range(14, 17)), strict=True))
WHO = st.integers(0, len(PROVIDERS) - 1)
WEI = st.one_of(st.sampled_from([0, 1, 9, 9_999, NVY]), st.integers(1, 40_000 * NVY))
NEIGHBOURS = ("tests/contracts/mocks/FeeNeighbours.sol", "FeeNeighbours")
ROUTER = ("contracts/rewards/FeeRouter.sol", "FeeRouter")
WORLDS: list[FeeWorld] = []
SEEN: Counter[str] = Counter()


class FeeWorld:
    """Router and surroundings, with the twin.

    Attributes:
        paid_wei: what every provider has got, liquid fees and audit pay.
        vested_wei: deposited in the vault.
        swept: burned; treasury and insurance; audit pool; in wei.
    """

    def __init__(self) -> None:
        self.evm = PlainEvm(START_S)
        self.token = self.evm.deploy_token([BANK], [CAP_WEI])
        args = (self.token.address, pack("fees"))
        self.neighbours = self.evm.deploy(*NEIGHBOURS, args)
        world = self.neighbours.address
        self.token.send(BANK, "transfer", world, MARKET_WEI)
        for provider, operator in OPERATORS.items():
            self.neighbours.send(BANK, "setOperator", provider, operator)
        first, last = (self.token.address, world, world, CHANNELS), (world,) * 4
        self.routers = [
            self.evm.deploy(*ROUTER, (*first, court, *last)) for court in (world, ZERO_ADDRESS)
        ]
        for router in self.routers:  # the vault's error comes through
            router.errors |= self.neighbours.errors
        self.evm.keep()

    def reset(self, has_audits: bool) -> None:
        """Go back to the beginning, with or without an AuditCourt."""
        self.evm.reset()
        self.router = self.routers[0 if has_audits else 1]
        recorders = frozenset({self.neighbours.address, CHANNELS})
        self.twin = FeeRouter(recorders, has_audits=has_audits, operators=dict(OPERATORS))
        self.paid_wei = dict.fromkeys(PROVIDERS, 0)
        self.earned_wei = dict.fromkeys(PROVIDERS, 0)
        self.vested_wei = 0
        self.swept = (0, 0, 0)
        self.recorded_wei = 0

    def both(self, act: Callable[[], Any], call: Callable[[], Answer], name: str) -> Any:
        """Do the same on both sides; return what the twin did, or None if both refused."""
        answer = call()
        try:
            expected = act()
        except TwinRevert as refused:
            assert answer.refusal == (refused.name, refused.values), name
            SEEN[refused.name] += 1
            return None
        assert answer.refusal is None, (name, answer)
        SEEN[name] += 1
        return expected


def world_of() -> FeeWorld:
    """Return the one router of this process."""
    if not WORLDS:
        WORLDS.append(FeeWorld())
    return WORLDS[0]


class FeeMachine(RuleBasedStateMachine):
    """Fees, harvests, sweeps, parameter changes and time, in any order."""

    @initialize(has_audits=st.booleans())
    def begin(self, has_audits: bool) -> None:
        self.world = world_of()
        self.world.reset(has_audits)

    @rule(who=WHO, wei=WEI)
    def settle(self, who: int, wei: int) -> None:
        self._settle(who, wei)
        self._check(PROVIDERS[who])

    def _settle(self, who: int, wei: int) -> None:
        world, provider = self.world, PROVIDERS[who]
        sender, args = world.neighbours.address, (world.router.address, provider, wei)
        world.both(
            lambda: world.twin.record(sender, provider, wei, world.evm.now_s),
            lambda: world.neighbours.send(BANK, "record", *args),
            "record",
        )
        world.recorded_wei += wei

    @rule(who=WHO, wei=WEI)
    def record_by_a_stranger(self, who: int, wei: int) -> None:
        world, provider = self.world, PROVIDERS[who]
        world.both(
            lambda: world.twin.record(STRANGER, provider, wei, world.evm.now_s),
            lambda: world.router.send(STRANGER, "record", provider, wei),
            "never",
        )

    @rule(who=WHO, wei=WEI)
    def judge(self, who: int, wei: int) -> None:
        self.world.neighbours.send(BANK, "earn", PROVIDERS[who], wei)
        self.world.earned_wei[PROVIDERS[who]] += wei

    @rule(who=WHO, by=st.sampled_from(["owner", "operator", "operator", "stranger"]))
    def harvest(self, who: int, by: str) -> None:
        world, provider = self.world, PROVIDERS[who]
        sender = {"owner": provider, "operator": OPERATORS[provider]}.get(by, STRANGER)
        earned_wei = world.earned_wei[provider]
        answers: list[Answer] = []

        def call() -> Answer:
            answers.append(world.router.send(sender, "harvest", provider))
            return answers[0]

        done = world.both(lambda: world.twin.harvest(sender, provider, earned_wei), call, "harvest")
        if done is not None:
            assert answers[0].values == (done.liquid_wei, done.vested_wei)
            world.paid_wei[provider] += done.liquid_wei + earned_wei
            world.earned_wei[provider] = 0
            world.vested_wei += 0 if world.twin.vault_refuses else done.vested_wei
        self._check(provider)

    @rule(who=WHO, wei=WEI)
    def a_vault_that_refuses(self, who: int, wei: int) -> None:
        """Harvest while it refuses; try again in vain, and again."""
        world, provider = self.world, PROVIDERS[who]
        self._settle(who, wei)
        for refuses in (True, False):
            world.twin.vault_refuses = refuses
            world.neighbours.send(BANK, "refuse", refuses, False)
            if refuses:
                self.harvest(who, "owner")
            call = partial(world.router.send, STRANGER, "vest", provider)
            done = world.both(partial(world.twin.vest, provider), call, "vest")
            world.vested_wei += done or 0
            self._check(provider)

    @rule()
    def sweep(self) -> None:
        world = self.world
        done = world.both(world.twin.sweep, lambda: world.router.send(STRANGER, "sweep"), "sweep")
        if done is not None:
            burned_wei, funded_wei, pool_wei = world.swept
            funded_wei += done.to_treasury_wei + done.to_insurance_wei
            world.swept = (burned_wei + done.burned_wei, funded_wei, pool_wei + done.to_audits_wei)
        self._check(PROVIDERS[0])

    @rule(key=st.sampled_from(KEYS), part=st.integers(0, 8))
    def govern(self, key: str, part: int) -> None:
        bounds, world = PARAMETERS[key], self.world
        world.twin.values[key] = bounds.min + (bounds.max - bounds.min) * part // 8
        world.neighbours.send(BANK, "setWord", pack("fees", world.twin.values))

    @rule(epochs=st.sampled_from([0, 0, 1, 1, 2, 300]), seconds=st.integers(1, 400_000))
    def wait(self, epochs: int, seconds: int) -> None:
        self.world.evm.now_s += epochs * EPOCH_S + seconds

    @rule(who=WHO, wei=st.integers(1, NVY), weeks=st.sampled_from([2, 2, 2, 2, 2, 70]))
    def work_for_weeks(self, who: int, wei: int, weeks: int) -> None:
        for _ in range(weeks):
            self._settle(who, wei)
            self.world.evm.now_s += EPOCH_S
        self._check(PROVIDERS[who])

    def _check(self, provider: str) -> None:
        world, twin = self.world, self.world.twin
        ask, epoch = world.router.ask, world.evm.now_s // EPOCH_S
        assert ask("feesOf", provider, epoch) == twin.fees_of(provider, epoch)
        assert ask("feesIn", epoch) == twin.fees_in(epoch)
        assert Rates(*ask("ratesOf", epoch)) == twin.rates_of(epoch)
        assert ask("unharvestedOf", provider) == twin.unharvested_of(provider)
        assert ask("vestingOwedOf", provider) == twin.owed_wei[provider]
        pots = twin.pots
        sinks = (pots.burned_wei, pots.to_treasury_wei, pots.to_insurance_wei, pots.to_audits_wei)
        assert ask("pots") == sinks
        assert world.token.ask("balanceOf", provider) == world.paid_wei[provider]
        assert world.token.ask("balanceOf", world.router.address) == 0

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        world, twin = self.world, self.world.twin
        left_wei = sum(e.left_wei for own in twin.entries.values() for e in own.values())
        free_wei = world.neighbours.ask("freeOf", world.router.address)
        pots = twin.pots
        waits_wei = pots.burned_wei + pots.to_treasury_wei + pots.to_insurance_wei
        owed_wei = sum(twin.owed_wei.values())
        assert free_wei == left_wei + waits_wei + pots.to_audits_wei + owed_wei
        burned_wei, funded_wei, pool_wei = world.swept
        assert world.token.ask("totalSupply") == CAP_WEI - burned_wei
        assert world.neighbours.ask("funded") == funded_wei
        assert world.neighbours.ask("pool") == pool_wei
        assert world.neighbours.ask("vested") == world.vested_wei


@pytest.mark.timeout(1_800)
def test_random_sequences_agree_to_the_wei() -> None:
    """Two thousand actions and more, both sides compared after each."""
    run_state_machine_as_test(
        FeeMachine,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=ACTIONS,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
    needed = {"record", "harvest", "sweep", "FeeRouter__OnlyMarket", "FeeRouter__NothingToSweep"}
    needed |= {"FeeRouter__NothingToHarvest", "FeeRouter__NotOwnerNorOperator"}
    needed |= {"vest", "Refused", "FeeRouter__NothingToVest"}
    assert needed <= set(SEEN) or SEQUENCES < 40, SEEN
