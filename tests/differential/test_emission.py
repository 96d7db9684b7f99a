"""Twin and compiled EmissionController under the same random calls: the same to the wei."""

from __future__ import annotations

from collections import defaultdict
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.differential.emission_world import CAP_WEI, NVY, EmissionWorld

from neurovoyance.tokenomics.emission import EPOCH_S, Standing
from neurovoyance.tokenomics.params import pack
from neurovoyance.tokenomics.reverts import TwinRevert

WHO = st.integers(0, 2)
WEI = st.one_of(st.integers(0, 9), st.integers(0, 40_000_000 * NVY))
BPS = st.integers(0, 10_000)
WORLDS: list[EmissionWorld] = []


def world_of() -> EmissionWorld:
    """Return the one chain of this process, back at its beginning."""
    if not WORLDS:
        WORLDS.append(EmissionWorld())
    WORLDS[0].reset()
    return WORLDS[0]


class EmissionMachine(RuleBasedStateMachine):
    """Epochs of work, registrations, claims and parameter changes, in any order."""

    @initialize()
    def begin(self) -> None:
        self.world = world_of()
        self.standings: dict[str, Standing] = defaultdict(Standing)
        self.shares: dict[str, int] = defaultdict(int)
        self.notified: dict[str, int] = defaultdict(int)
        self.fees: dict[tuple[str, int], int] = defaultdict(int)
        self.scores: dict[tuple[str, int], tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
        self.staked_wei = 0
        self.deposited_wei = 0
        self.sink_bps = 0
        self.touched: set[int] = set()

    def _set(self, function: str, *args: object) -> None:
        self.world.world.send(self.world.deployer, function, *args)

    # --- the surroundings ---

    @rule(who=WHO, own=WEI, counted=WEI, weeks=st.integers(0, 60), commission=st.integers(0, 3_000))
    def stake(self, who: int, own: int, counted: int, weeks: int, commission: int) -> None:
        provider, counted = self.world.providers[who], counted if own else 0
        age_s, shares = weeks * EPOCH_S + 77, counted * (weeks % 3)
        self.standings[provider] = Standing(own, counted, age_s, commission)
        self.shares[provider] = shares
        self._set("setStake", provider, (own, counted, age_s, shares, commission))

    @rule(amount=st.integers(0, CAP_WEI))
    def total_stake(self, amount: int) -> None:
        self.staked_wei = amount
        self._set("setTotalStake", amount)

    @rule(who=WHO, amount=st.one_of(WEI, st.just(2**97)))
    def earn(self, who: int, amount: int) -> None:
        provider, epoch = self.world.providers[who], self.world.present()
        self.fees[provider, epoch] += amount
        self._set("addFees", provider, epoch, amount)

    @rule(
        who=WHO, ago=st.integers(0, 1), drawn=st.integers(0, 9), failed=st.integers(0, 9),
        missed=st.integers(0, 3),
    )  # fmt: skip
    def be_scored(self, who: int, ago: int, drawn: int, failed: int, missed: int = 0) -> None:
        provider, epoch = self.world.providers[who], self.world.present() - ago
        passed = max(0, drawn - failed)
        self.scores[provider, epoch] = (passed, drawn, missed)
        self._set("setScore", provider, epoch, (passed, drawn + missed))  # as Canaries says it

    @rule(burn=st.integers(100, 600), treasury=st.integers(0, 400), insured=st.integers(100, 300))
    def set_rates(self, burn: int, treasury: int, insured: int) -> None:
        self.sink_bps = burn + treasury + insured
        self._set("setRates", (burn, treasury, insured, 100, 1_800))

    @rule(
        rho=st.integers(10**15, 5 * 10**15), cap=st.integers(0, 9_000),
        liquid=st.integers(1_000, 4_000), loyalty=st.integers(0, 5_000),
        floor=st.integers(500, 1_500), ceiling=st.integers(2_000, 5_000),
        growth=st.integers(0, 100),
    )  # fmt: skip
    def set_parameters(
        self, rho: int, cap: int, liquid: int, loyalty: int, floor: int, ceiling: int, growth: int
    ) -> None:
        values = {"rhoWad": rho, "washCapBps": cap, "emissionLiquidBps": liquid}
        values |= {"loyaltyBps": loyalty, "availFloorBps": floor, "availCeilBps": ceiling}
        self.world.word = pack("emission", values | {"baselineGrowthBps": growth})
        self._set("setWord", self.world.word)

    @rule(epochs=st.sampled_from([1, 1, 1, 2, 3, 9]))
    def pass_time(self, epochs: int) -> None:
        self.world.warp(epochs)

    # --- the controller ---

    def _roll(self) -> None:
        world, present = self.world, self.world.present()
        self.touched.add(present - 1)
        fees_wei = sum(wei for (_, epoch), wei in self.fees.items() if epoch == present - 1)
        excluded_wei = world.token.ask("balanceOf", world.holder)
        world.twin.roll(
            present,
            world.word,
            fees_wei=fees_wei,
            sink_bps=self.sink_bps,
            staked_wei=self.staked_wei,
            circulating_wei=world.twin.circulating_wei(CAP_WEI, excluded_wei),
        )

    def _register(self, provider: str) -> None:
        twin, present = self.world.twin, self.world.present()
        if twin.last_epoch != present - 1:
            self._roll()
        found = self.standings[provider]
        passed, drawn, missed = self.scores[provider, present - 1]
        fees_wei = self.fees[provider, present - 1]
        found = Standing(
            found.own_wei, found.counted_wei, found.age_s, found.commission_bps,
            fees_wei, passed, drawn, missed,
        )  # fmt: skip
        twin.register(present, provider, found)

    @rule()
    def roll(self) -> None:
        self.world.both(self._roll, self.world.stranger, "roll")

    @rule(who=WHO)
    def register(self, who: int) -> None:
        provider, twin = self.world.providers[who], self.world.twin
        if twin.last_epoch != self.world.present() - 1:
            self.roll()  # so that a refused registration leaves the twin as it leaves the contract
        self.world.both(lambda: self._register(provider), self.world.stranger, "register", provider)

    @rule(who=WHO, ago=st.integers(0, 11), by_operator=st.booleans())
    def claim(self, who: int, ago: int, by_operator: bool) -> None:
        world, provider = self.world, self.world.providers[who]
        present = world.present()
        before_wei = world.twin.delegated_wei

        def act() -> tuple[int, int]:
            has_delegators = self.shares[provider] != 0
            found = world.twin.claim(
                present, provider, present - ago, has_delegators=has_delegators
            )
            self._deposited(found[1])
            return found

        sender = world.operators[provider] if by_operator else provider
        world.both(act, sender, "claim", provider, present - ago)
        self.notified[provider] += world.twin.delegated_wei - before_wei

    def _deposited(self, vested_wei: int) -> None:
        self.deposited_wei += 0 if self.world.twin.vault_refuses else vested_wei

    @rule(who=WHO, ago=st.integers(1, 11))
    def hand_on(self, who: int, ago: int) -> None:
        world, provider = self.world, self.world.providers[who]
        present, has_delegators = world.present(), self.shares[provider] != 0
        before_wei = world.twin.delegated_wei
        act = partial(
            world.twin.hand_on, present, provider, present - ago, has_delegators=has_delegators
        )
        world.both(act, world.stranger, "handOn", provider, present - ago)
        self.notified[provider] += world.twin.delegated_wei - before_wei

    @rule(refuses=st.booleans())
    def the_vault(self, refuses: bool) -> None:
        self.world.twin.vault_refuses = refuses
        self._set("refuse", refuses, False)

    @rule(who=st.integers(0, 3))
    def vest(self, who: int) -> None:
        world = self.world
        account = [*world.providers, world.stranger][who]
        owed_wei = world.twin.owed_wei[account]
        if world.both(partial(world.twin.vest, account), world.stranger, "vest", account):
            self.deposited_wei += owed_wei

    @rule(who=WHO)
    def claim_for_another(self, who: int) -> None:
        provider, stranger = self.world.providers[who], self.world.stranger
        name = "EmissionController__NotOwnerNorOperator"

        def act() -> None:
            raise TwinRevert(name, provider, stranger)

        self.world.both(act, stranger, "claim", provider, self.world.present() - 2)

    @rule(who=WHO, wanted=WEI)
    def claim_delegated(self, who: int, wanted: int) -> None:
        world, provider = self.world, self.world.providers[who]
        amount_wei = min(wanted, self.notified[provider])
        self._set("setNextTaken", wanted)

        def act() -> tuple[int, int]:
            twin = world.twin
            found = twin.claim_delegated(provider, world.stranger, amount_wei, world.word)
            self._deposited(found[1])
            return found

        if world.both(act, world.stranger, "claimDelegated", provider):
            self.notified[provider] -= amount_wei

    @rule(ago=st.integers(8, 13))
    def expire(self, ago: int) -> None:
        world, present = self.world, self.world.present()
        act = lambda: world.twin.expire(present, present - ago)  # noqa: E731
        world.both(act, world.stranger, "expire", present - ago)

    @invariant()
    def both_agree(self) -> None:
        world = self.world
        world.compare(sorted(self.touched)[-3:])
        assert world.token.ask("balanceOf", world.world.address) == self.deposited_wei
        for (epoch, provider), weight in world.twin.weights.items():
            del provider
            assert weight.avail <= world.twin.epochs[epoch].avail_sum


TestEmission = EmissionMachine.TestCase
TestEmission.settings = settings(
    max_examples=12,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
pytestmark = pytest.mark.timeout(600)


def test_a_walk_of_fixed_steps_is_granted_every_call() -> None:
    machine = EmissionMachine()
    machine.begin()
    machine.world.seen.clear()
    machine.set_rates(400, 300, 200)
    machine.stake(0, 10_000 * NVY, 5_000 * NVY, 61, 1_000)
    machine.stake(1, 2_000 * NVY, 0, 0, 0)
    machine.pass_time(1)
    machine.earn(0, 10_000_000 * NVY)
    machine.be_scored(1, 0, 4, 2)
    machine.pass_time(1)
    machine.register(0)
    machine.register(1)
    machine.be_scored(1, 1, 4, 1)
    machine.be_scored(0, 1, 1, 0)
    machine.register(1)
    machine.register(0)
    machine.pass_time(1)
    machine.roll()
    machine.hand_on(0, 2)
    machine.hand_on(0, 2)  # in vain
    machine.the_vault(True)
    machine.claim(0, 2, False)
    machine.vest(0)  # in vain
    machine.the_vault(False)
    machine.vest(0)
    machine.claim_delegated(0, 7)
    machine.claim(1, 2, True)
    machine.pass_time(10)
    machine.expire(11)  # the epoch in which nobody was registered
    wanted = {"register": 4, "roll": 2, "claim": 2, "claimDelegated": 1, "expire": 1}
    wanted |= {"handOn": 1, "vest": 1}
    assert machine.world.seen == wanted
    machine.both_agree()
    assert machine.world.twin.paid_wei > 10**18
    assert machine.notified[machine.world.providers[0]] > 10**18
