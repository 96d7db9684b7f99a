"""The vocabulary of the rules: units, bounds, hostile axes and shapes."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from neurovoyance.protocol.errors import VerificationError
from neurovoyance.verification.graph import Operator
from neurovoyance.verification.operators.base import (
    Case,
    accumulated,
    axis_of,
    in_ulps,
    largest,
    limited,
    slack,
    ulp,
    unit,
)

FLOATS = [np.dtype(np.float16), np.dtype(np.float32), np.dtype(ml_dtypes.bfloat16)]


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_an_ulp_is_the_distance_to_the_next_number(dtype: np.dtype) -> None:
    values = np.array([1.0, 1.5, 1.9, 2.0, 3.0, 0.125, 100.0]).astype(dtype)
    following = np.nextafter(values, np.array(np.inf, dtype=dtype)).astype(np.float64)
    expected = following - values.astype(np.float64)
    assert np.array_equal(ulp(values.astype(np.float64), dtype), expected)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_limits_are_those_of_the_type(dtype: np.dtype) -> None:
    info = ml_dtypes.finfo(dtype)
    assert largest(dtype) == float(info.max)
    assert unit(dtype) == float(info.eps) / 2
    assert 0 < slack(dtype) <= float(info.smallest_normal)


def test_the_bound_of_a_sum_grows_with_the_root_of_its_length() -> None:
    value = np.array([1.0])
    one, many = (accumulated(value, value, k, np.dtype(np.float32))[0].margin for k in (1, 100))
    assert one is not None and many is not None
    assert many[0] / one[0] == pytest.approx(10)
    assert one[0] == pytest.approx(8 * 2.0**-24)


def test_ulps_and_absolute_parts_add_up() -> None:
    margin = in_ulps(np.array([1.0]), 4, np.dtype(np.float32), 2.0)[0].margin
    assert margin is not None and margin[0] == pytest.approx(4 * 2.0**-23 + 2 * 2.0**-24)


@pytest.mark.parametrize("axis", [3, -4, 2**40])
def test_an_axis_that_does_not_exist_cannot_be_judged(axis: int) -> None:
    with pytest.raises(VerificationError, match="axis"):
        axis_of(axis, 3)


@pytest.mark.parametrize("shape", [[2**40], [2**20, 2**20], [-1]])
def test_a_hostile_shape_is_not_built(shape: list[int]) -> None:
    with pytest.raises(VerificationError, match="cannot be built"):
        limited(shape)


def test_a_missing_input_is_named() -> None:
    case = Case(Operator(0, "Add", ("a", ""), ("y",)), (np.ones(1), None), 17)
    assert case.get(5) is None
    with pytest.raises(VerificationError, match="input 1 of Add is missing"):
        case.need(1)
