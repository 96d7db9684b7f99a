"""Exact twin of the slash arithmetic of ``StakeManager``.

Notation: ``own`` counts and backs locks, ``locked`` is the part tied to live jobs, ``unbonding``
is on its way out and still slashable; all in wei. Every division rounds down, in favour of the
provider; the dust of the split goes to insurance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from neurovoyance.protocol.units import bps_down
from neurovoyance.tokenomics.params import default_of


@dataclass(frozen=True, slots=True)
class Stake:
    """Stake of one provider, wei; mirrors ``IStakeManager.Stake`` without its clock."""

    own_wei: int = 0
    locked_wei: int = 0
    unbonding_wei: int = 0

    @property
    def free_wei(self) -> int:
        """Own stake that is not tied to jobs."""
        return self.own_wei - self.locked_wei


@dataclass(frozen=True, slots=True)
class SlashSplit:
    """Who gets what of a slash, wei; the parts sum to what was taken."""

    burned_wei: int
    to_client_wei: int
    to_insurance_wei: int


def slash_timeout(stake: Stake, lock_wei: int, *, full: bool) -> tuple[Stake, int]:
    """Return the stake after a missed deadline, its lock closed, and the wei taken.

    Not full: ``noShowBps`` of the lock. Full: the whole lock and ``stakeSlashBps`` of own and
    unbonding stake, the second part out of unbonding first, then out of free stake, never out of
    other jobs' locks. Mirrors ``StakeManager._take``.
    """
    locked_wei = stake.locked_wei - lock_wei
    if not full:
        taken_wei = bps_down(lock_wei, default_of("noShowBps"))
        return replace(stake, own_wei=stake.own_wei - taken_wei, locked_wei=locked_wei), taken_wei
    extra_wei = bps_down(stake.own_wei + stake.unbonding_wei, default_of("stakeSlashBps"))
    from_unbonding_wei = min(extra_wei, stake.unbonding_wei)
    own_wei = stake.own_wei - lock_wei
    from_free_wei = min(extra_wei - from_unbonding_wei, own_wei - locked_wei)
    after = Stake(
        own_wei=own_wei - from_free_wei,
        locked_wei=locked_wei,
        unbonding_wei=stake.unbonding_wei - from_unbonding_wei,
    )
    return after, lock_wei + from_unbonding_wei + from_free_wei


def split_timeout(taken_wei: int, price_wei: int) -> SlashSplit:
    """Return the split of a time-out's slash.

    Nobody found or judged it, so the finder's and the referees' shares, the dust, and what the
    client's cap (the price) leaves over are the insurance's.
    """
    burned_wei = bps_down(taken_wei, default_of("slashBurnBps"))
    to_client_wei = min(bps_down(taken_wei, default_of("slashClientBps")), price_wei)
    return SlashSplit(burned_wei, to_client_wei, taken_wei - burned_wei - to_client_wei)
