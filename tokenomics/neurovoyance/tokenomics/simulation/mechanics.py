"""The protocol's formulas on floats, many seeds at once; economy.md sections 3 to 9.

Place: called by the engine for every policy and held against exact integers by
``tests/unit/tokenomics/simulation/test_mechanics.py`` within a relative 1e-9. Amounts in NVY,
shares as fractions of 1; every argument broadcasts, seeds last.
Never: behaviour of people; that lives in the agents.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from neurovoyance.tokenomics.simulation.kinds import Array
from neurovoyance.tokenomics.simulation.policies import Policy

LOYALTY_WEEKS = 52.0
_NONE = 1e-300


def clamp(values: Array, low: float | Array, high: float | Array) -> Array:
    """Return values within bounds; a fifth of the time of ``numpy.clip`` on short arrays."""
    made: Array = np.minimum(np.maximum(values, low), high)
    return made


@dataclass(frozen=True, slots=True)
class Slices:
    """Where a fee goes, NVY; the six sum to it."""

    burn: Array
    treasury: Array
    insurance: Array
    audit: Array
    vesting: Array
    liquid: Array


def split_fee(fee: Array, policy: Policy) -> Slices:
    """Return the slices of a fee; section 4."""
    burn, treasury = fee * policy.burn, fee * policy.treasury
    insurance, audit = fee * policy.insurance, fee * policy.audit
    vesting = fee * policy.vest
    return Slices(
        burn,
        treasury,
        insurance,
        audit,
        vesting,
        fee - burn - treasury - insurance - audit - vesting,
    )


@dataclass(frozen=True, slots=True)
class Pools:
    """One epoch's budget ``B``, availability pool ``A`` and work pool ``W``, NVY."""

    budget: Array
    available: Array
    work: Array


def emission_pools(
    reserve: Array, avail: Array, fees: Array, baseline: Array | float, policy: Policy
) -> Pools:
    """Return the pools of an epoch; section 5, first three lines.

    Args:
        reserve: ``R`` in NVY.
        avail: availability share ``a``.
        fees: ``Fsum``, fees final in the epoch, NVY.
        baseline: fees at which the work pool is full, NVY.
        policy: gives ``rho`` and whether usage counts.
    """
    budget = reserve * policy.rho
    available = budget * avail
    used = np.minimum(fees, baseline) / baseline if policy.usage else np.ones_like(fees)
    return Pools(budget, available, (budget - available) * used)


def work_payouts(pool: Array, fees: Array, loyalty: Array, cap: float) -> Array:
    """Return the work emission of each cohort; ``work_i`` of section 5.

    Args:
        pool: ``W``, shape (S,).
        fees: ``f_i`` paid by clients, shape (G, S).
        loyalty: ``L_i`` as a multiple of 1, shape (G, S).
        cap: ``sink * washCap``, the share of ``f_i`` beyond which nothing is paid.
    """
    weight = fees * loyalty
    share: Array = pool * weight / np.maximum(weight.sum(axis=0), _NONE)
    return np.minimum(share, fees * cap) if np.isfinite(cap) else share


def available_payouts(pool: Array, stake: Array, score: Array, loyalty: Array) -> Array:
    """Return the availability emission of each cohort; ``avail_i`` of section 5, shape (G, S)."""
    weight = stake * score * loyalty
    paid: Array = pool * weight / np.maximum(weight.sum(axis=0), _NONE)
    return paid


def next_avail(avail: Array, stake: Array, circulating: Array, policy: Policy) -> Array:
    """Return the availability share of the next epoch; the controller of section 5."""
    ratio = stake / np.maximum(circulating, _NONE)
    up = ratio < policy.stake_target - policy.stake_band
    down = ratio > policy.stake_target + policy.stake_band
    moved = avail + policy.avail_step * (up.astype(np.float64) - down)
    return np.clip(moved, policy.avail_floor, policy.avail_ceil)


def loyalty_of(age_weeks: Array, policy: Policy) -> Array:
    """Return ``L`` as a multiple of 1."""
    return 1.0 + policy.loyalty * np.minimum(age_weeks, LOYALTY_WEEKS) / LOYALTY_WEEKS


def age_after_adding(age_weeks: Array, stake: Array, added: Array) -> Array:
    """Return the age after staking more; dilution of section 5."""
    return age_weeks * stake / np.maximum(stake + added, _NONE)


def audit_probability(gain: Array | float, lock: Array | float, policy: Policy) -> Array:
    """Return ``pEcon`` for a risk and a lock, both in units of the price; section 3.

    A value above 1 means that the contract refuses the job.
    """
    risk, held = np.asarray(gain, np.float64), np.asarray(lock, np.float64)
    return np.maximum(policy.audit_min, risk / ((held + risk) * policy.detect))


@lru_cache(maxsize=64)
def job_odds(lock: float, policy: Policy) -> float:
    """Return :func:`audit_probability` of a job that declares no gain but its price.

    It is the same number every day, so it is worked out once a run.
    """
    return float(audit_probability(1.0, lock, policy))


@dataclass(frozen=True, slots=True)
class Shares:
    """Where a slash goes, NVY; the five sum to it."""

    burn: Array
    finder: Array
    referees: Array
    client: Array
    insurance: Array


def split_slash(slash: Array, price: Array, policy: Policy) -> Shares:
    """Return the shares of a slash of a job of that price; section 7.

    The finder gets at most 5 prices, the client at most 1; what overflows is insurance.
    """
    burn = slash * policy.slash_burn
    finder = np.minimum(slash * policy.slash_finder, 5.0 * price)
    referees = slash * policy.slash_referee
    client = np.minimum(slash * policy.slash_client, price)
    return Shares(burn, finder, referees, client, slash - burn - finder - referees - client)


def exit_penalty(amount: Array, rate: Array, week_weight: Array, policy: Policy) -> Array:
    """Return the penalty of an early exit; section 6.

    Args:
        amount: NVY taken out early.
        rate: units maturing next week.
        week_weight: units times weeks left, same units as ``rate``.
        policy: gives ``p0``, ``p1``.
    """
    full = 26.0 * np.maximum(rate, _NONE)
    return amount * (policy.p0 + policy.p1 * np.minimum(week_weight / full, 1.0))


def window_cap(total_held: Array, policy: Policy) -> Array:
    """Return what may leave early in an epoch, NVY; section 6's limiter."""
    return np.maximum(10_000.0, total_held * policy.exit_cap)


def exit_allowance(
    cap: Array, used: Array, held: Array, total_held: Array, accounts: Array
) -> Array:
    """Return what leavers may take out in an epoch between them, NVY.

    Args:
        cap: :func:`window_cap` of the epoch.
        used: taken out in the epoch already.
        held: held by the leavers.
        total_held: held by all.
        accounts: number of leavers.
    """
    times = np.where(used < cap / 2.0, 10.0, 2.0)
    own = times * cap * held / np.maximum(total_held, _NONE)
    return np.minimum(np.maximum(1_000.0 * accounts, own), np.maximum(cap - used, 0.0))


def quorum_votes(votes: Array, policy: Policy) -> Array:
    """Return For + Abstain needed by the Standard governor; section 9."""
    return np.maximum(votes * policy.quorum, policy.quorum_floor)


def wash_profit(pool_share: Array | float, policy: Policy) -> Array:
    """Return what a ring gains per NVY that it pays itself, before audit premiums.

    Args:
        pool_share: work emission per NVY of fees before the cap (``W·L / sum``).
        policy: gives sinks and cap; the audit slice is taken as won back.
    """
    work = np.asarray(pool_share, np.float64)
    if np.isfinite(policy.wash_cap):
        work = np.minimum(work, policy.sink * policy.wash_cap)
    return work - policy.sink


def cheat_profit(
    gain: Array | float,
    lock: Array | float,
    probability: Array | float,
    detect: Array | float,
    beside: Array | float = 0.0,
) -> Array:
    """Return the expected gain of one wrong result, in prices; section 3's promise.

    Args:
        gain: price plus whatever the cheat gains outside.
        lock: stake locked by the job.
        probability: audit probability.
        detect: chance that an audit ends in a verdict of guilt.
        beside: own stake and unvested tokens lost beside the lock.
    """  # fmt: skip
    caught = np.minimum(probability, 1.0) * detect
    return np.asarray((1.0 - caught) * gain - caught * (np.asarray(lock) + beside), np.float64)
