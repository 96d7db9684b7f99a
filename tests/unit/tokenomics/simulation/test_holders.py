"""Large holders: cliffs, spending limits, what a quorum costs, and an attack."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.tokenomics.simulation.conftest import Played

from neurovoyance.tokenomics.simulation import holders, risk
from neurovoyance.tokenomics.simulation.scenarios import START_DAY


def test_nothing_is_released_before_the_cliff(played: Played) -> None:
    e = played(5)
    e.day = holders.CLIFF_DAYS - 1
    holders._release(e)
    assert e.grants.tolist() == [150e6] * 3
    e.day = holders.CLIFF_DAYS
    holders._release(e)
    assert e.grants == pytest.approx(150e6 * (1 - 365 / 1461))


def test_the_treasury_spends_within_its_limit(played: Played) -> None:
    e = played(5)
    before = e.treasury.copy()
    holders.end_epoch(e)
    drip = 40e6 / 104
    assert before + drip - e.treasury == pytest.approx((before + drip) * 0.01 * 7 / 30)


def test_a_quorum_costs_more_where_more_is_staked(played: Played) -> None:
    e = played(30)
    cheap = holders.quorum_cost(e)
    e.delegated += 1e9
    assert np.all(holders.quorum_cost(e) > cheap)


def test_a_sale_presses_its_own_price(played: Played) -> None:
    e = played(3)
    small, large = (holders.sale_value(e, np.full(3, size)) for size in (1.0, 10e6))
    assert small == pytest.approx(e.price, rel=1e-6)
    assert np.all(large < 10e6 * e.price)


def test_a_rich_attacker_takes_the_limits_and_a_poor_one_nothing(played: Played) -> None:
    days, start = 80, START_DAY - 1
    rich = played(days, scenario="attack", start=start, attack_budget_usd=1e8)
    poor = played(days, scenario="attack", start=start, attack_budget_usd=1e3)
    assert np.all(rich.attack.weeks_in_control > 0)
    assert np.all(rich.attack.taken_usd > 0.0)
    assert np.all(poor.attack.weeks_in_control == 0)
    assert float(rich.ledger_error().max()) < 1e-12


def test_a_constitutional_grant_waits_for_its_timelock(played: Played) -> None:
    wait = holders.BUY_DAYS + 13 + 28
    soon, late = (
        played(days, scenario="attack", start=START_DAY - 1, attack_budget_usd=1e8)
        for days in (wait - 2, wait + 10)
    )
    assert np.all(soon.attack.weeks_in_control > 0)
    assert np.all(soon.attack.taken_insurance == 0.0)
    assert np.all(late.attack.taken_insurance > 0.0)


def test_a_standard_grant_needs_no_such_wait_and_outlives_the_attack(played: Played) -> None:
    e = played(
        80, policy="standard-grants", scenario="attack", start=START_DAY - 1, attack_budget_usd=1e8
    )
    before = e.attack.taken_insurance.copy()
    assert np.all(before > 0.0)
    e.attack.has_lost[:] = 1.0
    holders.end_epoch(e)
    assert np.all(e.attack.taken_insurance > before)


@pytest.mark.parametrize(("policy", "share"), [("ours", 0.01), ("fast-grants", 0.2)])
def test_a_grant_limit_holds_whatever_was_voted(played: Played, policy: str, share: float) -> None:
    e = played(110, policy=policy, scenario="attack", start=START_DAY - 1, attack_budget_usd=1e8)
    taken, held = e.attack.taken_insurance.copy(), e.insurance.copy()
    e.books.claims_queue[:] = 0.0
    risk.end_epoch(e)
    holders.end_epoch(e)
    assert e.attack.taken_insurance - taken == pytest.approx(share * held)


def test_a_constitutional_vote_costs_more(played: Played) -> None:
    e = played(30)
    assert np.all(holders.grant_cost(e) > holders.quorum_cost(e))
