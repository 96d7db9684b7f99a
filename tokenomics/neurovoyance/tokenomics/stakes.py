"""Exact twin of the stakes of ``StakeManager``: own and delegated, votes, ages and weights.

Place: under :mod:`.stake_manager`, which adds the slashes. Calls take the chain's time in unix
seconds; amounts are wei. Who may call is the contract's business, and tokens are taken to be there.
Seats and keys move no money and are left out, but for the stake that backs seats.

Never: a float, a refusal whose name is not the contract's, or state changed by a refused call.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from neurovoyance.tokenomics.delegation import Pool
from neurovoyance.tokenomics.params import default_of
from neurovoyance.tokenomics.reverts import TwinRevert
from neurovoyance.tokenomics.staking import SlashRates, Stake, take_locked

EPOCH_S = 604_800
WEI_MAX = 2**96 - 1
_NOTICE_S = default_of("commissionNoticeS")


@dataclass(slots=True)
class Account:
    """Own stake of a provider; mirrors the Solidity struct.

    Attributes:
        since_s: beginning of the age, unix seconds; of use only with own stake.
        ready_at_s: unix seconds from which ``stake.unbonding_wei`` can be withdrawn.
        before_wei: own stake at the end of the epoch before ``changed_epoch``.
        pending: slashes by verdict that are not yet taken from stake and vault.
    """

    stake: Stake = field(default_factory=Stake)
    seats: int = 0
    since_s: int = 0
    ready_at_s: int = 0
    before_wei: int = 0
    changed_epoch: int = 0
    pending: int = 0


@dataclass(slots=True)
class Stakes:
    """Stakes of all providers.

    Attributes:
        values: live parameters by key; a key that is missing has its default.
        has_votes: whether units are told to a VotingPower.
        units: votes by account, wei, as VotingPower was told.
        total_wei: own and delegated stake, without what unbonds.
    """

    values: dict[str, int] = field(default_factory=dict)
    has_votes: bool = False
    registered: set[str] = field(default_factory=set)
    accounts: dict[str, Account] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    units: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    total_wei: int = 0

    @property
    def stakes_wei(self) -> int:
        """What belongs to providers and delegators, what unbonds included."""
        own_wei = sum(a.stake.own_wei + a.stake.unbonding_wei for a in self.accounts.values())
        pools_wei = sum(p.staked.assets_wei + p.leaving.assets_wei for p in self.pools.values())
        return own_wei + pools_wei

    def value(self, key: str) -> int:
        """Return a parameter as it applies."""
        return self.values.get(key, default_of(key))

    @property
    def rates(self) -> SlashRates:
        """Rates of slashes as they apply."""
        return SlashRates.of(self.values)

    def account(self, provider: str) -> Account:
        """Return the record of a provider, zeros if it has none."""
        return self.accounts.setdefault(provider, Account())

    def pool(self, provider: str) -> Pool:
        """Return the pool of a provider, empty if nobody delegated."""
        return self.pools.setdefault(provider, Pool())

    # --- own stake ---

    def stake(self, provider: str, amount_wei: int, now_s: int) -> None:
        """Add own stake; its age is averaged."""
        _check_amount(amount_wei)
        account = self.account(provider)
        own_wei = account.stake.own_wei
        if own_wei == 0:
            self._require_registered(provider)
        self._keep(account, now_s)
        age_s = (now_s - account.since_s) * own_wei // (own_wei + amount_wei) if own_wei else 0
        account.since_s = now_s - age_s
        self._set(provider, more(account.stake, amount_wei))

    def request_unbonding(self, provider: str, amount_wei: int, now_s: int) -> int:
        """Let own stake unbond; return the second from which it can be withdrawn."""
        if amount_wei == 0:
            raise TwinRevert("StakeManager__ZeroAmount")
        account = self.account(provider)
        stake = account.stake
        if amount_wei > stake.free_wei:
            raise TwinRevert("StakeManager__InsufficientFree", provider, stake.free_wei, amount_wei)
        left_wei = stake.own_wei - amount_wei
        needed_wei = account.seats * default_of("seatWei")
        if left_wei < needed_wei:
            values = (provider, account.seats, left_wei, needed_wei)
            raise TwinRevert("StakeManager__SeatsTaken", *values)
        self._keep(account, now_s)
        account.ready_at_s = now_s + self.value("unbondingS")
        self._set(provider, Stake(left_wei, stake.locked_wei, stake.unbonding_wei + amount_wei))
        return account.ready_at_s

    def withdraw_unbonded(self, provider: str, now_s: int) -> int:
        """Pay finished unbonding; return the wei."""
        account = self.account(provider)
        amount_wei = account.stake.unbonding_wei
        _check_ready(provider, amount_wei, account.ready_at_s, now_s)
        account.stake = Stake(account.stake.own_wei, account.stake.locked_wei, 0)
        return amount_wei

    def lock(self, provider: str, amount_wei: int, *, by_market: bool) -> None:
        """Tie free own stake; the minimum of own stake holds for the market alone."""
        stake = self.account(provider).stake
        minimum_wei = self.value("minSelfStakeWei")
        if by_market and stake.own_wei < minimum_wei:
            self._require_registered(provider)
            values = (provider, stake.own_wei, minimum_wei)
            raise TwinRevert("StakeManager__BelowMinimum", *values)
        if amount_wei > stake.free_wei:
            values = (provider, stake.free_wei, amount_wei)
            raise TwinRevert("StakeManager__InsufficientFree", *values)
        after = Stake(stake.own_wei, stake.locked_wei + amount_wei, stake.unbonding_wei)
        self.account(provider).stake = after

    def unlock(self, provider: str, amount_wei: int) -> None:
        """Free a lock of that size, which is there."""
        account = self.account(provider)
        account.stake = take_locked(account.stake, amount_wei, 0)

    def scale_age(self, provider: str, kept: int, whole: int, now_s: int) -> None:
        """Lower the age of the own stake, upon an early exit from the vault."""
        account = self.account(provider)
        if account.stake.own_wei == 0 or kept >= whole:
            return
        self._keep(account, now_s)
        account.since_s = now_s - (now_s - account.since_s) * kept // whole

    # --- delegation ---

    def delegate(self, provider: str, delegator: str, amount_wei: int, now_s: int) -> int:
        """Delegate; return the shares."""
        _check_amount(amount_wei)
        self._require_registered(provider)
        shares = self.pool(provider).delegate(delegator, amount_wei, now_s // EPOCH_S)
        self.total_wei += amount_wei
        self.sync_votes(provider, delegator)
        return shares

    def request_undelegation(self, provider: str, delegator: str, shares: int, now_s: int) -> int:
        """Let delegated shares unbond; return their wei."""
        if shares == 0:
            raise TwinRevert("StakeManager__ZeroAmount")
        pool = self.pool(provider)
        mine = pool.of(delegator).shares
        if shares > mine:
            raise TwinRevert("StakeManager__TooFewShares", provider, delegator, mine, shares)
        ready_at_s = now_s + self.value("unbondingS")
        amount_wei = pool.undelegate(delegator, shares, now_s // EPOCH_S, ready_at_s)
        self.total_wei -= amount_wei
        self.sync_votes(provider, delegator)
        return amount_wei

    def withdraw_undelegated(self, provider: str, delegator: str, now_s: int) -> int:
        """Pay finished unbonding of delegated stake; return the wei."""
        mine = self.pool(provider).of(delegator)
        _check_ready(delegator, mine.leaving_shares, mine.ready_at_s, now_s)
        return self.pool(provider).withdraw(delegator)

    def set_commission(self, provider: str, bps: int, now_s: int) -> int:
        """Set the commission; return from when it applies."""
        self._require_registered(provider)
        most_bps = default_of("commissionMaxBps")
        if bps > most_bps:
            raise TwinRevert("StakeManager__CommissionTooHigh", bps, most_bps)
        pool = self.pool(provider)
        present_bps = pool.commission_at(now_s)
        rises = bps > present_bps
        pool.commission_bps = present_bps if rises else bps
        pool.next_bps = bps
        pool.rises_at_s = now_s + _NOTICE_S if rises else 0
        return pool.rises_at_s or now_s

    def sync_votes(self, provider: str, delegator: str) -> None:
        """Tell VotingPower what a delegation is worth."""
        if not self.has_votes:
            return
        mine = self.pool(provider).of(delegator)
        worth_wei = self.pool(provider).staked.worth(mine.shares)
        self.units[delegator] += worth_wei - mine.voted_wei
        mine.voted_wei = worth_wei

    def notify_reward(self, provider: str, amount_wei: int) -> None:
        """Account a reward to the delegators."""
        _check_amount(amount_wei)
        if self.pool(provider).staked.shares == 0:
            raise TwinRevert("StakeManager__NoDelegators", provider)
        self.pool(provider).reward(amount_wei)

    def take_reward(self, provider: str, delegator: str) -> int:
        """Take what a delegator earned; return the wei."""
        mine = self.pool(provider).settle(delegator)
        amount_wei, mine.owed_wei = mine.owed_wei, 0
        return amount_wei

    # --- views ---

    def weight_at(self, provider: str, epoch: int, now_s: int) -> tuple[int, int]:
        """Return own stake and counted delegated stake at the end of an epoch."""
        present = now_s // EPOCH_S
        if epoch not in (present - 1, present):
            raise TwinRevert("StakeManager__UnknownEpoch", epoch, present)
        account = self.account(provider)
        if account.changed_epoch > epoch:
            own_wei = account.before_wei
        else:
            own_wei = 0 if account.since_s // EPOCH_S > epoch else account.stake.own_wei
        most_wei = own_wei * self.value("delegationMultiple")
        return own_wei, min(self.pool(provider).assets_at(epoch), most_wei)

    def age_of(self, provider: str, now_s: int) -> int:
        """Return the age of the own stake, seconds."""
        account = self.account(provider)
        return now_s - account.since_s if account.stake.own_wei else 0

    # --- small parts ---

    def _keep(self, account: Account, now_s: int) -> None:
        """Keep what own stake was at the end of the last epoch; every change follows upon this."""
        epoch, own_wei = now_s // EPOCH_S, account.stake.own_wei
        if account.changed_epoch < epoch and own_wei:
            account.before_wei = 0 if account.since_s // EPOCH_S == epoch else own_wei
            account.changed_epoch = epoch

    def _set(self, provider: str, after: Stake) -> None:
        account = self.account(provider)
        change_wei = after.own_wei - account.stake.own_wei
        account.stake = after
        self.total_wei += change_wei
        if self.has_votes:
            self.units[provider] += change_wei

    def _require_registered(self, provider: str) -> None:
        if provider not in self.registered:
            raise TwinRevert("StakeManager__NotRegistered", provider)


def more(stake: Stake, amount_wei: int) -> Stake:
    """Return a stake with more own stake."""
    return Stake(stake.own_wei + amount_wei, stake.locked_wei, stake.unbonding_wei)


def _check_amount(amount_wei: int) -> None:
    if amount_wei == 0:
        raise TwinRevert("StakeManager__ZeroAmount")
    if amount_wei > WEI_MAX:
        raise TwinRevert("StakeManager__AmountTooLarge", amount_wei, WEI_MAX)


def _check_ready(who: str, amount: int, ready_at_s: int, now_s: int) -> None:
    if amount == 0:
        raise TwinRevert("StakeManager__NothingUnbonding", who)
    if now_s < ready_at_s:
        raise TwinRevert("StakeManager__UnbondingNotFinished", who, ready_at_s, now_s)
