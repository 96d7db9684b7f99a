"""The float formulas agree with the exact twins within a relative 1e-9."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurovoyance.tokenomics import audits, emission, fees
from neurovoyance.tokenomics.params import default_of
from neurovoyance.tokenomics.simulation import mechanics
from neurovoyance.tokenomics.simulation.policies import ours

WEI = 10**18
NEAR = 1e-9
POLICY = ours()
amounts = st.integers(min_value=WEI, max_value=10**8 * WEI)
few = settings(max_examples=40, deadline=None)


def near(found: object, exact_wei: int) -> None:
    assert float(np.asarray(found)) == pytest.approx(exact_wei / WEI, rel=NEAR, abs=1e-15)


@few
@given(amounts)
def test_fee_slices(amount_wei: int) -> None:
    rates = fees.Rates(*(default_of(key) for key in (
        "burnBps", "treasuryBps", "insuranceBps", "auditBps", "vestBps")))  # fmt: skip
    exact = fees.split(amount_wei, rates, has_audits=True)
    found = mechanics.split_fee(np.array(amount_wei / WEI), POLICY)
    near(found.burn, exact.burned_wei)
    near(found.treasury, exact.to_treasury_wei)
    near(found.insurance, exact.to_insurance_wei)
    near(found.audit, exact.to_audits_wei)
    near(found.vesting, exact.vested_wei)
    near(found.liquid, exact.liquid_wei)


@few
@given(
    st.lists(st.tuples(amounts, amounts, st.integers(0, 60)), min_size=1, max_size=5),
    st.integers(10**24, 600 * 10**24),
    st.integers(1_000, 3_000),
)
def test_emission(people: list[tuple[int, int, int]], reserve_wei: int, avail_bps: int) -> None:
    twin = emission.Emission(first_epoch=0, reserve_wei=reserve_wei, avail_bps=avail_bps)
    fees_wei = sum(one[0] for one in people)
    params = {key: default_of(key) for key in (
        "rhoWad", "availFloorBps", "availCeilBps", "stakeTargetBps", "stakeBandBps", "washCapBps",
        "baselineGrowthBps", "emissionLiquidBps", "loyaltyBps")}  # fmt: skip
    budget_wei = reserve_wei * params["rhoWad"] // WEI
    avail_wei = budget_wei * avail_bps // 10_000
    work_wei = (budget_wei - avail_wei) * min(fees_wei, twin.baseline_wei) // twin.baseline_wei
    sum_f, sum_k = np.array([o[0] for o in people]) / WEI, np.array([o[1] for o in people]) / WEI
    pools = mechanics.emission_pools(
        np.array([reserve_wei / WEI]), np.array([avail_bps / 1e4]), np.array([fees_wei / WEI]),
        POLICY.baseline, POLICY,
    )  # fmt: skip
    near(pools.available[0], avail_wei)
    near(pools.work[0], work_wei)
    weights = [
        emission.weight_of(
            emission.Standing(own_wei=k, fees_wei=f, age_s=age * 604_800, passed=1, drawn=1),
            params["loyaltyBps"],
        )
        for f, k, age in people
    ]
    epoch = emission.Epoch(
        avail_pool_wei=avail_wei, work_pool_wei=work_wei,
        cap_e8=900 * params["washCapBps"], avail_sum=sum(w.avail for w in weights),
        work_sum=sum(w.work for w in weights),
    )  # fmt: skip
    loyalty = mechanics.loyalty_of(np.array([[float(o[2])] for o in people]), POLICY)
    work = mechanics.work_payouts(
        pools.work, sum_f[:, None], loyalty, POLICY.sink * POLICY.wash_cap
    )
    paid = mechanics.available_payouts(
        pools.available, sum_k[:, None], np.ones((len(people), 1)), loyalty
    )
    for row, weight in enumerate(weights):
        exact = emission.reward_of(epoch, weight, has_delegators=False)
        assert work[row, 0] == pytest.approx(exact.work_wei / WEI, rel=2e-4)  # L in whole bps
        assert paid[row, 0] == pytest.approx(exact.avail_wei / WEI, rel=2e-4)
        if weight.loyalty in (10_000, 15_000) and len(people) == 1:
            near(work[row, 0], exact.work_wei)
            near(paid[row, 0], exact.avail_wei)


@few
@given(st.integers(500, 5_000), amounts, amounts)
def test_controller(avail_bps: int, stake_wei: int, circulating_wei: int) -> None:
    params = {key: default_of(key) for key in (
        "availFloorBps", "availCeilBps", "stakeTargetBps", "stakeBandBps")}  # fmt: skip
    exact = emission.next_avail_bps(avail_bps, stake_wei, circulating_wei, params)
    found = mechanics.next_avail(
        np.array([avail_bps / 1e4]), np.array([stake_wei / WEI]),
        np.array([circulating_wei / WEI]), POLICY,
    )  # fmt: skip
    assert found[0] * 1e4 == pytest.approx(exact, rel=NEAR)


@few
@given(amounts, st.integers(5, 40))
def test_audit_probability(price_wei: int, lock: int) -> None:
    exact = audits.economic_bps(price_wei, lock * price_wei, default_of("auditMinBps"))
    found = float(mechanics.audit_probability(1.0, float(lock), POLICY)) * 1e4
    assert 0.0 <= exact - found < 1.0 + 1e-6  # the contract rounds up to whole bps


def test_a_slash_is_shared_out_whole_and_capped() -> None:
    shares = mechanics.split_slash(np.array(1_000.0), np.array(10.0), POLICY)
    assert shares.burn == pytest.approx(300.0)
    assert shares.finder == pytest.approx(50.0)
    assert shares.client == pytest.approx(10.0)
    whole = shares.burn + shares.finder + shares.referees + shares.client + shares.insurance
    assert whole == pytest.approx(1_000.0)


def test_no_wash_within_the_bounds_pays() -> None:
    shares = np.linspace(0.0, 1.0, 101)
    assert float(mechanics.wash_profit(shares, POLICY).max()) == pytest.approx(-0.009)


def test_no_declared_cheat_pays_and_an_undeclared_one_may() -> None:
    for lock in (5.0, 10.0, 20.0):
        for gain in (1.0, 2.0, 5.0):
            odds = mechanics.audit_probability(gain, lock, POLICY)
            if float(odds) <= 1.0:
                assert float(mechanics.cheat_profit(gain, lock, odds, POLICY.detect)) <= 1e-12
    odds = mechanics.audit_probability(1.0, 20.0, POLICY)
    assert float(mechanics.cheat_profit(3.0, 20.0, odds, POLICY.detect)) > 0.0


def test_loyalty_grows_for_a_year_and_is_diluted_by_new_stake() -> None:
    assert mechanics.loyalty_of(np.array([0.0, 26.0, 52.0, 99.0]), POLICY).tolist() == [
        1.0, 1.25, 1.5, 1.5,
    ]  # fmt: skip
    age = mechanics.age_after_adding(np.array([40.0]), np.array([100.0]), np.array([300.0]))
    assert age[0] == pytest.approx(10.0)


def test_the_quorum_has_a_floor() -> None:
    assert mechanics.quorum_votes(np.array([1e6, 1e9]), POLICY).tolist() == [5e6, 8e7]


def test_bounds_hold_and_odds_of_plain_jobs_are_those_of_the_formula() -> None:
    values = np.array([-2.0, 0.5, 3.0])
    assert mechanics.clamp(values, 0.0, 1.0).tolist() == np.clip(values, 0.0, 1.0).tolist()
    formula = mechanics.audit_probability(1.0, 20.0, POLICY)
    assert mechanics.job_odds(20.0, POLICY) == pytest.approx(float(formula))
