"""Exact twin of the delegation pools of ``StakeManager``: shares, what unbonds, and rewards.

Place: under :mod:`.stake_manager`, the whole twin, and :mod:`.books`. Amounts are wei; shares are
the pool's own unit, 10^6 to a wei before the first slash. Shares and wei relate as (shares + 10^6)
to (wei + 1), rounded down for whoever asks.

Never: a float, or a number of steps that depends on how many delegate.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from neurovoyance.protocol.units import bps_down
from neurovoyance.tokenomics.reverts import TwinRevert

OFFSET = 10**6
"""Virtual shares of every pool, beside one virtual wei."""
SHARES_MAX = 2**128 - 1
REWARD_BITS = 64
"""Rewards per share are kept as multiples of 2^-64 wei."""


def to_shares(amount_wei: int, assets_wei: int, shares: int) -> int:
    """Return the shares that an amount buys of a pool."""
    return amount_wei * (shares + OFFSET) // (assets_wei + 1)


def to_wei(shares: int, assets_wei: int, all_shares: int) -> int:
    """Return what shares of a pool are worth."""
    return shares * (assets_wei + 1) // (all_shares + OFFSET)


@dataclass(slots=True)
class Shares:
    """Wei that belong to the holders of shares.

    Attributes:
        assets_wei: what all shares are worth.
        shares: that were given out.
    """

    assets_wei: int = 0
    shares: int = 0

    def shares_for(self, amount_wei: int) -> int:
        """Return the shares that an amount buys.

        Raises:
            TwinRevert: they would not fit 128 bits.
        """
        bought = to_shares(amount_wei, self.assets_wei, self.shares)
        if self.shares + bought > SHARES_MAX:
            raise TwinRevert("StakeManager__AmountTooLarge", self.shares + bought, SHARES_MAX)
        return bought

    def worth(self, shares: int) -> int:
        """Return what shares are worth, wei."""
        return to_wei(shares, self.assets_wei, self.shares)

    def add(self, amount_wei: int) -> int:
        """Take an amount in; return its shares."""
        bought = self.shares_for(amount_wei)
        self.assets_wei += amount_wei
        self.shares += bought
        return bought

    def remove(self, shares: int) -> int:
        """Give shares up; return their wei."""
        amount_wei = self.worth(shares)
        self.assets_wei -= amount_wei
        self.shares -= shares
        return amount_wei

    def slash(self, bps: int) -> int:
        """Take a part of the wei, leaving the shares; return it."""
        taken_wei = bps_down(self.assets_wei, bps)
        self.assets_wei -= taken_wei
        return taken_wei


@dataclass(slots=True)
class Delegation:
    """What one account delegated to one provider; mirrors the Solidity struct.

    Attributes:
        voted_wei: as VotingPower was told.
        rewards_paid: the pool's ``rewards`` when ``owed_wei`` was brought up to date.
        owed_wei: rewards, earned and not taken.
        leaving_shares: of the pool of what unbonds.
        ready_at_s: unix seconds from which that can be withdrawn.
    """

    shares: int = 0
    voted_wei: int = 0
    rewards_paid: int = 0
    owed_wei: int = 0
    leaving_shares: int = 0
    ready_at_s: int = 0


@dataclass(slots=True)
class Pool:
    """What is delegated to one provider; mirrors the Solidity struct.

    Attributes:
        staked: what is delegated.
        leaving: what of it unbonds.
        changed_epoch: of the latest change of what is delegated.
        before_wei: what was delegated at the end of the epoch before that.
        rewards: per share since ever, times 2^64.
    """

    staked: Shares = field(default_factory=Shares)
    leaving: Shares = field(default_factory=Shares)
    delegations: dict[str, Delegation] = field(default_factory=dict)
    changed_epoch: int = 0
    before_wei: int = 0
    rewards: int = 0
    commission_bps: int = 0
    next_bps: int = 0
    rises_at_s: int = 0

    def of(self, delegator: str) -> Delegation:
        """Return the delegation of an account, zeros if it has none."""
        return self.delegations.setdefault(delegator, Delegation())

    def keep(self, epoch: int) -> None:
        """Keep what was delegated at the end of the last epoch; every change follows upon this."""
        if self.changed_epoch != epoch:
            self.before_wei, self.changed_epoch = self.staked.assets_wei, epoch

    def assets_at(self, epoch: int) -> int:
        """Return what was delegated at the end of an epoch, the last one or the present one."""
        return self.before_wei if self.changed_epoch > epoch else self.staked.assets_wei

    def owed_wei(self, delegator: str) -> int:
        """Return what a delegator earned and did not take."""
        mine = self.delegations.get(delegator, Delegation())
        return mine.owed_wei + ((self.rewards - mine.rewards_paid) * mine.shares >> REWARD_BITS)

    def settle(self, delegator: str) -> Delegation:
        """Bring an account's rewards up to date, which every change of its shares needs."""
        owed_wei = self.owed_wei(delegator)
        mine = self.of(delegator)
        mine.owed_wei, mine.rewards_paid = owed_wei, self.rewards
        return mine

    def delegate(self, delegator: str, amount_wei: int, epoch: int) -> int:
        """Take a delegation in; return its shares."""
        self.staked.shares_for(amount_wei)  # refuses before anything changes
        mine = self.settle(delegator)
        self.keep(epoch)
        bought = self.staked.add(amount_wei)
        mine.shares += bought
        return bought

    def undelegate(self, delegator: str, shares: int, epoch: int, ready_at_s: int) -> int:
        """Let shares unbond, together with what unbonds already; return their wei."""
        amount_wei = self.staked.worth(shares)
        self.leaving.shares_for(amount_wei)  # refuses before anything changes
        mine = self.settle(delegator)
        self.keep(epoch)
        self.staked.remove(shares)
        mine.shares -= shares
        mine.leaving_shares += self.leaving.add(amount_wei)
        mine.ready_at_s = ready_at_s
        return amount_wei

    def withdraw(self, delegator: str) -> int:
        """Pay what unbonded; return the wei."""
        mine = self.of(delegator)
        amount_wei = self.leaving.remove(mine.leaving_shares)
        mine.leaving_shares = 0
        return amount_wei

    def slash(self, bps: int, epoch: int) -> tuple[int, int]:
        """Take a part of what is delegated, and of what unbonds; return both."""
        if bps_down(self.staked.assets_wei, bps) + bps_down(self.leaving.assets_wei, bps):
            self.keep(epoch)
        return self.staked.slash(bps), self.leaving.slash(bps)

    def give_back(self, amount_wei: int, epoch: int) -> int:
        """Return wei to the pool, at most as much as it has; say how much."""
        self.keep(epoch)
        returned_wei = min(amount_wei, self.staked.assets_wei)
        self.staked.assets_wei += returned_wei
        return returned_wei

    def reward(self, amount_wei: int) -> None:
        """Account a reward to all shares."""
        self.rewards += (amount_wei << REWARD_BITS) // self.staked.shares

    def commission_at(self, now_s: int) -> int:
        """Return the commission as it applies, bps."""
        has_risen = self.rises_at_s and now_s >= self.rises_at_s
        return self.next_bps if has_risen else self.commission_bps
