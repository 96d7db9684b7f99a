"""Bribed referees, sleepers and self-challenges: what they can reach, exactly and drawn by seed."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from tests.adversary.court_game import (
    ABSTAIN,
    CLEAR,
    GUILTY,
    LEVELS,
    Pool,
    dispute,
    dispute_to_the_end,
    majority_wrong,
    majority_wrong_without_return,
    tally,
)

from neurovoyance.protocol.audit import RefereeVote
from neurovoyance.protocol.ids import hash_abi
from neurovoyance.protocol.result import is_audited
from neurovoyance.protocol.units import BPS
from neurovoyance.tokenomics.audits import surcharge_of, terms_of
from neurovoyance.tokenomics.params import default_of
from neurovoyance.tokenomics.staking import (
    Stake,
    slash_timeout,
    slash_verdict,
    split_penalty,
    split_timeout,
    split_verdict,
)

NVY = 10**18
DISPUTES = 2_000
DESIGN = {
    10: ("2.7e-03", "1.4e-06", "1.3e-11"),
    20: ("3.3e-02", "9.7e-04", "5.2e-06"),
    33: ("1.7e-01", "5.2e-02", "1.0e-02"),
}
"""Chances of a wrong majority at 7, 21 and 43 seats by bribed percent, as the design says."""


@pytest.mark.parametrize("percent", DESIGN)
def test_a_bribed_majority_is_as_rare_as_the_design_says(percent: int) -> None:
    share = Fraction(percent, 100)
    found = [majority_wrong(seats, share) for seats in LEVELS]
    print(
        f"\n{percent} % bribed: wrong at 7, 21, 43: {', '.join(f'{float(p):.1e}' for p in found)}"
    )
    for chance, said in zip(found, DESIGN[percent], strict=True):
        assert abs(float(chance) - float(said)) <= 0.05 * float(said)
    for seats, chance in zip(LEVELS, found, strict=True):
        assert majority_wrong_without_return(seats, 500, 5 * percent) < chance


@pytest.mark.parametrize("percent", [10, 20])
@pytest.mark.parametrize("truth", [GUILTY, CLEAR])
def test_bribed_referees_change_no_final_verdict(percent: int, truth: RefereeVote) -> None:
    """Whoever is wronged appeals: the chance of a wrong end is that of three wrong levels."""
    pool = Pool.of(100, 5, Fraction(percent, 100))
    bribe = CLEAR if truth is GUILTY else GUILTY
    courses = [dispute(pool, number, truth=truth, bribe=bribe) for number in range(DISPUTES)]
    wrong = [sum(len(c.verdicts) > at for c in courses) for at in (1, 2)]
    final = sum(course.final is not truth for course in courses)
    share = Fraction(percent, 100)
    expected = float(DISPUTES * majority_wrong(LEVELS[0], share))
    print(
        f"\n{percent} % bribed, truth {truth.name}: wrong at the first level {wrong[0]}/{DISPUTES} "
        f"({expected:.0f} expected), at the second {wrong[1]}, in the end {final}"
    )
    assert abs(wrong[0] - expected) < 5 * (expected + 1) ** 0.5
    assert final == 0
    # All three levels wrong, each drawn by a beacon of its own.
    product = Fraction(1)
    for seats in LEVELS:
        product *= majority_wrong(seats, share)
    assert product < Fraction(2, 10**10)


def test_a_cheat_that_appeals_to_the_end_wins_no_dispute() -> None:
    """It needs 22 of the last 43 seats, whatever the levels before said."""
    pool = Pool.of(100, 5, Fraction(1, 5))
    courses = [
        dispute_to_the_end(pool, number, truth=GUILTY, bribe=CLEAR)
        for number in range(DISPUTES // 2)
    ]
    wrong = [sum(course.verdicts[level] is CLEAR for course in courses) for level in range(3)]
    print(f"\n20 % bribed, every verdict appealed: wrong per level {wrong} of {DISPUTES // 2}")
    assert wrong[2] == 0
    assert majority_wrong(LEVELS[2], Fraction(1, 5)) < Fraction(6, 10**6)


def test_referees_of_one_faulty_kernel_abstain_and_the_next_level_decides() -> None:
    assert tally([ABSTAIN] * 4 + [CLEAR] * 3) is RefereeVote.NONE
    assert tally([ABSTAIN] * 3 + [CLEAR] * 3 + [GUILTY]) is CLEAR
    assert tally([GUILTY] * 3 + [CLEAR] * 3) is RefereeVote.NONE


def test_three_of_seven_change_nothing_and_four_are_reversed_at_21() -> None:
    assert tally([CLEAR] * 3 + [GUILTY] * 4) is GUILTY
    bought = next(
        course
        for number in range(DISPUTES)
        if len(
            (
                course := dispute(
                    Pool.of(100, 5, Fraction(1, 5)), number, truth=GUILTY, bribe=CLEAR
                )
            ).verdicts
        )
        > 1
    )
    assert bought.verdicts[0] is CLEAR
    assert bought.final is GUILTY


# --- a sleeper ----------------------------------------------------------------------------------


@pytest.mark.parametrize("multiple", [5, 10, 20])
def test_a_sleeper_of_500_honest_jobs_loses_what_it_cheats_for(multiple: int) -> None:
    """After a long record it is audited least; even so cheating costs more than it brings."""
    price_wei, lock_wei = NVY, multiple * NVY
    terms = terms_of(
        price_wei=price_wei, lock_wei=lock_wei, declared_gain_wei=0, slots=1, passes=500
    )
    detected = Fraction(terms.p_bps, BPS) * Fraction(default_of("detectBps"), BPS)
    earned_wei = price_wei - surcharge_of(price_wei, terms)
    _, lost_wei = slash_timeout(Stake(1_000 * NVY, lock_wei, 0), lock_wei, full=True)
    expected = (1 - detected) * earned_wei - detected * lost_wei
    cheats = 1 / detected
    print(
        f"\nsleeper, lock {multiple} F: audited {terms.p_bps} bps, caught after "
        f"{float(cheats):.1f} cheats, {float(expected / price_wei):+.2f} F a cheat"
    )
    assert expected < 0
    # By seed: cheats until the first one that is found, and what was won and lost by then.
    runs, total, until = 400, 0, 0
    random = Random(multiple)
    for sleeper in range(runs):
        for number in range(10_000):
            until += 1
            seed = hash_abi(["string", "uint256", "uint256"], ["sleeper", sleeper, number])
            is_found = random.randrange(BPS) < default_of("detectBps")
            if is_audited(seed, terms.p_bps) and is_found:
                total -= lost_wei
                break
            total += earned_wei
    print(
        f"{runs} sleepers: caught after {until / runs:.1f} cheats, {total / runs / NVY:+.2f} F each"
    )
    assert abs(until / runs - float(cheats)) < 5 * float(cheats) / runs**0.5
    assert total < 0


def test_a_sleeper_is_audited_ten_times_before_its_record_counts() -> None:
    for passes in range(default_of("auditFirstJobs")):
        terms = terms_of(
            price_wei=NVY, lock_wei=20 * NVY, declared_gain_wei=0, slots=1, passes=passes
        )
        assert terms.p_bps == BPS


# --- laundering ---------------------------------------------------------------------------------


def test_a_ring_of_all_parties_loses_at_least_two_fifths_of_a_verdict() -> None:
    """Provider, client, finder and every referee are one; burn and insurance are nobody's."""
    random, worst = Random(15), Fraction(1)
    for case in range(4_000):
        price_wei = int(10 ** random.uniform(12, 22))
        lock_wei = int(price_wei * random.uniform(5, 200))
        own_wei = lock_wei + int(10 ** random.uniform(18, 24))
        stake = Stake(own_wei, lock_wei, random.choice([0, own_wei // 3]))
        forgery, has_finder = case % 2 == 0, case % 3 != 0
        _, taken_wei = slash_verdict(stake, lock_wei, 0, is_forgery=forgery, is_late=False)
        split = split_verdict(taken_wei, price_wei, has_finder=has_finder)
        back_wei = split.to_client_wei + split.to_finder_wei + split.to_judges_wei
        assert split.burned_wei + split.to_insurance_wei + back_wei == taken_wei
        worst = min(worst, Fraction(taken_wei - back_wei, taken_wei))
    print(f"\nrings of all parties: at least {float(worst):.1%} of a slash by verdict is lost")
    assert worst >= Fraction(2, 5)


def test_a_ring_loses_at_least_two_fifths_of_other_penalties() -> None:
    random, worst = Random(16), Fraction(1)
    for _ in range(2_000):
        price_wei = int(10 ** random.uniform(12, 22))
        taken_wei = int(price_wei * random.uniform(0.5, 200)) + 1
        for split in (split_timeout(taken_wei, price_wei), split_penalty(taken_wei)):
            lost_wei = split.burned_wei + split.to_insurance_wei
            worst = min(worst, Fraction(lost_wei, taken_wei))
    assert worst >= Fraction(2, 5)
