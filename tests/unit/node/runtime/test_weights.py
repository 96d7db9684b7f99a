"""Rounding weights: against numpy and ml_dtypes, and by properties."""

from __future__ import annotations

import numpy as np
import pytest

from neurovoyance.node.runtime.config import Weights
from neurovoyance.node.runtime.weights import channel_axes, is_rounded, round_weights

RANDOM = np.random.default_rng(4)


def test_half_precision_is_that_of_numpy_and_saturates() -> None:
    array = np.array([1 / 3, 70_000, -70_000, -0.0], np.float32)
    found = round_weights(array, Weights.FP16, (0,))
    assert found.tolist() == [float(np.float16(1 / 3)), 65504, -65504, 0]
    assert found.dtype == np.float32


def test_bfloat16_rounds_half_to_even_like_ml_dtypes() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    array = RANDOM.standard_normal(10_000).astype(np.float32)
    expected = array.astype(ml_dtypes.bfloat16).astype(np.float32)
    assert round_weights(array, Weights.BF16, (0,)).tobytes() == expected.tobytes()


@pytest.mark.parametrize(("weights", "levels"), [(Weights.INT8, 255), (Weights.INT4, 15)])
@pytest.mark.parametrize("axis", [0, 1])
def test_integers_keep_a_scale_for_each_output_channel(
    weights: Weights, levels: int, axis: int
) -> None:
    array = RANDOM.standard_normal((40, 50)).astype(np.float32)
    array[3] *= 1000
    found = round_weights(array, weights, (axis,))
    for channel, original in zip(
        np.moveaxis(found, axis, 0), np.moveaxis(array, axis, 0), strict=True
    ):
        assert len(np.unique(channel)) <= levels
        step = np.abs(original).max() / (levels // 2)
        assert np.abs(channel - original).max() <= step * 0.5001


def test_a_channel_of_zeros_stays() -> None:
    assert not round_weights(np.zeros((2, 3), np.float32), Weights.INT8, (0,)).any()


@pytest.mark.parametrize(
    ("shape", "weights", "expected"),
    [
        ((3, 3), Weights.FP32, False),
        ((), Weights.FP16, False),
        ((1,), Weights.BF16, False),
        ((5,), Weights.FP16, True),
        ((5,), Weights.INT8, False),
        ((2, 2), Weights.INT4, True),
    ],
)
def test_what_is_rounded(shape: tuple[int, ...], weights: Weights, *, expected: bool) -> None:
    assert is_rounded(shape, weights) is expected
    array = np.full(shape, 1 / 3, np.float32)
    assert (round_weights(array, weights, (0,)) is array) is not expected


@pytest.mark.parametrize(
    ("op", "position", "rank", "transposed", "axes"),
    [
        ("MatMul", 1, 2, False, (1,)),
        ("MatMul", 0, 2, False, (0,)),
        ("Gemm", 1, 2, True, (0,)),
        ("Gemm", 1, 2, False, (1,)),
        ("Conv", 1, 4, False, (0,)),
        ("ConvTranspose", 1, 4, False, (1,)),
        ("LSTM", 2, 3, False, (0, 1)),
        ("Gather", 0, 2, False, (0,)),
    ],
)
def test_the_output_channel_follows_from_the_operator(
    op: str, position: int, rank: int, *, transposed: bool, axes: tuple[int, ...]
) -> None:
    assert channel_axes(op, position, rank, transposed=transposed) == axes
