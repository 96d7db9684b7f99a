"""Team, backers, treasury, whale and governance attacker: the large holders.

Place: daily; the treasury and the attack move once a week. Data flow: releases and purchases go
between the buckets and into the day's flows.
Never: a treasury that spends above its Standard limit.
"""

from __future__ import annotations

import numpy as np

from neurovoyance.tokenomics.simulation import mechanics
from neurovoyance.tokenomics.simulation.kinds import Array
from neurovoyance.tokenomics.simulation.scenarios import START_DAY
from neurovoyance.tokenomics.simulation.state import BOOTSTRAP, GRANTS, Economy

CLIFF_DAYS, GRANT_DAYS = 365, 1461
SALE_DAYS = 90.0
BUY_DAYS = 60
WHALE_DAYS = 30
_BOOTSTRAP_WEEKS = 104


def run_day(e: Economy) -> None:
    """Release grants, sell what is for sale, buy votes."""
    _release(e)
    sale = e.grants_for_sale / SALE_DAYS
    e.grants_for_sale -= sale
    e.flows.sold += sale
    if e.scenario.whale and START_DAY <= e.day < START_DAY + WHALE_DAYS:
        e.flows.sold += e.scenario.whale * e.circulating / WHALE_DAYS
    if e.scenario.attack:
        _buy_votes(e)


def _release(e: Economy) -> None:
    """Release team and backer tokens: cliff of a year, linear over four."""
    vested = min(e.day / GRANT_DAYS, 1.0) if e.day >= CLIFF_DAYS else 0.0
    released = np.maximum(e.grants - GRANTS * (1.0 - vested), 0.0)
    e.grants -= released
    e.floating += released
    e.grants_for_sale += e.world.team_sells * released


def end_epoch(e: Economy) -> None:
    """Fill the treasury from the bootstrap, spend, and let an attacker act."""
    drip = np.minimum(BOOTSTRAP / _BOOTSTRAP_WEEKS, e.bootstrap)
    e.bootstrap -= drip
    e.treasury += drip
    share = min(e.world.treasury_spend_month, e.policy.treasury_limit_month) * 7.0 / 30.0
    spent = e.treasury * share
    e.treasury -= spent
    e.floating += spent
    e.flows.sold += 0.5 * spent
    if e.scenario.attack and e.day >= START_DAY + BUY_DAYS + e.policy.vote_days:
        _attack(e)


def _buy_votes(e: Economy) -> None:
    """Spend a sixtieth of the budget a day, at most a twentieth of the float."""
    if not START_DAY <= e.day < START_DAY + BUY_DAYS:
        return
    pays = e.attack.budget / BUY_DAYS
    tokens = np.minimum(pays / e.price, 0.05 * e.floating)
    e.attack.tokens += tokens
    e.attack.spent += tokens * e.price
    e.floating -= tokens
    e.flows.bought += tokens


def quorum_cost(e: Economy) -> Array:
    """Return the USD for which an outsider could buy a lone quorum at today's price.

    The square-root impact of buying over ``BUY_DAYS`` is included. The bought votes raise the
    quorum themselves: ``x ≥ q·(votes + x)``.
    """
    share = e.policy.quorum
    alone = np.maximum(e.votes * share / (1.0 - share), e.policy.quorum_floor)
    against = e.world.turnout * e.votes
    needed = np.maximum(alone, against)
    volume = np.maximum(e.world.turnover_day * e.floating * BUY_DAYS, 1.0)
    sigma = e.world.volatility_year * np.sqrt(BUY_DAYS / 365.0)
    impact = e.world.impact_factor * sigma * np.sqrt(np.minimum(needed / volume, 4.0))
    cost: Array = needed * e.price * (1.0 + impact)
    return cost


def sale_value(e: Economy, tokens: Array) -> Array:
    """Return what a sale brings that presses the price as it goes, USD."""
    pressure = e.world.flow_multiplier * tokens / np.maximum(e.floating, 5e6)
    kept = -np.expm1(-pressure) / np.maximum(pressure, 1e-12)
    value: Array = tokens * e.price * np.where(pressure > 1e-9, kept, 1.0)
    return value


def _attack(e: Economy) -> None:
    """Vote once a week; take what the limits give while nobody wakes up."""
    a = e.attack
    since = e.day - (START_DAY + BUY_DAYS + e.policy.vote_days)
    honest = e.votes - a.tokens
    turnout = np.where(since > a.rouse_day, e.world.turnout_roused, e.world.turnout)
    wins = (a.tokens >= mechanics.quorum_votes(e.votes, e.policy)) & (a.tokens > turnout * honest)
    wins &= a.has_lost < 1.0
    a.has_lost = np.where(~wins & (since > a.rouse_day), 1.0, a.has_lost)
    a.weeks_in_control += wins
    from_fund = np.where(wins, e.books.insurance_room, 0.0)
    from_treasury = np.where(wins, e.policy.treasury_limit_month * 7.0 / 30.0 * e.treasury, 0.0)
    e.insurance -= from_fund
    e.treasury -= from_treasury
    e.floating += from_fund + from_treasury
    e.flows.sold += from_fund + from_treasury
    a.taken_insurance += from_fund
    a.taken_usd += sale_value(e, from_fund + from_treasury)
    leaves = np.where(a.has_lost > 0.0, a.tokens, 0.0)
    a.tokens -= leaves
    a.taken_usd += sale_value(e, leaves)
    e.unbonding[-1] += leaves
