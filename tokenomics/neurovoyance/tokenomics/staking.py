"""Exact twin of the slash arithmetic of ``StakeManager``.

Notation: ``own`` counts and backs locks, ``locked`` is the part tied to live jobs, audits and
bonds, ``unbonding`` is on its way out and still slashable; all in wei. Every division rounds down,
in favour of the provider; the dust of the split goes to insurance. Rates are those that apply when
the slash happens, the defaults unless others are given.

Place: under :mod:`.stake_manager`, the whole twin, and :mod:`.books`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurovoyance.protocol.units import bps_down
from neurovoyance.tokenomics.params import default_of

FINDER_PRICES = 5
"""Most that the finder of a wrong result gets, as a multiple of the price."""


@dataclass(frozen=True, slots=True)
class SlashRates:
    """Rates of slashes and of their split, bps."""

    stake_bps: int = default_of("stakeSlashBps")
    forgery_bps: int = default_of("forgerySlashBps")
    delegated_forgery_bps: int = default_of("delegatedForgeryBps")
    vest_bps: int = default_of("vestSlashBps")
    no_show_bps: int = default_of("noShowBps")
    burn_bps: int = default_of("slashBurnBps")
    finder_bps: int = default_of("slashFinderBps")
    referee_bps: int = default_of("slashRefereeBps")
    client_bps: int = default_of("slashClientBps")
    daily_bps: int = default_of("dailySlashBps")

    @classmethod
    def of(cls, values: Mapping[str, int]) -> SlashRates:
        """Return the rates for parameter values by key; a key that is missing has its default."""

        def value(key: str) -> int:
            return values.get(key, default_of(key))

        return cls(
            stake_bps=value("stakeSlashBps"),
            forgery_bps=value("forgerySlashBps"),
            vest_bps=value("vestSlashBps"),
            no_show_bps=value("noShowBps"),
            burn_bps=value("slashBurnBps"),
            finder_bps=value("slashFinderBps"),
            referee_bps=value("slashRefereeBps"),
            client_bps=value("slashClientBps"),
            daily_bps=value("dailySlashBps"),
        )

    def own_bps(self, *, is_forgery: bool) -> int:
        """What a verdict takes of own and unbonding stake."""
        return self.forgery_bps if is_forgery else self.stake_bps

    def pool_bps(self, *, is_forgery: bool) -> int:
        """What a verdict takes of delegated stake."""
        return self.delegated_forgery_bps if is_forgery else self.stake_bps


RATES = SlashRates()
"""The rates as deployed."""


@dataclass(frozen=True, slots=True)
class Stake:
    """Stake of one provider, wei; mirrors ``IStakeManager.Stake`` without clock and seats."""

    own_wei: int = 0
    locked_wei: int = 0
    unbonding_wei: int = 0

    @property
    def free_wei(self) -> int:
        """Own stake that is not tied to anything."""
        return self.own_wei - self.locked_wei


@dataclass(frozen=True, slots=True)
class SlashSplit:
    """Who gets what of a slash, wei; the parts sum to what was taken."""

    burned_wei: int
    to_client_wei: int
    to_insurance_wei: int
    to_finder_wei: int = 0
    to_judges_wei: int = 0


def take_locked(stake: Stake, lock_wei: int, taken_wei: int) -> Stake:
    """Return the stake after a lock was freed and ``taken_wei``, at most as much, taken of it."""
    return Stake(stake.own_wei - taken_wei, stake.locked_wei - lock_wei, stake.unbonding_wei)


def take_free(stake: Stake, amount_wei: int) -> tuple[Stake, int]:
    """Return the stake after up to ``amount_wei`` was taken, and the wei taken.

    Out of unbonding first, then out of own stake that nothing locks; never out of locks.
    """
    from_unbonding_wei = min(amount_wei, stake.unbonding_wei)
    from_own_wei = min(amount_wei - from_unbonding_wei, stake.free_wei)
    after = Stake(
        stake.own_wei - from_own_wei, stake.locked_wei, stake.unbonding_wei - from_unbonding_wei
    )
    return after, from_unbonding_wei + from_own_wei


def take_full(stake: Stake, locked_wei: int, equal_wei: int, bps: int) -> tuple[Stake, int]:
    """Return the stake after a full slash, and the wei taken.

    Locks of ``locked_wei`` whole; ``equal_wei`` and ``bps`` of own and unbonding stake as far as
    other locks leave them. Mirrors ``SlashBook._takeOwn``.
    """
    extra_wei = equal_wei + bps_down(stake.own_wei + stake.unbonding_wei, bps)
    after, free_wei = take_free(take_locked(stake, locked_wei, locked_wei), extra_wei)
    return after, locked_wei + free_wei


def slash_timeout(
    stake: Stake, lock_wei: int, *, full: bool, rates: SlashRates = RATES
) -> tuple[Stake, int]:
    """Return the stake after a missed deadline, its lock closed, and the wei taken.

    Not full: ``noShowBps`` of the lock. Full: the whole lock and ``stakeSlashBps`` of own and
    unbonding stake (what delegators lose comes on top). Mirrors ``SlashBook.slashTimeout``.
    """
    if full:
        return take_full(stake, lock_wei, 0, rates.stake_bps)
    taken_wei = bps_down(lock_wei, rates.no_show_bps)
    return take_locked(stake, lock_wei, taken_wei), taken_wei


def slash_verdict(
    stake: Stake,
    lock_wei: int,
    bond_wei: int,
    *,
    is_forgery: bool,
    is_late: bool,
    rates: SlashRates = RATES,
) -> tuple[Stake, int]:
    """Return the stake after a verdict, and the wei that are held of it.

    A job that was settled has no lock any more; an equal sum comes out of free stake. Mirrors
    ``VerdictBook.bookSlash``; what delegators lose comes on top.
    """
    bps = rates.own_bps(is_forgery=is_forgery)
    if is_late:
        return take_full(stake, bond_wei, lock_wei, bps)
    return take_full(stake, lock_wei + bond_wei, 0, bps)


def split_timeout(taken_wei: int, price_wei: int, rates: SlashRates = RATES) -> SlashSplit:
    """Return the split of a time-out's slash.

    Nobody found or judged it, so the finder's and the referees' shares, the dust, and what the
    client's cap (the price) leaves over are the insurance's.
    """
    burned_wei = bps_down(taken_wei, rates.burn_bps)
    to_client_wei = min(bps_down(taken_wei, rates.client_bps), price_wei)
    return SlashSplit(burned_wei, to_client_wei, taken_wei - burned_wei - to_client_wei)


def split_penalty(taken_wei: int, rates: SlashRates = RATES) -> SlashSplit:
    """Return the split of a penalty without a client's part: auditors, referees, bonds."""
    burned_wei = bps_down(taken_wei, rates.burn_bps)
    return SlashSplit(burned_wei, 0, taken_wei - burned_wei)


def split_verdict(
    taken_wei: int, price_wei: int, *, has_finder: bool, rates: SlashRates = RATES
) -> SlashSplit:
    """Return the split of a held slash; mirrors ``VerdictBook.finalizeSlash``."""
    burned_wei = bps_down(taken_wei, rates.burn_bps)
    to_client_wei = min(bps_down(taken_wei, rates.client_bps), price_wei)
    most_wei = FINDER_PRICES * price_wei
    to_finder_wei = min(bps_down(taken_wei, rates.finder_bps), most_wei)
    to_finder_wei = to_finder_wei if has_finder else 0
    to_judges_wei = bps_down(taken_wei, rates.referee_bps)
    rest_wei = taken_wei - burned_wei - to_client_wei - to_finder_wei - to_judges_wei
    return SlashSplit(burned_wei, to_client_wei, rest_wei, to_finder_wei, to_judges_wei)
