"""Stakers: what providers must lock, what the yield draws in, and what unbonds.

Place: daily, after the providers. Data flow: providers' need and the yield make a wanted stake; a
part of the gap closes every day, upwards from the float, downwards through ``unbonding``.
Never: stake that leaves faster than the unbonding time.
"""

from __future__ import annotations

import numpy as np

from neurovoyance.tokenomics.simulation import mechanics
from neurovoyance.tokenomics.simulation.assumptions import HONEST
from neurovoyance.tokenomics.simulation.kinds import Array
from neurovoyance.tokenomics.simulation.providers import required_stake
from neurovoyance.tokenomics.simulation.state import Economy

_PLEDGE = 0.30
_DAILY_FLOAT = 0.03


def wanted_stake(e: Economy) -> Array:
    """Return the stake that the yield draws in, NVY (S,)."""
    if e.policy.emission == "filecoin":  # consensus pledge: a share of the circulating supply
        return _PLEDGE * e.circulating
    pull = e.stake_yield / (e.stake_yield + e.world.stake_yield_half)
    return e.world.stake_share_max * e.circulating * pull


def run_day(e: Economy) -> None:
    """Close part of the gap between wanted and present stake."""
    _withdraw(e)
    need = required_stake(e)
    whole = wanted_stake(e)
    floor: Array = need.sum(axis=0)
    own_goal = np.maximum(floor, whole / (1.0 + e.policy.delegation_multiple))
    goal = need.copy()
    rows = list(HONEST)
    honest = np.maximum(e.gpus[rows].sum(axis=0), 1e-9)
    goal[rows] += (own_goal - floor) * e.gpus[rows] / honest
    change = e.world.stake_speed_day * (goal - e.own)
    rises = np.maximum(change, 0.0)
    room = np.maximum(_DAILY_FLOAT * e.floating, 0.0)
    rises *= np.minimum(1.0, room / np.maximum(rises.sum(axis=0), 1e-9))
    falls = np.maximum(-change, 0.0)
    _age(e, rises, falls)
    e.flows.bought += np.minimum(rises, e.world.stake_speed_day * need).sum(axis=0)
    e.own += rises - falls
    e.floating -= rises.sum(axis=0)
    e.unbonding[-1] += falls.sum(axis=0)
    _delegate(e, np.maximum(whole - e.own.sum(axis=0), 0.0))


def _delegate(e: Economy, goal: Array) -> None:
    """Move delegation towards its goal; beyond the counted multiple it earns nothing."""
    goal = np.minimum(goal, e.policy.delegation_multiple * e.own.sum(axis=0))
    change = e.world.stake_speed_day * (goal - e.delegated)
    rise = np.minimum(np.maximum(change, 0.0), np.maximum(_DAILY_FLOAT * e.floating, 0.0))
    fall = np.maximum(-change, 0.0)
    e.delegated += rise - fall
    e.floating -= rise
    e.unbonding[-1] += fall


def _age(e: Economy, rises: Array, falls: Array) -> None:
    """Dilute loyalty by new stake; unbonding leaves the age of what stays."""
    e.age[:-1] = mechanics.age_after_adding(e.age[:-1], e.own, rises)
    e.age[:-1] *= np.where(falls >= e.own, 0.0, 1.0)
    e.age += 1.0 / 7.0


def _withdraw(e: Economy) -> None:
    """Finish the oldest day of unbonding; half of what comes out is sold."""
    ready = e.unbonding[0].copy()
    e.unbonding[:-1] = e.unbonding[1:]
    e.unbonding[-1] = 0.0
    e.floating += ready
    e.flows.sold += 0.5 * ready


def counted(e: Economy) -> Array:
    """Return ``k_i``, own plus counted delegated stake of each cohort, NVY (G, S)."""
    own: Array = e.own.sum(axis=0)
    each = np.minimum(e.delegated / np.maximum(own, 1e-9), e.policy.delegation_multiple)
    return e.own * (1.0 + each)
