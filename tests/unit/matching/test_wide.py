"""Wide columns against Python's own integers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.matching.octaves import steps_of
from neurovoyance.matching.wide import (
    FACTOR_MAX,
    LIMBS,
    Ints,
    exceeds,
    largest,
    plus,
    steps_of_ints,
    steps_of_wide,
    times,
    wide_of,
)

edges = st.sampled_from([0, 1, 2**32 - 1, 2**32, 2**64 - 1, 2**64, 2**95, 2**96 - 1])
amounts = st.one_of(edges, st.integers(0, 2**96 - 1))
columns = st.lists(amounts, min_size=1, max_size=5)


def ints_of(wide: Ints) -> list[int]:
    return [
        sum(int(wide[limb, n]) << 32 * limb for limb in range(LIMBS)) for n in range(wide.shape[1])
    ]


@given(columns, st.integers(0, FACTOR_MAX))
def test_products(values: list[int], factor: int) -> None:
    assert ints_of(times(wide_of(values), factor)) == [value * factor for value in values]


@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=5))
def test_sums_and_comparisons(pairs: list[tuple[int, int]]) -> None:
    left, right = wide_of([a for a, _ in pairs]), wide_of([b for _, b in pairs])
    assert ints_of(plus(left, right)) == [a + b for a, b in pairs]
    assert exceeds(left, right).tolist() == [a > b for a, b in pairs]
    assert ints_of(largest(left, right)) == [max(pair) for pair in pairs]


@given(st.lists(st.one_of(edges, st.integers(0, 2**127)), min_size=1, max_size=5))
def test_logarithms(values: list[int]) -> None:
    assert steps_of_wide(wide_of(values)).tolist() == [steps_of(value) for value in values]


@given(st.lists(st.integers(0, 2**62 - 1), min_size=1, max_size=5))
def test_logarithms_of_words(values: list[int]) -> None:
    found = steps_of_ints(np.array(values, dtype=np.int64)).tolist()
    assert found == [steps_of(value) for value in values]
