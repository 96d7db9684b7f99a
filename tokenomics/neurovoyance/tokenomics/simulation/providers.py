"""Providers: bills first, then what to sell, whether to stay, and who joins.

Place: after clients and after the epoch's payouts. Data flow: ``inbox`` (tokens that became liquid
today) pays ``bills`` in USD; what is left is sold or kept; smoothed profit drives entry and exit.
Never: a provider that pays bills with tokens it cannot sell yet; that is the point of the vesting
question.
"""

from __future__ import annotations

import numpy as np

from neurovoyance.tokenomics.simulation import mechanics
from neurovoyance.tokenomics.simulation.assumptions import CHEAT, COHORTS, HONEST, MERCENARY, WASH
from neurovoyance.tokenomics.simulation.clients import hour_cost, progress
from neurovoyance.tokenomics.simulation.kinds import Array
from neurovoyance.tokenomics.simulation.scenarios import START_DAY
from neurovoyance.tokenomics.simulation.state import Economy

_FIXED = np.array([one.fixed_usd_day for one in COHORTS])[:, None]
_CASH = np.array([one.cash for one in COHORTS])[:, None]
_IS_HONEST = np.array([one.role == "honest" for one in COHORTS])[:, None]
_MEAN_DAYS = 30.0
MERCENARY_DAYS = 365
_FEW = 1.0


def bills(e: Economy) -> Array:
    """Return what a GPU owes a day whether it works or not, USD (G, S)."""
    level = np.exp(0.15 * e.draws.costs) * progress(e) * e.paths.costs[e.day]
    owed: Array = _FIXED * level
    return owed


def run_day(e: Economy) -> None:
    """Pay, sell, join and leave."""
    fixed = bills(e)
    need = required_stake(e)
    short = _pay_bills(e, fixed * e.gpus + _work_cost(e))
    _remember_profit(e, fixed, need)
    _come_and_go(e, short, fixed)
    e.inbox[:] = 0.0
    e.accrued[:] = 0.0


def _work_cost(e: Economy) -> Array:
    """Return the power bill of today's work, USD (G, S)."""
    return e.worked * hour_cost(e)


def _pay_bills(e: Economy, owed: Array) -> Array:
    """Sell tokens for the bills, part of the rest, and use savings; return the share unpaid."""
    worth = e.price * np.exp(e.impact)
    need = owed / worth
    sold = np.minimum(e.inbox, need)
    rest = e.inbox - sold
    sells = np.where(_IS_HONEST, e.world.surplus_sold, 1.0)
    sold += rest * sells
    e.hoard += rest * (1.0 - sells)
    gap = np.maximum(need - sold, 0.0)
    dip = np.minimum(e.hoard, gap)
    e.hoard -= dip
    sold += dip
    e.hoard *= 1.0 - 1.0 / 365.0
    kept = np.maximum(e.gpus, 1e-9)
    e.cash += (sold * worth - owed) / kept
    short = mechanics.clamp(-e.cash * kept / np.maximum(owed, 1e-9), 0.0, 1.0)
    ceiling = e.world.cash_days * _CASH * (owed / kept) + 5.0
    np.clip(e.cash, 0.0, ceiling, out=e.cash)
    sold[WASH] = 0.0
    e.flows.sold += sold.sum(axis=0)
    return short


def _remember_profit(e: Economy, fixed: Array, need: Array) -> None:
    kept = np.maximum(e.gpus, 1e-9)
    locked = need * (e.price * (0.10 / 365.0))
    today = (e.accrued - locked) / kept - fixed
    e.profit += (mechanics.clamp(today, -20.0, 200.0) - e.profit) / _MEAN_DAYS


def required_stake(e: Economy) -> Array:
    """Return the own stake that providers need to work, NVY (G, S)."""
    people = e.gpus / e.world.gpus_per_provider
    fees = e.books.cohort_fees / max(e.day % 7 + 1, 1)
    locks = fees * e.world.lock_multiple * e.world.lock_days
    return np.maximum(people * e.policy.min_stake, locks)


def _come_and_go(e: Economy, short: Array, fixed: Array) -> None:
    """Let people join for profit and leave for loss, unpaid bills, or reasons of their own."""
    rows = slice(0, MERCENARY)
    hurdle = e.world.hurdle_usd_day * progress(e)
    profit = e.profit[rows]
    drive = np.tanh(np.where(profit > hurdle, profit - hurdle, np.minimum(profit, 0.0)) / hurdle)
    ease = e.world.entry_speed_day * np.exp(0.3 * e.draws.retail)
    joins, leaves = np.zeros_like(e.gpus), np.zeros_like(e.gpus)
    joins[rows] = ease * np.maximum(drive, 0.0) * (e.gpus[rows] + _FEW)
    rate = e.world.churn_year / 365.0 + 0.01 * np.maximum(-drive, 0.0)
    rate += e.world.distress_exit_day * short[rows]
    leaves[rows] = rate * e.gpus[rows]
    _hard_cases(e, joins, leaves)
    after = np.maximum(e.gpus + joins, 1e-9)
    fresh = e.world.cash_days * _CASH * fixed
    e.cash = (e.cash * e.gpus + fresh * joins) / after
    e.wanted[:-1] += 0.5 * (leaves / np.maximum(e.gpus, 1e-9)) * short * e.vault.held[:-1]
    e.gpus += joins - leaves


def _hard_cases(e: Economy, joins: Array, leaves: Array) -> None:
    """Move the mercenaries by scenario or by profit, and keep rings and cheats at their share."""
    others: Array = e.gpus[list(HONEST)].sum(axis=0)
    start = START_DAY - 365 if e.scenario.mercenary else 1 << 30
    if start <= e.day < start + MERCENARY_DAYS:
        goal = e.scenario.mercenary * others
        joins[MERCENARY] = np.maximum(goal - e.gpus[MERCENARY], 0.0) / 30.0
    elif e.day >= start + MERCENARY_DAYS:
        leaves[MERCENARY] = e.gpus[MERCENARY] / 5.0
        e.wanted[MERCENARY] = e.vault.held[MERCENARY]
    else:
        greed = np.tanh(e.profit[MERCENARY] / e.world.hurdle_usd_day - 2.0)
        joins[MERCENARY] = 0.03 * np.maximum(greed, 0.0) * (e.gpus[MERCENARY] + _FEW)
        leaves[MERCENARY] = 0.05 * np.maximum(-greed, 0.0) * e.gpus[MERCENARY]
    for row, share in ((WASH, 0.01), (CHEAT, e.world.cheat_share)):
        gap = share * others - e.gpus[row]
        joins[row] = np.maximum(gap, 0.0) / 30.0
        leaves[row] = np.maximum(-gap, 0.0) / 30.0
