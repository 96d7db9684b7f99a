"""Odds and fees of audits by themselves; tests/differential holds them to the compiled code."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.protocol.errors import ContractRevert
from neurovoyance.tokenomics import audits
from neurovoyance.tokenomics.audits import Held, Policy, ShareOut, Terms, terms_of
from neurovoyance.tokenomics.params import default_of

NVY = 10**18
WEI = st.integers(0, 2**88 - 1)
PRICE = st.integers(1, 2**88 - 1)
BPS = st.integers(0, 10_000)
LONG_STREAK = 10**6


@pytest.mark.parametrize(
    ("multiple", "long", "after_ten"), [(5, 2193, 2193), (10, 1197, 1197), (20, 627, 909)]
)
def test_the_odds_are_those_that_the_design_prints(
    multiple: int, long: int, after_ten: int
) -> None:
    job = {"price_wei": NVY, "lock_wei": multiple * NVY, "declared_gain_wei": 0, "slots": 1}
    assert terms_of(**job, passes=LONG_STREAK) == Terms(long, long)
    assert terms_of(**job, passes=10) == Terms(long, after_ten)
    assert terms_of(**job, passes=9) == Terms(long, 10_000)


@given(st.integers(1, 2**97), st.integers(0, 2**88))
def test_the_odds_make_the_lock_outweigh_the_risk_and_are_the_least_that_do(
    risk: int, lock: int
) -> None:
    bps = audits.needed_bps(risk, lock)

    def found(bps: int) -> Fraction:
        return Fraction(bps * default_of("detectBps"), 10**8)

    assert found(bps) * lock >= (1 - found(bps)) * risk
    assert found(bps - 1) * lock < (1 - found(bps - 1)) * risk


def test_nothing_at_stake_needs_no_audit() -> None:
    assert audits.needed_bps(0, 0) == 0


def test_a_risk_that_no_audit_rate_covers_is_refused() -> None:
    with pytest.raises(ContractRevert) as caught:
        terms_of(price_wei=NVY, lock_wei=5 * NVY, declared_gain_wei=20 * NVY, slots=1, passes=0)
    assert caught.value.context["error"] == "AuditCourt__RiskTooHigh"
    assert caught.value.context["needed_bps"] == 10_628
    assert caught.value.context["risk"] == str(21 * NVY)


def test_the_last_risk_that_is_covered_is_taken() -> None:
    lock = 24 * 10**4  # 76 % of everything at stake is risk: exactly 10,000 bps
    terms = terms_of(price_wei=76 * 10**4, lock_wei=lock, declared_gain_wei=0, slots=1, passes=50)
    assert terms == Terms(10_000, 10_000)
    with pytest.raises(ContractRevert):
        terms_of(price_wei=76 * 10**4, lock_wei=lock, declared_gain_wei=1, slots=1, passes=50)


def test_a_large_risk_needs_two_slots() -> None:
    limit = default_of("twoSlotsRiskWei")
    job = {"price_wei": limit, "lock_wei": 20 * limit, "passes": 50}
    assert terms_of(**job, declared_gain_wei=0, slots=1).p_econ_bps == 627
    assert terms_of(**job, declared_gain_wei=1, slots=2).p_econ_bps == 627
    with pytest.raises(ContractRevert) as caught:
        terms_of(**job, declared_gain_wei=1, slots=1)
    assert caught.value.context["error"] == "AuditCourt__SlotsTooFew"


def test_too_few_slots_are_told_before_too_high_a_risk_as_the_contract_does() -> None:
    limit = default_of("twoSlotsRiskWei")
    with pytest.raises(ContractRevert) as caught:
        terms_of(price_wei=limit + 1, lock_wei=1, declared_gain_wei=0, slots=1, passes=0)
    assert caught.value.context["error"] == "AuditCourt__SlotsTooFew"


def test_the_least_probability_is_the_policys() -> None:
    job = {"price_wei": 1, "lock_wei": NVY, "declared_gain_wei": 0, "slots": 1}
    assert terms_of(**job, passes=LONG_STREAK) == Terms(200, 200)
    always = Policy(min_bps=10_000, first_jobs=0)
    assert terms_of(**job, passes=LONG_STREAK, policy=always) == Terms(10_000, 10_000)


@given(BPS, st.integers(0, 10**6), st.integers(0, 100))
def test_no_record_lowers_the_odds_under_those_that_the_client_pays_for(
    econ: int, passes: int, first: int
) -> None:
    drawn = audits.draw_bps(econ, passes, first)
    assert econ <= drawn <= 10_000
    assert drawn >= audits.draw_bps(econ, passes + 1, first)
    assert drawn == 10_000 or passes >= first


@given(PRICE, st.integers(1, 8), BPS, BPS, WEI, st.booleans())
def test_no_wei_is_lost_or_paid_twice(
    price: int, slots: int, one: int, other: int, pool: int, is_drawn: bool
) -> None:
    terms = Terms(min(one, other), max(one, other))
    held = audits.held_of(price, slots, terms, pool)
    surcharge = audits.surcharge_of(price, terms)
    assert 0 <= surcharge <= price
    shares = audits.share_out(held, surcharge, is_drawn=is_drawn)
    assert min(shares.to_pool_wei, shares.to_client_wei) >= 0
    waiting = surcharge if is_drawn else surcharge + held.held_wei
    assert shares.to_pool_wei + shares.to_client_wei == waiting


@given(PRICE, st.integers(1, 8), BPS, BPS)
def test_client_and_provider_together_carry_the_expected_cost(
    price: int, slots: int, one: int, other: int
) -> None:
    terms = Terms(min(one, other), max(one, other))
    carried = audits.premium_of(price, slots, terms) + audits.surcharge_of(price, terms)
    cost = Fraction(audits.pay_of(price) * slots * terms.p_bps, 10_000)
    assert cost <= carried < cost + 1


def test_the_whole_pay_is_held_where_the_pool_is_small() -> None:
    terms = Terms(1_000, 10_000)
    large, small = 20 * NVY, 20 * NVY - 1  # 5 % of the pool is one price
    assert audits.held_of(NVY, 1, terms, large) == Held(NVY // 10, is_whole=False)
    assert audits.held_of(NVY, 1, terms, small) == Held(NVY, is_whole=True)
    assert audits.held_of(NVY, 2, terms, large) == Held(2 * NVY, is_whole=True)


@pytest.mark.parametrize(
    ("is_whole", "is_drawn", "surcharge", "expected"),
    [
        (False, False, 7, ShareOut(107, 0)),
        (True, False, 7, ShareOut(7, 100)),
        (False, True, 7, ShareOut(7, 0)),
        (True, True, 7, ShareOut(0, 7)),
        (True, True, 130, ShareOut(30, 100)),
    ],
)
def test_every_way_a_settled_job_shares_out(
    is_whole: bool, is_drawn: bool, surcharge: int, expected: ShareOut
) -> None:
    assert audits.share_out(Held(100, is_whole), surcharge, is_drawn=is_drawn) == expected


def test_an_auditor_locks_so_much_that_one_wrong_audit_never_pays() -> None:
    lock = audits.audit_lock_of(audits.pay_of(NVY))
    assert lock == 19 * NVY
    re_audit = Fraction(default_of("reAuditBps"), 10_000)
    assert (1 - re_audit) * NVY <= re_audit * lock


def test_the_bond_of_a_challenge_is_half_more_than_the_price_and_at_least_twenty() -> None:
    assert audits.challenge_bond_of(NVY) == 20 * NVY
    assert audits.challenge_bond_of(100 * NVY) == 150 * NVY
    assert audits.challenge_bond_of(100 * NVY + 1) == 150 * NVY + 2
