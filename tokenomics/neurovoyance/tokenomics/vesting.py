"""Exact twin of ``VestingVault``: rewards that vest in weekly steps, and the early exit.

Place: under the differential tests and whatever shows an owner its schedule; driven by actions with
the time they happen at, in unix seconds. Amounts are integers in wei, shares integers in bps, raw
units (``rate``, ``ends``) are worth ``scale / 1e18`` wei each. Divisions round down unless ``ceil``
is written. Source of the formulas: the contract's NatSpec and ``docs/economy.md``.

Never: floats, or state changed by an action that is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from neurovoyance.tokenomics.params import default_of
from neurovoyance.tokenomics.reverts import TwinRevert

BPS = 10_000
WAD = 10**18
EPOCH_S = 604_800
WEEKS = 26
ACC_UNIT = 10**24
SCALE_MIN = WAD // 256
UINT96_MAX = 2**96 - 1
NOTICE_S = 24 * 3_600
OPEN_S = 72 * 3_600
WINDOW_CAP_MIN_WEI = 10_000 * WAD
ALLOWANCE_MIN_WEI = 1_000 * WAD
HOLDERS_MIN_WEI = 1_000 * WAD
EARLY_MULTIPLE = 10
LATE_MULTIPLE = 2

KEYS = ("vestEpochs", "exitBaseBps", "exitSlopeBps", "holderBps", "penaltyBurnBps", "exitCapBps")
"""Parameters that the vault reads."""


def ceil_div(a: int, b: int) -> int:
    """Return a / b, rounded up."""
    return -(-a // b)


def fit(value: int) -> int:
    """Return a value that fits 96 bits.

    Raises:
        TwinRevert: ``VestingVault__AmountTooLarge``.
    """
    if value > UINT96_MAX:
        raise TwinRevert("VestingVault__AmountTooLarge", value, UINT96_MAX)
    return value


@dataclass(slots=True)
class Account:
    """One account; mirrors the packed record.

    Attributes:
        rate: raw units that vest in each epoch now.
        releasable_wei: vested, not paid.
        last_epoch: epoch up to which it is settled.
        week_weight: sum over raw units of the weeks that are left.
        scale: wei of 1e18 raw units.
        p0_bps: penalty that does not depend on time, as of the last deposit.
        p1_bps: penalty at 26 weeks left beside it, as of the last deposit.
        exit_ready_at_s: end of the notice, unix seconds.
        held_wei: debt to the account.
        exit_amount_wei: announced.
        window: epoch of ``used_in_window_wei``.
        acc_paid: accumulator up to which penalty income is settled.
        used_in_window_wei: taken out early in that epoch.
        ends: raw units whose last week an epoch is, by epoch; no zeros.
    """

    rate: int = 0
    releasable_wei: int = 0
    last_epoch: int = 0
    week_weight: int = 0
    scale: int = WAD
    p0_bps: int = 0
    p1_bps: int = 0
    exit_ready_at_s: int = 0
    held_wei: int = 0
    exit_amount_wei: int = 0
    window: int = 0
    acc_paid: int = 0
    used_in_window_wei: int = 0
    ends: dict[int, int] = field(default_factory=dict)

    @property
    def used_now_wei(self) -> int:
        """What was taken out early in the epoch up to which the account is settled."""
        return self.used_in_window_wei if self.window == self.last_epoch else 0

    @property
    def unvested_wei(self) -> int:
        """What has not vested, dust included."""
        return self.held_wei - self.releasable_wei

    def copy(self) -> Account:
        """Return a copy that shares nothing."""
        return replace(self, ends=dict(self.ends))

    def pass_to(self, present: int) -> None:
        """Let epochs pass; 26 at most matter, no bucket ends later."""
        last = min(present, self.last_epoch + WEEKS)
        for epoch in range(self.last_epoch + 1, last + 1):
            if self.rate == 0:
                break
            self.releasable_wei += self.rate * self.scale // WAD
            self.week_weight -= self.rate
            self.rate -= self.ends.pop(epoch, 0)
        if self.rate == 0:
            self.releasable_wei, self.scale = self.held_wei, WAD
        self.last_epoch = present

    def credit(self, amount_wei: int, vest_epochs: int) -> None:
        """Add an amount that vests from the next epoch on; the account is settled.

        Raises:
            TwinRevert: ``VestingVault__AmountTooLarge``.
        """
        weight = vest_epochs * self.scale
        q = amount_wei * WAD // weight
        held_wei = fit(self.held_wei + amount_wei)
        fit(self.rate + q + 1)
        self.held_wei = held_wei
        self.releasable_wei += amount_wei - ceil_div(q * weight, WAD)
        self.rate += q
        self.week_weight += q * vest_epochs
        if q:
            end = self.last_epoch + vest_epochs
            self.ends[end] = self.ends.get(end, 0) + q
        if self.rate == 0:
            self.releasable_wei = self.held_wei

    def reduce(self, amount_wei: int) -> None:
        """Take an amount, at most what is unvested, out of all buckets in proportion."""
        is_all = amount_wei == self.unvested_wei
        self.held_wei -= amount_wei
        if is_all:
            self.rate, self.week_weight, self.scale = 0, 0, WAD
            self.ends = {}
        else:
            self.scale -= min(self.scale, ceil_div(amount_wei * WAD, self.week_weight))
            if self.scale < SCALE_MIN:
                self._renormalise()
        if self.rate == 0:
            self.releasable_wei = self.held_wei

    def _renormalise(self) -> None:
        scaled = {epoch: raw * self.scale // WAD for epoch, raw in self.ends.items()}
        self.ends = {epoch: raw for epoch, raw in scaled.items() if raw}
        self.rate = sum(self.ends.values())
        self.week_weight = sum(raw * (e - self.last_epoch) for e, raw in self.ends.items())
        self.scale = WAD

    def penalty_wei(self, amount_wei: int, values: Mapping[str, int]) -> int:
        """Return the penalty of an exit, rounded up.

        Parameters are those of the last deposit; where the present ones are lower, those.
        """
        if amount_wei == 0:
            return 0
        base = min(self.p0_bps, values["exitBaseBps"]) * WEEKS * self.rate
        slope = min(self.p1_bps, values["exitSlopeBps"]) * self.week_weight
        return ceil_div(amount_wei * (base + slope), BPS * WEEKS * self.rate)


@dataclass(frozen=True, slots=True)
class Exit:
    """An executed exit, wei; the last three sum to the penalty."""

    amount_wei: int
    penalty_wei: int
    to_holders_wei: int
    burned_wei: int
    to_insurance_wei: int

    @property
    def paid_wei(self) -> int:
        """What reached the leaver."""
        return self.amount_wei - self.penalty_wei


@dataclass(slots=True)
class VestingVault:
    """The vault; one method for every call of the contract.

    Attributes:
        depositors: who may deposit.
        stake_manager: who may slash.
        operators: operator by account.
        values: the present parameters, by key.
        paused_until_s: end of the breaker's pause, unix seconds.
        pending_slashes: accounts with a slash that is not final.
        acc: penalty income per wei held, in 1 / ``ACC_UNIT``.
        income_epochs: weeks over which the last penalty vests.
        accounts: by address.
    """

    depositors: frozenset[str]
    stake_manager: str
    operators: dict[str, str] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=lambda: {k: default_of(k) for k in KEYS})
    paused_until_s: int = 0
    pending_slashes: set[str] = field(default_factory=set)
    acc: int = 1
    undistributed_wei: int = 0
    income_epochs: int = 0
    total_held_wei: int = 0
    window: int = 0
    window_cap_wei: int = 0
    window_used_wei: int = 0
    accounts: dict[str, Account] = field(default_factory=dict)

    # --- calls ---

    def deposit(self, caller: str, account: str, amount_wei: int, now_s: int) -> int:
        """Take an amount into an account's buckets; return over how many epochs it vests.

        Raises:
            TwinRevert: ``OnlyDepositor``, ``ZeroAmount``, ``AmountTooLarge``.
        """
        if caller not in self.depositors:
            raise TwinRevert("VestingVault__OnlyDepositor", caller)
        if amount_wei == 0:
            raise TwinRevert("VestingVault__ZeroAmount")
        fit(amount_wei)
        a, income_wei = self.settled(account, now_s)
        vest_epochs = self.values["vestEpochs"]
        a.credit(amount_wei, vest_epochs)
        a.p0_bps, a.p1_bps = self.values["exitBaseBps"], self.values["exitSlopeBps"]
        self._store(account, a, income_wei)
        return vest_epochs

    def release(self, caller: str, account: str, now_s: int) -> int:
        """Pay what has vested to the account; return it, wei.

        Raises:
            TwinRevert: ``NotOwnerNorOperator``, ``NothingToRelease``.
        """
        if caller not in (account, self.operators.get(account)):
            raise TwinRevert("VestingVault__NotOwnerNorOperator", account, caller)
        a, income_wei = self.settled(account, now_s)
        amount_wei = a.releasable_wei
        if amount_wei == 0:
            raise TwinRevert("VestingVault__NothingToRelease", account)
        a.held_wei -= amount_wei
        a.releasable_wei = 0
        self._store(account, a, income_wei)
        return amount_wei

    def request_exit(self, account: str, amount_wei: int, now_s: int) -> int:
        """Announce an early exit; return the end of its notice, unix seconds.

        Raises:
            TwinRevert: ``ZeroAmount``, ``NothingToExit``, ``AmountTooLarge``.
        """
        if amount_wei == 0:
            raise TwinRevert("VestingVault__ZeroAmount")
        a = self.account_of(account).copy()
        if a.held_wei == 0:
            raise TwinRevert("VestingVault__NothingToExit", account)
        a.exit_amount_wei = fit(amount_wei)
        a.exit_ready_at_s = now_s + NOTICE_S
        self.accounts[account] = a
        return a.exit_ready_at_s

    def execute_exit(self, account: str, max_penalty_bps: int, now_s: int) -> Exit:
        """Leave early with as much of the announced amount as the epoch allows.

        Raises:
            TwinRevert: ``Paused``, ``NothingToExit``, ``NoticeNotOver``, ``NoticeExpired``,
                ``SlashPending``, ``OutflowLimit``, ``PenaltyTooHigh``.
        """
        self._check_exit(account, now_s)
        a, income_wei = self.settled(account, now_s)
        if a.unvested_wei == 0:
            raise TwinRevert("VestingVault__NothingToExit", account)
        cap_wei, used_wei = self._window(income_wei, a.last_epoch)
        allowed_wei = self._allowance(a, income_wei)
        if allowed_wei == 0:
            raise TwinRevert("VestingVault__OutflowLimit", account, a.last_epoch)
        amount_wei = min(a.exit_amount_wei, allowed_wei, a.unvested_wei)
        penalty_wei = a.penalty_wei(amount_wei, self.values)
        bps = ceil_div(penalty_wei * BPS, amount_wei)
        if bps > max_penalty_bps:
            raise TwinRevert("VestingVault__PenaltyTooHigh", bps, max_penalty_bps)
        self.window, self.window_cap_wei = a.last_epoch, cap_wei
        self.window_used_wei = used_wei + amount_wei
        a.used_in_window_wei = a.used_now_wei + amount_wei
        a.window = a.last_epoch
        a.exit_amount_wei -= amount_wei
        a.reduce(amount_wei)
        done = self._share(account, a, amount_wei, penalty_wei)
        self._store(account, a, income_wei)
        return done

    def slash(self, caller: str, account: str, bps: int, now_s: int) -> int:
        """Take a part of what is unvested, rounded down; return it, wei.

        Raises:
            TwinRevert: ``OnlyStakeManager``.
        """
        if caller != self.stake_manager:
            raise TwinRevert("VestingVault__OnlyStakeManager", caller)
        a, income_wei = self.settled(account, now_s)
        taken_wei = a.unvested_wei * min(bps, BPS) // BPS
        if taken_wei:
            a.reduce(taken_wei)
        self._store(account, a, income_wei)
        return taken_wei

    # --- views ---

    def account_of(self, account: str) -> Account:
        """Return the stored record; an empty one for a stranger."""
        return self.accounts.get(account) or Account()

    def settled(self, account: str, now_s: int) -> tuple[Account, int]:
        """Return a copy of the account as it stands now, and the income that it settles, wei."""
        a = self.account_of(account).copy()
        a.pass_to(now_s // EPOCH_S)
        income_wei = a.held_wei * (self.acc - a.acc_paid) // ACC_UNIT
        a.acc_paid = self.acc
        if income_wei:
            a.credit(income_wei, self.income_epochs)
        return a, income_wei

    def penalty_of(self, account: str, amount_wei: int, now_s: int) -> int:
        """Return the penalty of an exit of an amount now, wei."""
        a, _ = self.settled(account, now_s)
        return a.penalty_wei(min(amount_wei, a.unvested_wei), self.values)

    def allowance_of(self, account: str, now_s: int) -> int:
        """Return what the account could still take out early in this epoch, wei."""
        a, income_wei = self.settled(account, now_s)
        return min(self._allowance(a, income_wei), a.unvested_wei)

    def schedule_of(self, account: str, now_s: int) -> list[int]:
        """Return what becomes releasable in each of the next 26 epochs, wei."""
        a, _ = self.settled(account, now_s)
        schedule = []
        for epoch in range(a.last_epoch + 1, a.last_epoch + 1 + WEEKS):
            before_wei = a.releasable_wei
            a.pass_to(epoch)
            schedule.append(a.releasable_wei - before_wei)
        return schedule

    # --- parts ---

    def _check_exit(self, account: str, now_s: int) -> None:
        if now_s < self.paused_until_s:
            raise TwinRevert("VestingVault__Paused", self.paused_until_s)
        a = self.account_of(account)
        if a.exit_amount_wei == 0:
            raise TwinRevert("VestingVault__NothingToExit", account)
        ready_at_s = a.exit_ready_at_s
        if now_s < ready_at_s:
            raise TwinRevert("VestingVault__NoticeNotOver", ready_at_s, now_s)
        if now_s > ready_at_s + OPEN_S:
            raise TwinRevert("VestingVault__NoticeExpired", ready_at_s + OPEN_S, now_s)
        if account in self.pending_slashes:
            raise TwinRevert("VestingVault__SlashPending", account)

    def _window(self, income_wei: int, epoch: int) -> tuple[int, int]:
        """Return cap and use of the epoch's window, wei."""
        if self.window == epoch:
            return self.window_cap_wei, self.window_used_wei
        part_wei = (self.total_held_wei + income_wei) * self.values["exitCapBps"] // BPS
        return max(WINDOW_CAP_MIN_WEI, part_wei), 0

    def _allowance(self, a: Account, income_wei: int) -> int:
        if a.held_wei == 0:
            return 0
        cap_wei, used_wei = self._window(income_wei, a.last_epoch)
        multiple = EARLY_MULTIPLE if 2 * used_wei < cap_wei else LATE_MULTIPLE
        part_wei = multiple * cap_wei * a.held_wei // (self.total_held_wei + income_wei)
        own_wei = max(ALLOWANCE_MIN_WEI, part_wei)
        return min(max(0, own_wei - a.used_now_wei), cap_wei - used_wei)

    def _share(self, account: str, a: Account, amount_wei: int, penalty_wei: int) -> Exit:
        others_wei = self.total_held_wei - self.account_of(account).held_wei
        burned_wei = penalty_wei * self.values["penaltyBurnBps"] // BPS
        part_wei = 0
        if others_wei >= HOLDERS_MIN_WEI:
            part_wei = penalty_wei * self.values["holderBps"] // BPS
            self.acc += part_wei * ACC_UNIT // others_wei
            self.undistributed_wei += part_wei
            self.income_epochs = self.values["vestEpochs"]
            a.acc_paid = self.acc
        rest_wei = penalty_wei - part_wei - burned_wei
        return Exit(amount_wei, penalty_wei, part_wei, burned_wei, rest_wei)

    def _store(self, account: str, a: Account, income_wei: int) -> None:
        before_wei = self.account_of(account).held_wei
        self.total_held_wei = fit(self.total_held_wei + a.held_wei - before_wei)
        self.undistributed_wei -= income_wei
        self.accounts[account] = a
