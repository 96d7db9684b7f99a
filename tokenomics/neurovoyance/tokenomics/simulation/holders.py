"""Team, backers, treasury, whale and governance attacker: the large holders.

Place: daily; the treasury and the attack move once a week. Data flow: releases and purchases go
between the buckets and into the day's flows.
Never: a treasury that spends above its Standard limit.
"""

from __future__ import annotations

import numpy as np

from neurovoyance.tokenomics.simulation import mechanics
from neurovoyance.tokenomics.simulation.kinds import Array, Mask
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
        _vote(e)
        _take(e)


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
    """Return the USD for which an outsider could buy a lone Standard quorum at today's price."""
    return _cost_of(e, e.policy.quorum, e.policy.quorum_floor, 1.0)


def grant_cost(e: Economy) -> Array:
    """Return the USD for which an outsider could buy the votes that open the insurance."""
    if e.policy.grants_by == "standard":
        return quorum_cost(e)
    return _cost_of(e, e.policy.const_quorum, e.policy.const_quorum_floor, _odds(e))


def _odds(e: Economy) -> float:
    """Return how many votes For a Constitutional vote needs for every vote Against."""
    return e.policy.const_majority / (1.0 - e.policy.const_majority)


def _cost_of(e: Economy, quorum: float, floor: float, odds: float) -> Array:
    """Return what votes cost, with the square-root impact of buying over ``BUY_DAYS``, USD.

    The bought votes raise the quorum themselves: ``x ≥ q·(votes + x)``.
    """
    alone = np.maximum(e.votes * quorum / (1.0 - quorum), floor)
    needed = np.maximum(alone, odds * e.world.turnout * e.votes)
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


def _vote(e: Economy) -> None:
    """Hold the attacker's votes of the week; once holders are awake a lost vote ends the attack.

    The treasury needs a new Standard vote every week. Payments of the insurance are passed for
    ``grant_weeks`` ahead and executed one limit a week, whether or not holders wake up meanwhile.
    """
    a, p = e.attack, e.policy
    since = e.day - (START_DAY + BUY_DAYS + p.vote_days)
    is_roused = since > a.rouse_day
    against = np.where(is_roused, e.world.turnout_roused, e.world.turnout) * (e.votes - a.tokens)
    wins = (a.tokens >= mechanics.quorum_votes(e.votes, p)) & (a.tokens > against)
    wins &= a.has_lost < 1.0
    a.has_lost = np.where(~wins & is_roused, 1.0, a.has_lost)
    a.weeks_in_control += wins
    a.treasury_open = wins.astype(np.float64)
    if p.grants_by == "standard":
        _pass_grants(e, wins, 0.0)
    elif e.day >= START_DAY + BUY_DAYS + p.const_vote_days:
        quorum = np.maximum(e.votes * p.const_quorum, p.const_quorum_floor)
        is_slow_won = (a.tokens >= quorum) & (a.tokens > _odds(e) * against) & (a.has_lost < 1.0)
        _pass_grants(e, is_slow_won, p.const_wait_days)


def _pass_grants(e: Economy, wins: Mask, wait: float) -> None:
    """Note from and until when payments out of the insurance that were won may be executed."""
    a, first = e.attack, e.day + wait
    last = first + 7.0 * (e.world.grant_weeks - 1.0)
    a.fund_from = np.where(wins, np.minimum(a.fund_from, first), a.fund_from)
    a.fund_until = np.where(wins, np.maximum(a.fund_until, last), a.fund_until)


def _take(e: Economy) -> None:
    """Take what the limits give, sell it, and leave when the attack is lost."""
    a = e.attack
    is_open = (a.fund_from <= e.day) & (e.day <= a.fund_until)
    from_fund = np.where(is_open, e.books.grant_room, 0.0)
    from_treasury = a.treasury_open * e.policy.treasury_limit_month * 7.0 / 30.0 * e.treasury
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
