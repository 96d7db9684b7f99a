"""Clients: how many hours they ask for, what they pay, and what a wash ring pays itself.

Place: first agent of a day. Data flow: outside price, unit price and demand make hours; hours make
fees in USD; the token price turns them into NVY; the fee split sends them on.
Never: a client that pays in anything but tokens bought the same day.
"""

from __future__ import annotations

import numpy as np

from neurovoyance.tokenomics.simulation import mechanics
from neurovoyance.tokenomics.simulation.assumptions import CHEAT, COHORTS, WASH
from neurovoyance.tokenomics.simulation.kinds import Array
from neurovoyance.tokenomics.simulation.scenarios import START_DAY
from neurovoyance.tokenomics.simulation.state import Economy

HOURS_UP = 24.0 * 0.9
_POWER = np.array([one.power_usd_kwh for one in COHORTS])[:, None]
_NOISE_DAYS = 90.0


def progress(e: Economy) -> float:
    """Return what hardware of the same work costs today, as a share of the first day."""
    return float(np.exp(-e.world.outside_price_fall * e.day / 365.0))


def outside_price(e: Economy) -> float:
    """Return the price of an hour elsewhere, USD."""
    return float(e.world.unit_price_usd_h * progress(e) * e.paths.outside[e.day])


def hour_cost(e: Economy) -> Array:
    """Return what an hour of work costs in power, USD (G, 1)."""
    cost: Array = _POWER * e.world.power_kw * (e.world.power_usd_kwh / 0.17)
    today: Array = cost * progress(e) * e.paths.costs[e.day]
    return today


def premium(e: Economy) -> float:
    """Return what the audits of a job add to its price, as a share of it."""
    return e.world.audit_pay * mechanics.job_odds(e.world.lock_multiple, e.policy)


def trend(e: Economy) -> Array:
    """Return the fees a day that clients would pay at the outside price, USD (S,)."""
    years = e.day / 365.0
    span = e.world.demand_growth_years
    growth = e.world.demand_growth + e.world.demand_growth_spread * e.draws.growth
    log = growth * span * (1.0 - np.exp(-years / span)) + e.demand_state
    size: Array = e.world.demand_usd_year / 365.0 * np.exp(log) * e.paths.demand[e.day]
    return size


def _move_demand(e: Economy) -> None:
    step = 1.0 / _NOISE_DAYS
    e.demand_state *= 1.0 - step
    e.demand_state += e.world.demand_noise * np.sqrt(2.0 * step) * e.draws.demand[e.day]


def buy_work(e: Economy) -> None:
    """Let clients buy a day of work; fill fees, unit price, load and what providers got."""
    _move_demand(e)
    outside = outside_price(e)
    wants = trend(e) / e.world.unit_price_usd_h
    relative = e.unit_price * (1.0 + premium(e)) / outside
    wants = wants * relative ** (-e.world.elasticity)
    kept = e.policy.liquid + 0.85 * e.policy.vest
    willing = 1.0 / (1.0 + np.exp((hour_cost(e) - e.unit_price * kept) / 0.01))
    offered = e.gpus * HOURS_UP * willing
    offered[WASH] = 0.0
    capacity = offered.sum(axis=0)
    sold = np.minimum(wants, 0.97 * capacity)
    e.load = wants / np.maximum(capacity, 1e-9)
    hours = offered * (sold / np.maximum(capacity, 1e-9))
    e.worked = hours
    fees_usd = _with_cheats(e, hours * e.unit_price)
    _pay(e, fees_usd, hours)
    gap = mechanics.clamp(e.load, 0.0, 2.0) - e.world.target_load
    e.unit_price *= np.exp(e.world.clearing_speed_day * gap)
    e.unit_price = mechanics.clamp(e.unit_price, 0.1 * outside, 1.5 * outside)


def _with_cheats(e: Economy, fees_usd: Array) -> Array:
    """Give cheats their share of the fees, whoever else loses it; a ring pays on top."""
    total = fees_usd.sum(axis=0)
    fees_usd *= 1.0 - e.world.cheat_share
    fees_usd[CHEAT] += e.world.cheat_share * total
    if e.scenario.wash and START_DAY <= e.day < START_DAY + 365:
        fees_usd[WASH] = total * e.scenario.wash / (1.0 - e.scenario.wash)
    return fees_usd


def _pay(e: Economy, fees_usd: Array, hours: Array) -> None:
    """Split the fees and credit everybody."""
    fees = fees_usd / e.price
    total: Array = fees.sum(axis=0)
    slices = mechanics.split_fee(total, e.policy)
    liquid, vesting = fees * e.policy.liquid, fees * e.policy.vest
    if e.policy.burn_mint:
        _burn_and_mint(e, fees_usd)
    e.burned += slices.burn
    e.treasury += slices.treasury
    e.insurance += slices.insurance
    e.books.vest_due[:-1] += vesting
    e.floating -= total - slices.liquid - slices.audit
    e.inbox += liquid
    e.accrued += (liquid + 0.85 * vesting) * e.price - hours * hour_cost(e)
    e.books.cohort_fees += fees
    e.books.fees_epoch += total
    e.books.fees_total += total
    washed = fees[WASH]
    e.flows.fees += total
    e.flows.fees_usd += fees_usd.sum(axis=0) - fees_usd[WASH]
    e.flows.bought += (total - washed) * (1.0 + premium(e))
    e.fees_usd_slow += (fees_usd.sum(axis=0) - fees_usd[WASH] - e.fees_usd_slow) / 90.0
    e.books.wash_profit_usd -= fees_usd[WASH] * e.policy.sink


def _burn_and_mint(e: Economy, fees_usd: Array) -> None:
    """Burn when clients pay, mint when providers are paid about two weeks later."""
    total: Array = fees_usd.sum(axis=0)
    burned, made = total / e.quick_price, total / e.price
    burned = np.minimum(burned, 0.2 * e.floating)
    e.burned += burned
    e.minted += made
    e.floating += made - burned
