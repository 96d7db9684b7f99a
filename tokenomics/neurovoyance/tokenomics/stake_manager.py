"""Exact twin of ``StakeManager``: stakes, delegation, votes, ages, weights, slashes; wei for wei.

Place: beside the contract; tests drive both together, and a wallet or a simulation can ask it what
a call would do. Stakes are :mod:`.stakes`, the arithmetic of slashes :mod:`.staking`, that of pools
:mod:`.delegation`.

Never: a float, a refusal whose name is not the contract's, or state changed by a refused call.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from neurovoyance.protocol.units import BPS
from neurovoyance.tokenomics.params import default_of
from neurovoyance.tokenomics.reverts import TwinRevert
from neurovoyance.tokenomics.stakes import EPOCH_S, Stakes, more
from neurovoyance.tokenomics.staking import (
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

DAY_S = 86_400
_HOLD_S = default_of("slashHoldS")
_LONG_HOLD_S = default_of("slashLongHoldS")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict as a court books it; mirrors ``IStakeManager.Verdict``."""

    slash_id: bytes
    job_id: bytes
    provider: str
    lock_wei: int
    bond_wei: int
    price_wei: int
    client: str
    finder: str
    is_forgery: bool
    is_late: bool


@dataclass(slots=True)
class HeldSlash:
    """A booked slash.

    Attributes:
        amount_wei: what is held; of it ``delegated_wei`` came from delegators.
        vest_bps: of what is unvested, not yet taken.
        loss_wei: what the client lost, once the slash is final, if it is late.
    """

    verdict: Verdict
    amount_wei: int
    delegated_wei: int
    ready_at_s: int
    vest_bps: int
    is_late: bool
    is_final: bool = False
    loss_wei: int = 0


@dataclass(slots=True)
class StakeManager(Stakes):
    """The whole contract.

    Attributes:
        has_params: whether the deployment has ProtocolParams: daily limit and breaker.
        has_vault: whether verdicts take unvested rewards, too.
        trips: how often the breaker was tripped.
        burned_wei: by slashes, so far.
        to_market_wei: sent there for clients, finders and judges, so far.
    """

    has_params: bool = False
    has_vault: bool = False
    held: dict[bytes, HeldSlash] = field(default_factory=dict)
    held_wei: int = 0
    insurance_wei: int = 0
    booked_wei: int = 0
    booked_day: int = 0
    trips: int = 0
    burned_wei: int = 0
    to_market_wei: int = 0

    @property
    def balance_wei(self) -> int:
        """What the contract must hold: invariant 3."""
        return self.stakes_wei + self.held_wei + self.insurance_wei

    # --- slashes at once ---

    def slash_timeout(
        self, provider: str, lock_wei: int, price_wei: int, now_s: int, *, full: bool
    ) -> SlashSplit:
        """Close the lock of a job whose provider missed a deadline; return the split."""
        delegated_wei = 0
        if full:
            delegated_wei = self._slash_pool(provider, self.rates.stake_bps, now_s)
        account = self.account(provider)
        after, taken_wei = slash_timeout(account.stake, lock_wei, full=full, rates=self.rates)
        self._take(provider, after, now_s)
        return self._share(split_timeout(taken_wei + delegated_wei, price_wei, self.rates))

    def slash_lock(self, owner: str, lock_wei: int, taken_wei: int, now_s: int) -> SlashSplit:
        """Free a lock and take a part of it; return the split."""
        if taken_wei > lock_wei:
            raise TwinRevert("StakeManager__AmountTooLarge", taken_wei, lock_wei)
        self._take(owner, take_locked(self.account(owner).stake, lock_wei, taken_wei), now_s)
        return self._share(split_penalty(taken_wei, self.rates))

    def slash_free(self, owner: str, amount_wei: int, now_s: int) -> int:
        """Take up to an amount of stake that nothing locks; return what was taken."""
        after, taken_wei = take_free(self.account(owner).stake, amount_wei)
        self._take(owner, after, now_s)
        self._share(split_penalty(taken_wei, self.rates))
        return taken_wei

    # --- slashes by verdict ---

    def book_slash(self, verdict: Verdict, now_s: int) -> HeldSlash:
        """Take the slash of a verdict out of the stakes and hold it."""
        if verdict.slash_id in self.held:
            raise TwinRevert("StakeManager__SlashExists", verdict.slash_id)
        rates, provider, staked_wei = self.rates, verdict.provider, self.total_wei
        pool_bps = rates.pool_bps(is_forgery=verdict.is_forgery)
        delegated_wei = self._slash_pool(provider, pool_bps, now_s)
        after, own_wei = slash_verdict(
            self.account(provider).stake,
            verdict.lock_wei,
            verdict.bond_wei,
            is_forgery=verdict.is_forgery,
            is_late=verdict.is_late,
            rates=rates,
        )
        self._take(provider, after, now_s)
        amount_wei = own_wei + delegated_wei
        ready_at_s = now_s + self._hold_s(amount_wei, staked_wei, now_s)
        vest_bps = BPS if verdict.is_forgery else rates.vest_bps
        slash = HeldSlash(
            verdict,
            amount_wei,
            delegated_wei,
            ready_at_s,
            vest_bps if self.has_vault else 0,
            verdict.is_late,
        )
        self.held[verdict.slash_id] = slash
        self.held_wei += amount_wei
        self.account(provider).pending += 1
        return slash

    def reduce_slash(self, slash_id: bytes, amount_wei: int, now_s: int) -> tuple[int, int]:
        """Lower a held slash; return what went back to own stake, and to the pool."""
        slash = self._held(slash_id, now_s)
        booked_wei, provider = slash.amount_wei, slash.verdict.provider
        if amount_wei >= booked_wei:
            raise TwinRevert("StakeManager__NotLower", slash_id, booked_wei, amount_wei)
        off_wei = booked_wei - amount_wei
        from_pool_wei = off_wei * slash.delegated_wei // booked_wei
        slash.amount_wei = amount_wei
        slash.vest_bps = slash.vest_bps * amount_wei // booked_wei
        slash.delegated_wei -= from_pool_wei
        slash.is_late = slash.is_late and amount_wei > 0
        self.held_wei -= off_wei
        to_pool_wei = 0
        if from_pool_wei:
            to_pool_wei = self.pool(provider).give_back(from_pool_wei, now_s // EPOCH_S)
            self.total_wei += to_pool_wei
        self._give_back(provider, off_wei - to_pool_wei, now_s)
        return off_wei - to_pool_wei, to_pool_wei

    def finalize_slash(self, slash_id: bytes, now_s: int, vested_wei: int | None = 0) -> SlashSplit:
        """Split a held slash.

        Args:
            slash_id: of the court.
            now_s: the chain's time.
            vested_wei: what the vault gives if it is asked; None: it refuses.
        """
        slash = self._held(slash_id, now_s)
        if now_s < slash.ready_at_s:
            raise TwinRevert("StakeManager__SlashNotReady", slash_id, slash.ready_at_s, now_s)
        slash.is_final = True
        self.held_wei -= slash.amount_wei
        taken_wei = slash.amount_wei
        if slash.vest_bps == 0 or vested_wei is not None:
            taken_wei += (vested_wei or 0) if slash.vest_bps else 0
            self._vesting_taken(slash)
        price_wei, has_finder = slash.verdict.price_wei, int(slash.verdict.finder, 16) != 0
        split = split_verdict(taken_wei, price_wei, has_finder=has_finder, rates=self.rates)
        if slash.is_late:
            slash.loss_wei = price_wei - split.to_client_wei
        return self._share(split)

    def slash_vesting(self, slash_id: bytes, vested_wei: int) -> SlashSplit:
        """Take a vault's part later; return the split."""
        slash = self.held.get(slash_id)
        if slash is None or not slash.is_final or slash.vest_bps == 0:
            raise TwinRevert("StakeManager__NothingToSlash", slash_id)
        self._vesting_taken(slash)
        return self._share(split_penalty(vested_wei, self.rates))

    def collect_insurance(self) -> int:
        """Pay the insurance its share; return it."""
        amount_wei = self.insurance_wei
        if amount_wei == 0:
            raise TwinRevert("StakeManager__ZeroAmount")
        self.insurance_wei = 0
        return amount_wei

    def loss_of(self, slash_id: bytes) -> int:
        """Return what a client lost by a job that was proven wrong late, wei."""
        slash = self.held.get(slash_id)
        return slash.loss_wei if slash and slash.is_final and slash.is_late else 0

    # --- small parts ---

    def _take(self, provider: str, after: Stake, now_s: int) -> None:
        self._keep(self.account(provider), now_s)
        self._set(provider, after)

    def _give_back(self, provider: str, amount_wei: int, now_s: int) -> None:
        account = self.account(provider)
        self._keep(account, now_s)
        if account.stake.own_wei == 0:
            account.since_s = now_s
        self._set(provider, more(account.stake, amount_wei))

    def _slash_pool(self, provider: str, bps: int, now_s: int) -> int:
        from_pool_wei, from_leaving_wei = self.pool(provider).slash(bps, now_s // EPOCH_S)
        self.total_wei -= from_pool_wei
        return from_pool_wei + from_leaving_wei

    def _hold_s(self, taken_wei: int, staked_wei: int, now_s: int) -> int:
        if not self.has_params:
            return _HOLD_S
        day = now_s // DAY_S
        self.booked_wei = taken_wei + (self.booked_wei if self.booked_day == day else 0)
        self.booked_day = day
        booked = self.booked_wei * BPS
        self.trips += booked > staked_wei * default_of("breakerSlashBps")
        return _LONG_HOLD_S if booked > staked_wei * self.rates.daily_bps else _HOLD_S

    def _held(self, slash_id: bytes, now_s: int) -> HeldSlash:
        slash = self.held.get(slash_id)
        if slash is None or slash.is_final:
            ready_at_s = slash.ready_at_s if slash else 0
            raise TwinRevert("StakeManager__SlashNotReady", slash_id, ready_at_s, now_s)
        return slash

    def _vesting_taken(self, slash: HeldSlash) -> None:
        slash.vest_bps = 0
        self.account(slash.verdict.provider).pending -= 1

    def _share(self, split: SlashSplit) -> SlashSplit:
        self.burned_wei += split.burned_wei
        self.insurance_wei += split.to_insurance_wei
        self.to_market_wei += split.to_client_wei + split.to_finder_wei + split.to_judges_wei
        return split
