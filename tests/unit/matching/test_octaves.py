"""Whole logarithms: never falling, right to a thousandth, exact at powers of two."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.matching.octaves import COARSE_STEPS, STEPS_PER_OCTAVE, coarse_of, steps_of


@given(st.integers(1, 2**128), st.integers(1, 2**128))
def test_it_never_falls(a: int, b: int) -> None:
    assert steps_of(min(a, b)) <= steps_of(max(a, b))


@given(st.integers(1, 2**128))
def test_it_is_the_logarithm(value: int) -> None:
    assert abs(steps_of(value) / STEPS_PER_OCTAVE - math.log2(value)) < 2 / STEPS_PER_OCTAVE


def test_powers_of_two_are_exact_and_zero_counts_as_one() -> None:
    assert [steps_of(2**n) for n in range(130)] == [n * STEPS_PER_OCTAVE for n in range(130)]
    assert steps_of(0) == steps_of(1) == 0


@given(st.integers(1, 2**60))
def test_coarse_steps_are_quarters(value: int) -> None:
    assert coarse_of(value) % COARSE_STEPS == 0
    assert 0 <= steps_of(value) - coarse_of(value) < COARSE_STEPS
