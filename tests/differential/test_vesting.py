"""Twin and compiled VestingVault under the same random calls: the same to the wei, refusals too.

Beside the comparison every sequence holds the vault to its promises: nobody gets more than vested,
the penalty's sinks sum to it, and over any consecutive epochs no more becomes claimable than the
bound of the design.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.differential.vesting_world import (
    DEPOSITOR,
    HOLDERS,
    NVY,
    OPERATORS,
    STRANGER,
    VestingWorld,
)

from neurovoyance.tokenomics.params import PARAMETERS
from neurovoyance.tokenomics.vesting import EPOCH_S, KEYS, NOTICE_S, OPEN_S, UINT96_MAX, Exit

SEQUENCES = int(os.environ.get("NEUROVOYANCE_TEST_SEEDS", "3")) * 7
ACTIONS = 60
WHO = st.integers(0, len(HOLDERS) - 1)
WEI = st.one_of(
    st.sampled_from([1, 12, 25, 27, 10**9, NVY, 5_000 * NVY, 300_000 * NVY]),
    st.integers(1, 2_000_000 * NVY),
)
SLASHES = st.sampled_from([0, 1, 500, 2_000, 2_000, 2_000, 9_000, 9_999, 10_000])
MUCH = st.integers(2_000 * NVY, 3_000_000 * NVY)
WORLDS: list[VestingWorld] = []
SEEN: Counter[str] = Counter()


def world_of() -> VestingWorld:
    """Return the one vault of this process, back at its beginning."""
    if not WORLDS:
        WORLDS.append(VestingWorld())
    WORLDS[0].reset()
    return WORLDS[0]


class Outflow:
    """What became claimable in every epoch, and what the bound allows for it, wei.

    A token is out once its owner can claim it: by vesting, or by an early exit. The dust is that of
    the design: 26 wei a deposit, a wei an account and epoch, 10^12 a reduction.
    """

    def __init__(self) -> None:
        self.left_by_epoch: dict[int, int] = defaultdict(int)
        self.deposits: list[tuple[int, int, int]] = []  # epoch, wei, weeks
        self.caps: dict[int, int] = {}
        self.dust_wei = 0
        self.claimable: list[tuple[int, int]] = []  # epoch, wei claimable or claimed until its end

    def allowed_wei(self, first: int, last: int) -> int:
        """Return the bound of the epochs from ``first`` to ``last``."""
        wei = 0
        for epoch, amount_wei, weeks in self.deposits:
            steps = min(last, epoch + weeks) - max(first, epoch + 1) + 1
            wei += max(0, steps) * -(-amount_wei // weeks)
        wei += sum(95 * cap // 100 + 1 for e, cap in self.caps.items() if first <= e <= last)
        return wei + self.dust_wei


class VestingMachine(RuleBasedStateMachine):
    """Deposits, releases, exits, slashes, parameter changes and time, in any order."""

    @initialize()
    def begin(self) -> None:
        self.world = world_of()
        self.flow = Outflow()
        self.steps = 0
        self.deposited_wei = dict.fromkeys(HOLDERS, 0)

    # --- money in ---

    @rule(who=WHO, wei=WEI)
    def deposit(self, who: int, wei: int) -> None:
        self._deposit(HOLDERS[who], wei)

    @rule(wei=MUCH, weeks=st.integers(1, 3))
    def earn(self, wei: int, weeks: int) -> None:
        """Everybody earns, week after week."""
        for _ in range(weeks):
            for who, holder in enumerate(HOLDERS):
                self._deposit(holder, wei // (who + 1) + who)
            self._warp(EPOCH_S)

    def _deposit(self, holder: str, wei: int) -> None:
        income = self._income(holder)
        if self.world.deposit(holder, wei):
            self.deposited_wei[holder] += wei
            self._note(*income)
            self._note(wei, self.world.twin.values["vestEpochs"])
        self._check()

    @rule(who=WHO)
    def mistake(self, who: int) -> None:
        holder = HOLDERS[who]
        assert not self.world.deposit(holder, 5, sender=STRANGER)
        assert not self.world.deposit(holder, 0)
        assert not self.world.deposit(holder, UINT96_MAX + 1 + who)
        assert not self.world.request_exit(holder, 0)
        assert not self.world.request_exit(holder, UINT96_MAX + 1)
        assert not self.world.release(holder, STRANGER)

    # --- money out ---

    @rule(who=WHO, by_operator=st.booleans())
    def release(self, who: int, by_operator: bool) -> None:
        holder = HOLDERS[who]
        income = self._income(holder)
        if self.world.release(holder, OPERATORS[holder] if by_operator else holder):
            self._note(*income)
        self._check()

    @rule(who=WHO, wei=WEI)
    def announce(self, who: int, wei: int) -> None:
        self.world.request_exit(HOLDERS[who], wei)
        self._check()

    @rule(who=WHO, late_s=st.sampled_from([-1, 0, 5, OPEN_S, OPEN_S + 1]), wei=WEI)
    def announce_and_leave(self, who: int, late_s: int, wei: int) -> None:
        if self.world.request_exit(HOLDERS[who], wei):
            self._warp(NOTICE_S + late_s)
            self._leave(HOLDERS[who], 10_000)
        self._check()

    @rule(times=st.integers(1, 3))
    def run(self, times: int) -> None:
        """Everybody wants to leave at once."""
        for holder in HOLDERS:
            self.world.request_exit(holder, 10**9 * NVY)
        self._warp(NOTICE_S)
        for _ in range(times):
            for holder in HOLDERS:
                self._leave(holder, 10_000)
            self._check()

    @rule(who=WHO, max_bps=st.sampled_from([0, 999, 3_500, 6_000, 10_000]))
    def leave(self, who: int, max_bps: int) -> None:
        self._leave(HOLDERS[who], max_bps)
        self._check()

    def _leave(self, holder: str, max_bps: int) -> None:
        income = self._income(holder)
        gone = self.world.execute_exit(holder, max_bps)
        if not isinstance(gone, Exit):
            return
        self._note(*income)
        self.flow.caps[self.world.epoch] = self.world.twin.window_cap_wei
        self.flow.left_by_epoch[self.world.epoch] += gone.paid_wei
        self.flow.dust_wei += 10**12
        assert gone.paid_wei * 100 <= gone.amount_wei * 95
        assert self.world.twin.window_used_wei <= self.world.twin.window_cap_wei

    @rule(who=WHO, bps=SLASHES)
    def slash(self, who: int, bps: int) -> None:
        self._note(*self._income(HOLDERS[who]))
        self.world.slash(HOLDERS[who], bps)
        self.flow.dust_wei += 10**12
        self._check()

    @precondition(lambda self: self.steps % 4 == 0)
    @rule(who=WHO, times=st.integers(2, 9))
    def slash_again_and_again(self, who: int, times: int) -> None:
        """Lower the scale until it has to be renewed."""
        self._note(*self._income(HOLDERS[who]))
        for _ in range(times):
            self.world.slash(HOLDERS[who], 5_000)
            self.flow.dust_wei += 10**12
        self._check()

    # --- surroundings ---

    @rule(who=WHO, is_pending=st.booleans())
    def book_a_slash(self, who: int, is_pending: bool) -> None:
        world, holder = self.world, HOLDERS[who]
        world.neighbours.send(DEPOSITOR, "setPendingSlash", holder, is_pending)
        pending = world.twin.pending_slashes
        (pending.add if is_pending else pending.discard)(holder)

    @rule(seconds=st.sampled_from([0, 1, 86_400]))
    def trip(self, seconds: int) -> None:
        until_s = self.world.now_s + seconds
        self.world.neighbours.send(DEPOSITOR, "setPausedUntil", until_s)
        self.world.twin.paused_until_s = until_s

    @rule(key=st.sampled_from(KEYS), part=st.integers(0, 8))
    def govern(self, key: str, part: int) -> None:
        bounds = PARAMETERS[key]
        value = bounds.min + (bounds.max - bounds.min) * part // 8
        self.world.set_values(**{key: value})

    @rule(
        seconds=st.sampled_from(
            [1, 3_600, NOTICE_S, EPOCH_S, EPOCH_S, EPOCH_S, 3 * EPOCH_S, 26 * EPOCH_S, 9**8]
        )
    )
    def wait(self, seconds: int) -> None:
        self._warp(seconds)

    # --- what must hold ---

    def _warp(self, seconds: int) -> None:
        """Move the clock; before each epoch ends, note what is claimable in it."""
        self._note_claimable()
        left_s = seconds
        while left_s:
            step_s = min(left_s, EPOCH_S - self.world.now_s % EPOCH_S)
            if self.flow.claimable and self.world.epoch - self.flow.claimable[0][0] > 60:
                step_s = left_s
            self.world.evm.now_s += step_s
            left_s -= step_s
            self._note_claimable()

    def _note_claimable(self) -> None:
        world = self.world
        claimable_wei = sum(world.twin.settled(h, world.now_s)[0].releasable_wei for h in HOLDERS)
        self.flow.claimable.append((world.epoch, claimable_wei + sum(world.paid_wei.values())))

    def _note(self, wei: int, weeks: int) -> None:
        if wei:
            self.flow.deposits.append((self.world.epoch, wei, weeks))
            self.flow.dust_wei += 26

    def _income(self, holder: str) -> tuple[int, int]:
        """Return penalty income that settling would deposit now, wei, and its weeks."""
        world = self.world
        _, income_wei = world.twin.settled(holder, world.now_s)
        return income_wei, world.twin.income_epochs

    def _check(self) -> None:
        self.steps += 1
        self.world.compare()
        if self.steps % 7 == 0:
            holder = HOLDERS[self.steps % len(HOLDERS)]
            self.world.compare_views(holder, 10 ** (self.steps % 25))

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        SEEN.update(self.world.seen)
        self._within_the_bound()
        self._everything_comes_out()

    def _within_the_bound(self) -> None:
        """Compare every window of epochs with the bound."""
        self._note_claimable()
        last: dict[int, int] = {}
        for epoch, wei in self.flow.claimable:
            last[epoch] = wei
        epochs = sorted(last)
        accounts = len(HOLDERS)
        for i, before in enumerate(epochs):
            for until in epochs[i + 1 :: 3]:
                out_wei = last[until] - last[before]
                dust_wei = accounts * (until - before)
                assert out_wei <= self.flow.allowed_wei(before + 1, until) + dust_wei

    def _everything_comes_out(self) -> None:
        """After half a year without deposits nothing is left but what nobody settled."""
        world = self.world
        for _ in range(2):
            world.evm.now_s += 27 * EPOCH_S
            for holder in HOLDERS:
                world.release(holder, holder)
        world.compare()
        assert world.twin.total_held_wei == 0
        assert world.twin.undistributed_wei <= 10_000
        taken_wei = world.slashed_wei + world.burned_wei + world.insured_wei
        paid_wei = sum(world.paid_wei.values())
        left_wei = world.twin.undistributed_wei
        assert paid_wei + taken_wei + left_wei == sum(self.deposited_wei.values())


@pytest.mark.timeout(1_800)
def test_random_sequences_agree_to_the_wei() -> None:
    """Two thousand actions and more, each checked against every stored word."""
    run_state_machine_as_test(
        VestingMachine,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=ACTIONS,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
    calls = sum(number for name, number in SEEN.items() if name not in ("income", "renewed"))
    assert calls >= 2_000 or SEQUENCES < 20, SEEN
    assert {"deposit", "release", "executeExit", "slash"} <= set(SEEN), SEEN
    needed = {"VestingVault__OutflowLimit", "VestingVault__PenaltyTooHigh", "income", "renewed"}
    assert all(SEEN[name] for name in needed) or SEQUENCES < 12, SEEN
