"""Exact twin of the slash arithmetic of ``StakeManager``.

Notation: ``own`` counts and backs locks, ``locked`` is the part tied to live jobs, audits and
bonds, ``unbonding`` is on its way out and still slashable; all in wei. Every division rounds down,
in favour of the provider; the dust of the split goes to insurance.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurovoyance.protocol.units import bps_down
from neurovoyance.tokenomics.params import default_of

FINDER_PRICES = 5
"""Most that the finder of a wrong result gets, as a multiple of the price."""


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
    other locks leave them. Mirrors ``SlashBook._takeFull``.
    """
    extra_wei = equal_wei + bps_down(stake.own_wei + stake.unbonding_wei, bps)
    after, free_wei = take_free(take_locked(stake, locked_wei, locked_wei), extra_wei)
    return after, locked_wei + free_wei


def slash_timeout(stake: Stake, lock_wei: int, *, full: bool) -> tuple[Stake, int]:
    """Return the stake after a missed deadline, its lock closed, and the wei taken.

    Not full: ``noShowBps`` of the lock. Full: the whole lock and ``stakeSlashBps`` of own and
    unbonding stake. Mirrors ``SlashBook.slashTimeout``.
    """
    if full:
        return take_full(stake, lock_wei, 0, default_of("stakeSlashBps"))
    taken_wei = bps_down(lock_wei, default_of("noShowBps"))
    return take_locked(stake, lock_wei, taken_wei), taken_wei


def slash_verdict(
    stake: Stake, lock_wei: int, bond_wei: int, *, is_forgery: bool, is_late: bool
) -> tuple[Stake, int]:
    """Return the stake after a verdict, and the wei that are held.

    A job that was settled has no lock any more; an equal sum comes out of free stake. Mirrors
    ``SlashBook.bookSlash``.
    """
    bps = default_of("forgerySlashBps" if is_forgery else "stakeSlashBps")
    if is_late:
        return take_full(stake, bond_wei, lock_wei, bps)
    return take_full(stake, lock_wei + bond_wei, 0, bps)


def split_timeout(taken_wei: int, price_wei: int) -> SlashSplit:
    """Return the split of a time-out's slash.

    Nobody found or judged it, so the finder's and the referees' shares, the dust, and what the
    client's cap (the price) leaves over are the insurance's.
    """
    burned_wei = bps_down(taken_wei, default_of("slashBurnBps"))
    to_client_wei = min(bps_down(taken_wei, default_of("slashClientBps")), price_wei)
    return SlashSplit(burned_wei, to_client_wei, taken_wei - burned_wei - to_client_wei)


def split_penalty(taken_wei: int) -> SlashSplit:
    """Return the split of a penalty without a client's part: auditors, referees, bonds."""
    burned_wei = bps_down(taken_wei, default_of("slashBurnBps"))
    return SlashSplit(burned_wei, 0, taken_wei - burned_wei)


def split_verdict(taken_wei: int, price_wei: int, *, has_finder: bool) -> SlashSplit:
    """Return the split of a held slash; mirrors ``SlashBook.finalizeSlash``."""
    burned_wei = bps_down(taken_wei, default_of("slashBurnBps"))
    to_client_wei = min(bps_down(taken_wei, default_of("slashClientBps")), price_wei)
    most_wei = FINDER_PRICES * price_wei
    to_finder_wei = min(bps_down(taken_wei, default_of("slashFinderBps")), most_wei)
    to_finder_wei = to_finder_wei if has_finder else 0
    to_judges_wei = bps_down(taken_wei, default_of("slashRefereeBps"))
    rest_wei = taken_wei - burned_wei - to_client_wei - to_finder_wei - to_judges_wei
    return SlashSplit(burned_wei, to_client_wei, rest_wei, to_finder_wei, to_judges_wei)
