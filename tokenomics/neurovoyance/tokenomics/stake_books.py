"""The stake side of the books: own and delegated stake, locks and slashes, from events alone.

Place: under :mod:`.books`, which adds the market. Own stake is kept as the arithmetic of
:mod:`.staking` leaves it, delegated stake by that of :mod:`.delegation`; what an event says has to
be what they say. Between two events of one transaction a balance may be under zero.

Never: a balance that no event told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.units import bps_down
from neurovoyance.tokenomics.delegation import Pool
from neurovoyance.tokenomics.entries import HeldSlash, JobEntry
from neurovoyance.tokenomics.staking import (
    RATES,
    SlashRates,
    SlashSplit,
    Stake,
    slash_timeout,
    slash_verdict,
    split_penalty,
    split_timeout,
    split_verdict,
    take_free,
    take_locked,
)

_FULL_TIMEOUTS = (JobState.PROVIDER_REVEAL_TIMEOUT, JobState.PROVIDER_ANSWER_TIMEOUT)


def _locks() -> defaultdict[tuple[str, bytes], int]:
    return defaultdict(int)


def _zero() -> defaultdict[bytes, int]:
    return defaultdict(int)


@dataclass(slots=True)
class StakeBooks:
    """Stakes, wei, as the events tell them.

    Attributes:
        rates: of slashes; whoever reads past a change of them sets them.
        pools: what is delegated, by provider.
        locks_wei: stake tied, by owner and lock id (of a job, an audit or a bond).
        held: slashes by verdict that were not split yet, by slash id.
        vested_wei: sent by the vault and not split yet, by slash id.
    """

    rates: SlashRates = RATES
    stakes: dict[str, Stake] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    locks_wei: defaultdict[tuple[str, bytes], int] = field(default_factory=_locks)
    jobs: dict[bytes, JobEntry] = field(default_factory=dict)
    held: dict[bytes, HeldSlash] = field(default_factory=dict)
    vested_wei: defaultdict[bytes, int] = field(default_factory=_zero)
    insurance_wei: int = 0
    burned_wei: int = 0
    _freed: list[tuple[str, bytes, int]] = field(default_factory=list)
    _from_pools: defaultdict[bytes, int] = field(default_factory=_zero)

    @property
    def held_wei(self) -> int:
        """Slashes by verdict that wait to be split."""
        return sum(slash.amount_wei for slash in self.held.values())

    @property
    def delegated_wei(self) -> int:
        """What delegators have in StakeManager, what unbonds included."""
        pools = self.pools.values()
        return sum(pool.staked.assets_wei + pool.leaving.assets_wei for pool in pools)

    @property
    def stake_manager_wei(self) -> int:
        """What StakeManager must hold: own, delegated and unbonding stake, insurance, slashes."""
        stakes_wei = sum(s.own_wei + s.unbonding_wei for s in self.stakes.values())
        slashed_wei = self.insurance_wei + self.held_wei + sum(self.vested_wei.values())
        return stakes_wei + self.delegated_wei + slashed_wei

    def stake_of(self, provider: str) -> Stake:
        """Return the stake of a provider; zeros if it never staked."""
        return self.stakes.get(provider, Stake())

    def pool_of(self, provider: str) -> Pool:
        """Return what is delegated to a provider."""
        return self.pools.setdefault(provider, Pool())

    # --- stake ---

    def _staked(self, event: Any) -> None:
        stake = self.stake_of(event.provider)
        own_wei = stake.own_wei + event.amount_wei
        require(own_wei == event.own_wei, "a stake differs", provider=event.provider)
        self.stakes[event.provider] = replace(stake, own_wei=own_wei)

    def _unbonding(self, event: Any) -> None:
        stake = self.stake_of(event.provider)
        require(event.amount_wei <= stake.free_wei, "locked stake unbonds", event=str(event))
        self.stakes[event.provider] = replace(
            stake,
            own_wei=stake.own_wei - event.amount_wei,
            unbonding_wei=stake.unbonding_wei + event.amount_wei,
        )

    def _unbonded(self, event: Any) -> None:
        stake = self.stake_of(event.provider)
        left_wei = stake.unbonding_wei - event.amount_wei
        require(left_wei == 0, "unbonding left a rest", provider=event.provider)
        self.stakes[event.provider] = replace(stake, unbonding_wei=0)

    def _locked(self, event: Any) -> None:
        self._tie(event.provider, event.job_id, event.amount_wei)
        require(
            self.stake_of(event.provider).free_wei >= 0, "locks exceed the stake", event=str(event)
        )

    def _unlocked(self, event: Any) -> None:
        self._tie(event.provider, event.job_id, -event.amount_wei)
        self._freed.append((event.provider, event.job_id, event.amount_wei))

    def _tie(self, owner: str, lock_id: bytes, amount_wei: int) -> None:
        self.locks_wei[owner, lock_id] += amount_wei
        require(self.locks_wei[owner, lock_id] >= 0, "another lock was closed", lock_id=lock_id)
        stake = self.stake_of(owner)
        self.stakes[owner] = replace(stake, locked_wei=stake.locked_wei + amount_wei)
        job = self.jobs.get(lock_id)
        if job is not None and job.provider == owner:
            job.lock_wei = self.locks_wei[owner, lock_id]

    def _just_freed(self, owner: str, *lock_ids: bytes) -> int:
        """Return what the events right before freed: the contract frees first, then takes."""
        return sum(wei for who, lock, wei in self._freed if who == owner and lock in lock_ids)

    def _before(self, owner: str, freed_wei: int) -> Stake:
        stake = self.stake_of(owner)
        return replace(stake, locked_wei=stake.locked_wei + freed_wei)

    # --- delegation ---

    def _delegated(self, event: Any) -> None:
        shares = self.pool_of(event.provider).delegate(event.delegator, event.amount_wei, 0)
        require(shares == event.shares, "shares differ", event=str(event))

    def _undelegated(self, event: Any) -> None:
        pool = self.pool_of(event.provider)
        mine = pool.of(event.delegator).shares
        require(event.shares <= mine, "shares of others unbond", event=str(event))
        amount_wei = pool.undelegate(event.delegator, event.shares, 0, event.ready_at_s)
        require(amount_wei == event.amount_wei, "an undelegation differs", event=str(event))

    def _undelegation_paid(self, event: Any) -> None:
        amount_wei = self.pool_of(event.provider).withdraw(event.delegator)
        require(amount_wei == event.amount_wei, "an undelegation differs", event=str(event))

    def _pool_slashed(self, event: Any) -> None:
        pool = self.pool_of(event.provider)
        told = (event.from_pool_wei, event.from_unbonding_wei)
        possible = [
            (bps_down(pool.staked.assets_wei, bps), bps_down(pool.leaving.assets_wei, bps))
            for bps in (self.rates.stake_bps, self.rates.delegated_forgery_bps)
        ]
        require(told in possible, "a pool's slash differs", event=str(event))
        pool.staked.assets_wei -= event.from_pool_wei
        pool.leaving.assets_wei -= event.from_unbonding_wei
        self._from_pools[event.slash_id] = sum(told)

    def _rewarded(self, event: Any) -> None:
        self.pool_of(event.provider).reward(event.amount_wei)

    def _reward_taken(self, event: Any) -> None:
        mine = self.pool_of(event.provider).settle(event.delegator)
        require(mine.owed_wei == event.amount_wei, "a reward differs", event=str(event))
        mine.owed_wei = 0

    # --- slashes ---

    def _slashed(self, event: Any) -> None:
        job = self.jobs[event.job_id]
        freed_wei = self._just_freed(event.provider, event.job_id)
        before = self._before(event.provider, freed_wei)
        full = job.ended_in in _FULL_TIMEOUTS
        after, own_wei = slash_timeout(before, freed_wei, full=full, rates=self.rates)
        taken_wei = own_wei + self._from_pools.pop(event.job_id, 0)
        told = SlashSplit(event.burned_wei, event.to_client_wei, event.to_insurance_wei)
        split = split_timeout(taken_wei, job.price_wei, self.rates)
        require(taken_wei == event.amount_wei, "a slash differs", job_id=event.job_id)
        require(split == told, "a split differs", job_id=event.job_id)
        self.stakes[event.provider] = after
        self._share(told)

    def _penalised(self, event: Any) -> None:
        freed_wei = self._just_freed(event.owner, event.lock_id)
        if freed_wei:
            before = self._before(event.owner, freed_wei)
            after = take_locked(before, freed_wei, event.amount_wei)
            require(event.amount_wei <= freed_wei, "a penalty exceeds its lock", event=str(event))
        else:
            after, taken_wei = take_free(self.stake_of(event.owner), event.amount_wei)
            require(taken_wei == event.amount_wei, "a penalty differs", event=str(event))
        told = SlashSplit(event.burned_wei, 0, event.to_insurance_wei)
        split = split_penalty(event.amount_wei, self.rates)
        require(split == told, "a split differs", event=str(event))
        self.stakes[event.owner] = after
        self._share(told)

    def _booked(self, event: Any) -> None:
        job = self.jobs[event.job_id]
        freed_wei = self._just_freed(event.provider, event.job_id, event.slash_id)
        is_late = job.ended_in is JobState.SETTLED
        lock_wei = job.agreed_lock_wei
        bond_wei = freed_wei if is_late else freed_wei - lock_wei
        before = self._before(event.provider, freed_wei)
        delegated_wei = self._from_pools.pop(event.slash_id, 0)
        found = [
            slash_verdict(
                before, lock_wei, bond_wei, is_forgery=forged, is_late=is_late, rates=self.rates
            )
            for forged in (False, True)
        ]
        own_wei = event.amount_wei - delegated_wei
        fitting = [after for after, taken_wei in found if taken_wei == own_wei]
        require(bool(fitting), "a booked slash differs", job_id=event.job_id)
        self.stakes[event.provider] = fitting[0]
        require(event.slash_id not in self.held, "a slash was booked twice", event=str(event))
        self.held[event.slash_id] = HeldSlash(
            event.job_id, event.provider, event.amount_wei, delegated_wei
        )

    def _reduced(self, event: Any) -> None:
        slash = self.held[event.slash_id]
        off_wei = slash.amount_wei - event.amount_wei
        back_wei = event.to_own_wei + event.to_pool_wei
        require(0 < off_wei == back_wei, "a slash was not lowered", event=str(event))
        from_pool_wei = off_wei * slash.delegated_wei // slash.amount_wei
        require(event.to_pool_wei <= from_pool_wei, "a pool got too much", event=str(event))
        slash.amount_wei = event.amount_wei
        slash.delegated_wei -= from_pool_wei
        stake = self.stake_of(slash.provider)
        own_wei = stake.own_wei + event.to_own_wei
        self.stakes[slash.provider] = replace(stake, own_wei=own_wei)
        self.pool_of(slash.provider).staked.assets_wei += event.to_pool_wei

    def _finalized(self, event: Any) -> None:
        slash = self.held.pop(event.slash_id)
        told = SlashSplit(
            event.burned_wei,
            event.to_client_wei,
            event.to_insurance_wei,
            event.to_finder_wei,
            event.to_judges_wei,
        )
        price_wei = self.jobs[slash.job_id].price_wei
        taken_wei = slash.amount_wei + self.vested_wei.pop(event.slash_id, 0)
        split = [
            split_verdict(taken_wei, price_wei, has_finder=found, rates=self.rates)
            for found in (True, False)
        ]
        require(told in split, "a verdict's split differs", job_id=slash.job_id)
        self._share(told)

    def _vesting_slashed(self, event: Any) -> None:
        self.vested_wei[event.slash_id] += event.amount_wei

    def _vesting_split(self, event: Any) -> None:
        told = SlashSplit(event.burned_wei, 0, event.to_insurance_wei)
        taken_wei = self.vested_wei.pop(event.slash_id, 0)
        require(taken_wei == event.amount_wei, "the vault gave something else", event=str(event))
        require(split_penalty(taken_wei, self.rates) == told, "a split differs", event=str(event))
        self._share(told)

    def _share(self, split: SlashSplit) -> None:
        self.burned_wei += split.burned_wei
        self.insurance_wei += split.to_insurance_wei

    def _insurance_collected(self, event: Any) -> None:
        self.insurance_wei -= event.amount_wei
        require(self.insurance_wei == 0, "insurance left a rest")


def require(condition: bool, what: str, **context: Any) -> None:
    """Raise InternalError unless the books balance."""
    if not condition:
        raise InternalError(f"The books do not balance: {what}.", **context)


STAKE_HANDLERS: dict[str, Callable[[Any, Any], None]] = {
    "Staked": StakeBooks._staked,
    "UnbondingRequested": StakeBooks._unbonding,
    "UnbondingWithdrawn": StakeBooks._unbonded,
    "StakeLocked": StakeBooks._locked,
    "StakeUnlocked": StakeBooks._unlocked,
    "Slashed": StakeBooks._slashed,
    "LockSlashed": StakeBooks._penalised,
    "SlashBooked": StakeBooks._booked,
    "SlashFinalized": StakeBooks._finalized,
    "InsuranceCollected": StakeBooks._insurance_collected,
    "SlashReduced": StakeBooks._reduced,
    "VestingSlashed": StakeBooks._vesting_slashed,
    "VestingSlashSplit": StakeBooks._vesting_split,
    "Delegated": StakeBooks._delegated,
    "UndelegationRequested": StakeBooks._undelegated,
    "UndelegationWithdrawn": StakeBooks._undelegation_paid,
    "DelegationSlashed": StakeBooks._pool_slashed,
    "RewardNotified": StakeBooks._rewarded,
    "RewardTaken": StakeBooks._reward_taken,
}
