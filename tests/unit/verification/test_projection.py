"""The fast projection: vectors, its plain twin on random tensors, and what it must refuse."""

from __future__ import annotations

import hashlib
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.verification.projecting import (
    FLOATS,
    KEY,
    VECTORS,
    as_plain,
    counting_values,
    scaled_tensors,
    tensors_of,
)

from neurovoyance.protocol.errors import SpecError, VerificationError
from neurovoyance.verification import projection as pr
from neurovoyance.verification.plain_projection import plain_project, plain_shift
from neurovoyance.verification.projection import NoVector, Projection, ScaledTensor, project

EXAMPLES = settings(max_examples=25)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_a_vector_is_projected_to_its_integers(vector: dict[str, Any]) -> None:
    seed, limit = bytes.fromhex(vector["key"]), vector["min_elements"]
    found = project(tensors_of(vector), seed=seed, shift=vector["shift"], min_elements=limit)
    if vector["z"] is None:
        expected = {"non_finite": pr.NON_FINITE, "too_large": pr.TOO_LARGE}
        assert found == expected[vector["finding"]]
    else:
        assert isinstance(found, Projection)
        assert list(found.z) == vector["z"]
        assert [word.hex() for word in found.words] == vector["words"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_a_vector_has_its_shift(vector: dict[str, Any]) -> None:
    found = pr.choose_shift(tensors_of(vector), min_elements=vector["min_elements"])
    assert (None if isinstance(found, NoVector) else found) == vector["chosen_shift"]


def test_the_two_vectors_that_the_design_prints() -> None:
    five = np.array([1, -2, 0.5, 3.25, -0.0], dtype=np.float32)
    printed = {
        "3de260fd72f6809ccc5d6efed7fa187ca7179af0dcb84c729cadfc1f09494315": five,
        "7e74fb5194aafb3b787f20f085af56dbd80fd3013de6065a024f6a014e296813": counting_values(10_000),
    }
    for digest, array in printed.items():
        found = project([ScaledTensor(array, (20,))], seed=KEY, shift=0, min_elements=0)
        assert isinstance(found, Projection)
        assert hashlib.sha256(b"".join(found.words)).hexdigest() == digest


@EXAMPLES
@given(scaled_tensors(), st.binary(min_size=32, max_size=32), st.integers(-16, 16))
def test_both_implementations_agree_bit_for_bit(
    tensors: list[ScaledTensor], seed: bytes, shift: int
) -> None:
    if pr.count_elements(tensors) < 512:
        return
    found = project(tensors, seed=seed, shift=shift)
    expected = plain_project(as_plain(tensors), seed, shift)
    assert (None if isinstance(found, NoVector) else found.z) == expected
    chosen = pr.choose_shift(tensors)
    assert (None if isinstance(chosen, NoVector) else chosen) == plain_shift(as_plain(tensors))


@EXAMPLES
@given(scaled_tensors())
def test_the_chosen_shift_brings_the_norm_to_2_to_the_25(tensors: list[ScaledTensor]) -> None:
    shift = pr.choose_shift(tensors, min_elements=0)
    if isinstance(shift, NoVector):
        return
    values = [
        np.ldexp(
            t.array.astype(np.float64),
            np.broadcast_to(np.array(t.exponents), t.array.shape) + shift,
        ).reshape(-1)
        for t in tensors
        if t.array.size
    ]
    norm = float(np.linalg.norm(np.concatenate(values)))
    assert norm < 2**26 or shift == -16
    assert norm >= 2**25 * (1 - 1e-12) or shift == 16


@pytest.mark.parametrize(
    ("norm_sq", "shift"),
    [(0.0, 16), (1.0, 16), (2.0**17.9, 16), (2.0**20, 15), (2.0**50, 0), (2.0**52, -1)],
)
def test_the_shift_of_a_norm(norm_sq: float, shift: int) -> None:
    assert pr.shift_of_norm_sq(norm_sq) == shift


def test_the_shift_stays_in_its_range_and_ends_at_2_to_the_42() -> None:
    assert pr.shift_of_norm_sq(2.0**83) == -16
    assert pr.shift_of_norm_sq(2.0**84) == pr.TOO_LARGE


@pytest.mark.parametrize("shift", [-16, 0, 16])
def test_the_limit_of_the_norm_does_not_depend_on_the_shift(shift: int) -> None:
    array = np.zeros(512, dtype=np.float32)
    array[9] = 2.0**42
    assert project([ScaledTensor(array)], seed=KEY, shift=shift) == pr.TOO_LARGE
    assert project([ScaledTensor(array, (-1,))], seed=KEY, shift=shift) != pr.TOO_LARGE


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("index", [0, 40_000])
def test_a_value_that_is_not_finite_is_a_finding_wherever_it_stands(
    dtype: Any, value: float, index: int
) -> None:
    array = np.ones(40_001, dtype=dtype)
    array[index] = value
    assert project([ScaledTensor(array)], seed=KEY, shift=0) == pr.NON_FINITE
    assert pr.choose_shift([ScaledTensor(array)]) == pr.NON_FINITE


@pytest.mark.parametrize("count", [0, 1, 511])
def test_a_short_vector_cannot_be_projected(count: int) -> None:
    tensors = [ScaledTensor(np.ones(count, dtype=np.float32))]
    with pytest.raises(VerificationError, match="elements cannot be projected"):
        project(tensors, seed=KEY, shift=0)
    with pytest.raises(VerificationError, match="elements cannot be projected"):
        pr.choose_shift(tensors)


def test_a_vector_over_the_limit_cannot_be_projected() -> None:
    array = np.broadcast_to(np.float32(1), (2**32 + 1,))
    with pytest.raises(VerificationError, match="4,294,967,297"):
        project([ScaledTensor(array)], seed=KEY, shift=0)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8, np.bool_])
def test_integers_are_not_projected(dtype: Any) -> None:
    with pytest.raises(VerificationError, match="cannot be projected"):
        ScaledTensor(np.zeros(600, dtype=dtype))


def test_a_dtype_without_canonical_form_is_refused() -> None:
    with pytest.raises(SpecError):
        ScaledTensor(np.zeros(600, dtype=np.float64))


@pytest.mark.parametrize("exponents", [(), (1, 2), (0,) * 5])
def test_exponents_are_one_or_one_for_each_channel(exponents: tuple[int, ...]) -> None:
    with pytest.raises(VerificationError, match="exponents"):
        ScaledTensor(np.zeros((5, 4), dtype=np.float32), exponents)


@pytest.mark.parametrize("exponent", [-65, 65])
def test_an_exponent_over_64_is_refused(exponent: int) -> None:
    with pytest.raises(VerificationError, match="outside -64 to 64"):
        ScaledTensor(np.zeros(4, dtype=np.float32), (exponent,))


@pytest.mark.parametrize(
    "bad", [{"shift": 17}, {"shift": -17}, {"rows": 0}, {"rows": 33}, {"seed": bytes(31)}]
)
def test_arguments_out_of_range_are_refused(bad: dict[str, Any]) -> None:
    arguments = {"seed": KEY, "shift": 0, **bad}
    with pytest.raises(VerificationError, match="shift of -16 to 16"):
        project([ScaledTensor(np.zeros(512, dtype=np.float32))], **arguments)


def test_fewer_rows_are_the_first_of_all() -> None:
    tensors = [ScaledTensor(counting_values(5_000), (20,))]
    whole = project(tensors, seed=KEY, shift=0)
    half = project(tensors, seed=KEY, shift=0, rows=16)
    assert isinstance(whole, Projection)
    assert isinstance(half, Projection)
    assert half.z == whole.z[:16]
    assert half.words == whole.words[:2]


def test_strides_and_byte_order_of_the_array_do_not_matter() -> None:
    array = counting_values(600).reshape(30, 20)
    expected = project([ScaledTensor(array, (20,))], seed=KEY, shift=0)
    for same in (array.astype(">f4"), np.asfortranarray(array), array[:, ::-1][:, ::-1]):
        assert project([ScaledTensor(same, (20,))], seed=KEY, shift=0) == expected


def test_a_tensor_may_be_cut_into_several() -> None:
    array = counting_values(9_000)
    expected = project([ScaledTensor(array, (20,))], seed=KEY, shift=0)
    parts = [ScaledTensor(part, (20,)) for part in np.split(array, [1, 4_097, 8_999])]
    assert project(parts, seed=KEY, shift=0) == expected


def test_channels_keep_their_exponents_across_pieces() -> None:
    head, body = counting_values(4), counting_values(33_003).reshape(-1, 3)
    tensors = [ScaledTensor(head, (20,)), ScaledTensor(body, (20, 14, 17))]
    found = project(tensors, seed=KEY, shift=0)
    assert isinstance(found, Projection)
    assert found.z == plain_project(as_plain(tensors), KEY, 0)


def test_a_clamped_projection_says_so() -> None:
    array = np.full(512, 2.0**20, dtype=np.float32)
    clamped = project([ScaledTensor(array)], seed=KEY, shift=16)
    fitting = project([ScaledTensor(array)], seed=KEY, shift=0)
    assert isinstance(clamped, Projection)
    assert isinstance(fitting, Projection)
    assert (clamped.is_clamped, fitting.is_clamped) == (True, False)


def test_memory_does_not_grow_with_the_vector() -> None:
    tensors = [ScaledTensor(np.ones(3_000_000, dtype=np.float16), (10,))]
    tracemalloc.start()
    try:
        project(tensors, seed=KEY, shift=0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 2**20
