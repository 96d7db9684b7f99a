"""Within the declared risk cheating loses money, in every case that the contract accepts.

Not sampled but computed: the expected value of every random case is an exact fraction, from the
contract's own formulas (the twin) and the rules of the AuditCourt, see ``audit_game``.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import sqrt
from random import Random

import pytest
from tests.adversary.audit_game import (
    STRATEGIES,
    Cheat,
    Strategy,
    convicted_in_dispute,
    expected_wei,
    slot_endings,
    split,
)

from neurovoyance.protocol.errors import ContractRevert
from neurovoyance.protocol.ids import hash_abi
from neurovoyance.protocol.result import is_audited
from neurovoyance.protocol.units import BPS
from neurovoyance.tokenomics.audits import Terms, slots_needed, terms_of
from neurovoyance.tokenomics.staking import Stake

NVY = 10**18
CASES = 2_400
DRAWS = 100_000
ALL_COLLUSION = Fraction(1, 5)
"""Largest share of seats that the odds allow for."""

SPLIT_GAIN_MAX = Fraction(-1, 100)
"""What ``split`` may bring, as a part of the risk. An honest objection that colluders meet with
"not finite" and "pass" ends INVALID: no pay, but no slash and no dispute either. That leaves
``0.99 * 0.8 * (1 - 0.2**2)`` = 76.03 %, which is why the odds count on 7,600 bps. The worst case
below has exactly 20 % collusion, all own stake locked and a lock of hundreds of prices."""


def random_case(rng: Random) -> tuple[Cheat, int, int]:
    """Return a cheat, the declared gain and the provider's streak of passed audits."""
    price_wei = int(10 ** rng.uniform(15, 21))
    lock_wei = int(price_wei * 5 * 10 ** rng.uniform(0, 2))
    declared_wei = rng.choice([0, int(price_wei * 10 ** rng.uniform(-1, 2.5))])
    gain_wei = rng.choice([declared_wei, rng.randint(0, declared_wei)])
    own_wei = max(1_000 * NVY, rng.choice([lock_wei, int(lock_wei * rng.uniform(1, 3))]))
    stake = Stake(own_wei, rng.choice([own_wei, lock_wei]), rng.choice([0, 0, NVY]))
    colluding = Fraction(rng.choice([0, 5, 10, 20, 20, 20]), 100)
    slots = slots_needed(price_wei + declared_wei)
    streak = rng.choice([0, 9, 10, 20, 100, 500])
    return Cheat(price_wei, lock_wei, gain_wei, stake, slots, colluding), declared_wei, streak


@cache
def cases() -> tuple[tuple[tuple[Cheat, int, Terms], ...], int]:
    """Return every accepted case with its declared gain and terms, and how many were refused."""
    rng, refused = Random(20_261), 0
    accepted: list[tuple[Cheat, int, Terms]] = []
    while len(accepted) < CASES:
        cheat, declared_wei, streak = random_case(rng)
        try:
            terms = terms_of(
                price_wei=cheat.price_wei,
                lock_wei=cheat.lock_wei,
                declared_gain_wei=declared_wei,
                slots=cheat.slots,
                passes=streak,
            )
        except ContractRevert as error:
            assert error.context["error"] == "AuditCourt__RiskTooHigh"
            refused += 1
        else:
            accepted.append((cheat, declared_wei, terms))
    return tuple(accepted), refused


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: s.__name__)
def test_cheating_loses_money_whatever_colluding_auditors_do(strategy: Strategy) -> None:
    accepted, refused = cases()
    ratios = [
        expected_wei(cheat, terms, strategy) / (cheat.price_wei + declared_wei)
        for cheat, declared_wei, terms in accepted
    ]
    print(
        f"\n{strategy.__name__}: {len(accepted)} accepted, {refused} refused; closest to a gain: "
        f"{float(max(ratios)):+.4f} of the risk"
    )
    assert refused > 0
    assert max(ratios) < (SPLIT_GAIN_MAX if strategy is split else 0)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: s.__name__)
def test_at_the_locks_that_the_design_prints_cheating_loses(strategy: Strategy) -> None:
    for multiple in (5, 10, 20):
        for passes in (10, 10**6):
            lock_wei = multiple * NVY
            terms = terms_of(
                price_wei=NVY, lock_wei=lock_wei, declared_gain_wei=0, slots=1, passes=passes
            )
            stake = Stake(1_000 * NVY, 1_000 * NVY, 0)
            cheat = Cheat(NVY, lock_wei, 0, stake, 1, ALL_COLLUSION)
            assert expected_wei(cheat, terms, strategy) < 0


def test_a_gain_far_above_the_declared_one_would_pay() -> None:
    """The bound is one: what was not declared is not covered."""
    terms = terms_of(price_wei=NVY, lock_wei=20 * NVY, declared_gain_wei=0, slots=1, passes=500)
    stake = Stake(1_000 * NVY, 1_000 * NVY, 0)
    cheat = Cheat(NVY, 20 * NVY, 5 * NVY, stake, 1, Fraction(0))
    assert expected_wei(cheat, terms, STRATEGIES[0]) > 0


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: s.__name__)
@pytest.mark.parametrize("colluding", [Fraction(0), ALL_COLLUSION, Fraction(1)])
def test_the_endings_of_a_slot_are_all_of_them(strategy: Strategy, colluding: Fraction) -> None:
    assert sum(chance for _, chance in slot_endings(strategy, colluding)) == 1


def test_the_last_committee_errs_as_rarely_as_the_design_says() -> None:
    wrong = {share: 1 - convicted_in_dispute(Fraction(share, 100)) for share in (10, 20, 33)}
    assert 1.2e-11 < wrong[10] < 1.4e-11
    assert 5.1e-6 < wrong[20] < 5.3e-6
    assert 0.009 < wrong[33] < 0.011


def test_audits_are_drawn_as_often_as_the_contract_says() -> None:
    terms = terms_of(price_wei=NVY, lock_wei=20 * NVY, declared_gain_wei=0, slots=1, passes=500)
    seeds = (hash_abi(["string", "uint256"], ["economics", i]) for i in range(DRAWS))
    drawn = sum(is_audited(seed, terms.p_bps) for seed in seeds)
    expected = DRAWS * terms.p_bps / BPS
    sigma = sqrt(expected * (1 - terms.p_bps / BPS))
    print(
        f"\n{drawn} of {DRAWS} drawn at {terms.p_bps} bps: {(drawn - expected) / sigma:+.2f} sigma"
    )
    assert abs(drawn - expected) < 4 * sigma
