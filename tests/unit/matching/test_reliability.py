"""The lower credible bound against exact sums, and what it says of short and long records."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.matching.reliability import PPM, Record, aged, beta_cdf, lower_bound_ppm

counts = st.integers(0, 300)
DAY_S = 86_400


def exact_cdf(x: Fraction, a: int, b: int) -> Fraction:
    """I_x(a, b) of whole a, b is the chance of at least a heads in a + b - 1 tosses."""
    n = a + b - 1
    return sum((comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1)), Fraction(0))


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 99))
def test_the_distribution_is_the_exact_one(a: int, b: int, percent: int) -> None:
    exact = float(exact_cdf(Fraction(percent, 100), a, b))
    assert beta_cdf(percent / 100, a, b) == pytest.approx(exact, rel=1e-9, abs=1e-12)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_bound_is_the_five_percent_quantile(ok: int, failed: int) -> None:
    low = lower_bound_ppm(ok, failed)
    assert exact_cdf(Fraction(low, PPM), 1 + ok, 1 + failed) <= Fraction(1, 20) + Fraction(1, 10**9)
    assert exact_cdf(Fraction(low + 1, PPM), 1 + ok, 1 + failed) > Fraction(1, 20) - Fraction(
        1, 10**9
    )


def test_known_values() -> None:
    assert lower_bound_ppm(0, 0) in (49_999, 50_000)
    assert lower_bound_ppm(19, 0) == int(0.05 ** (1 / 20) * PPM)
    assert lower_bound_ppm(99, 1) > lower_bound_ppm(9, 0) > lower_bound_ppm(1, 0)


@given(counts, counts)
def test_success_raises_it_and_failure_lowers_it(ok: int, failed: int) -> None:
    bound = lower_bound_ppm(ok, failed)
    assert lower_bound_ppm(ok + 1, failed) >= bound >= lower_bound_ppm(ok, failed + 1)
    assert bound < Record(ok, failed).mean_ppm


@pytest.mark.parametrize("counts", [(10**6, 0), (0, 10**6), (10**9, 10**9)])
def test_huge_counts_end_soon_and_never_claim_certainty(counts: tuple[int, int]) -> None:
    assert 0 <= lower_bound_ppm(*counts) < PPM


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        lower_bound_ppm(-1, 0)


def test_old_ends_count_less_and_are_forgotten() -> None:
    now_s = 10**9
    recent = [(now_s, True)] * 8 + [(now_s + 5, False)] * 2
    assert aged(recent, now_s) == Record(8, 2)
    old = [(now_s - 30 * DAY_S, True)] * 8
    assert aged(old, now_s) == Record(4, 0)
    assert aged([(0, False)] * 100, now_s) == Record(0, 0)


@given(st.lists(st.integers(0, 400 * DAY_S), max_size=20), st.integers(0, 100 * DAY_S))
def test_time_never_improves_a_record(ages_s: list[int], more_s: int) -> None:
    ends = [(10**9 - age_s, True) for age_s in ages_s]
    assert aged(ends, 10**9 + more_s).ok <= aged(ends, 10**9).ok <= len(ends)


@given(counts, counts, st.integers(0, 20), st.integers(0, 20))
def test_slashes_and_missed_deadlines_never_help(
    ok: int, failed: int, missed: int, slashed: int
) -> None:
    clean = Record(ok, failed)
    stained = Record(ok, failed, min(missed, failed), slashed)
    assert stained.lower_ppm <= clean.lower_ppm
    assert (stained.lower_ppm == clean.lower_ppm) == (slashed <= failed)


def test_a_fault_that_is_told_twice_counts_once() -> None:
    assert Record(90, 2, missed=2, slashed=2).faults == Record(90, 2).faults == 2
    assert Record(90, 0, slashed=3).mean_ppm == Record(90, 3).mean_ppm
