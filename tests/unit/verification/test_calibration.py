"""The statistics of a certificate: draws, exponents, distances, the tolerance and its gap."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurovoyance.protocol.certificate import TAU_MAX, Certificate, VerifyTensor
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.verification import calibration as cal
from neurovoyance.verification.calibration import TAU_FLOOR, Candidate, TensorNorms, calibrate
from neurovoyance.verification.canonical import Array
from neurovoyance.verification.projection import ScaledTensor

LOGITS = Candidate(("logits",))
SOFT = Candidate(("probabilities",), behind="Softmax")
DISTANCE = st.floats(1e-12, 1e-1)


def norms_of(*arrays: Array) -> TensorNorms:
    norms = TensorNorms()
    for array in arrays:
        norms.add(array)
    return norms


# --- inputs -------------------------------------------------------------------------------------


def test_the_beacon_draws_different_inputs_and_the_same_beacon_the_same() -> None:
    one, other = (cal.draw_inputs(beacon * 32, 200) for beacon in (b"\1", b"\2"))
    assert one == cal.draw_inputs(b"\1" * 32, 200) != other
    assert one == sorted(set(one))
    assert len(one) == 100
    assert 0 <= one[0] <= one[-1] < 200


def test_every_candidate_is_drawn_about_equally_often() -> None:
    counts = np.zeros(200)
    for number in range(200):
        counts[cal.draw_inputs(number.to_bytes(32, "big"), 200)] += 1
    assert abs(counts - 100).max() < 5 * math.sqrt(50)  # five standard deviations


@pytest.mark.parametrize(("candidates", "count"), [(199, 100), (200, 99), (200, 201)])
def test_too_few_inputs_are_refused(candidates: int, count: int) -> None:
    with pytest.raises(VerificationError, match="cannot be drawn"):
        cal.draw_inputs(bytes(32), candidates, count)


# --- exponents ----------------------------------------------------------------------------------


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=20))
def test_the_exponent_is_the_largest_that_keeps_the_norm(values: list[float]) -> None:
    array = np.array(values, dtype=np.float32)
    found = norms_of(array).exponents()
    norm_sq = sum(Fraction(float(x)) ** 2 for x in array)
    if float(np.square(array.astype(np.float64)).sum()) == 0:
        assert found is None
        return
    assert found is not None
    (s,) = found
    slack = Fraction(1, 10**12)  # of the sum in binary64
    assert norm_sq * Fraction(4) ** s <= 2**50 * (1 + slack)
    assert s == 64 or norm_sq * Fraction(4) ** (s + 1) > 2**50 * (1 - slack)


@pytest.mark.parametrize(("value", "s"), [(1.0, 25), (2.0**25, 0), (2.0**25 * 1.5, -1), (3.0, 23)])
def test_the_exponent_of_one_value(value: float, s: int) -> None:
    assert norms_of(np.array([value], dtype=np.float32)).exponents() == (s,)


def test_the_loudest_input_decides() -> None:
    quiet, loud = np.ones(4, dtype=np.float16), np.full(4, 100, dtype=np.float16)
    assert norms_of(quiet, loud).exponents() == norms_of(loud).exponents() == (17,)


def test_a_tensor_that_is_always_zero_has_no_exponent() -> None:
    assert norms_of(np.zeros(9, dtype=np.float32)).exponents() is None
    assert TensorNorms().exponents() is None


def test_a_tiny_tensor_gets_64_and_a_huge_one_is_refused() -> None:
    tiny = np.full(4, 1e-38, dtype=ml_dtypes.bfloat16)
    assert norms_of(tiny).exponents() == (64,)
    with pytest.raises(VerificationError, match="exponent under -64"):
        norms_of(np.full(4, 1e30, dtype=np.float32)).exponents()


def test_a_reference_that_is_not_finite_cannot_be_calibrated() -> None:
    with pytest.raises(VerificationError, match="not finite"):
        norms_of(np.array([math.nan], dtype=np.float32))


def hidden(scales: list[float], tokens: int = 6) -> Array:
    generator = np.random.default_rng(5)
    values = generator.standard_normal((1, tokens, len(scales)))
    return (values * np.array(scales)).astype(np.float32)


@pytest.mark.parametrize("is_hidden", [False, True])
def test_channels_of_like_loudness_share_one_exponent(is_hidden: bool) -> None:
    found = norms_of(hidden([1.0] * 16)).exponents(is_hidden=is_hidden)
    assert found is not None
    assert len(found) == 1


def test_a_few_huge_channels_of_a_hidden_state_get_their_own() -> None:
    array = hidden([1.0] * 14 + [300.0, 0.0])
    norms = norms_of(array, 2 * array)
    found = norms.exponents(is_hidden=True)
    assert found is not None
    assert len(found) == 16
    assert found[14] == found[15] < min(found[:14])  # a dead channel is scaled like the loudest
    scaled = np.ldexp(2 * array.astype(np.float64), np.array(found))
    assert np.linalg.norm(scaled) <= 2**25
    assert np.linalg.norm(scaled[..., 0]) > np.linalg.norm(scaled[..., 14]) / 4
    assert len(norms.exponents(is_hidden=False) or ()) == 1


def test_a_channel_of_residue_is_not_raised_to_the_level_of_content() -> None:
    array = hidden([1.0] * 15 + [1e-9])
    array[..., 0] *= 300
    norms = norms_of(array)
    whole, found = norms.exponents(), norms.exponents(is_hidden=True)
    assert whole is not None
    assert found is not None
    assert found[15] == whole[0] + cal.CHANNEL_BOOST_MAX


@pytest.mark.parametrize(
    "arrays",
    [
        [hidden([1.0] * 7 + [1e4]), hidden([1.0] * 8 + [1e4])],
        [np.array([1.0, 1e4], dtype=np.float32)],
        [np.array([[1.0], [1e4]], dtype=np.float32)],
    ],
)
def test_channels_need_a_last_axis_that_stays(arrays: list[Array]) -> None:
    found = norms_of(*arrays).exponents(is_hidden=True)
    assert found is not None
    assert len(found) == 1


# --- distances ----------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5_000), st.integers(-3, 20))
def test_the_distance_is_that_of_the_scaled_vectors(seed: int, count: int, s: int) -> None:
    generator = np.random.default_rng(seed)
    reference = (1_000 * generator.standard_normal(count)).astype(np.float32)
    other = reference + np.float32(0.01)
    found = cal.relative_distance([ScaledTensor(reference, (s,))], [ScaledTensor(other, (s,))])
    y0, y1 = (np.ldexp(array.astype(np.float64), s) for array in (reference, other))
    assert found == pytest.approx(np.linalg.norm(y0 - y1) / max(np.linalg.norm(y0), 128), rel=1e-9)


def test_the_distance_of_a_tiny_output_is_absolute() -> None:
    zero, one = np.zeros(4, dtype=np.float32), np.array([1, 0, 0, 0], dtype=np.float32)
    assert cal.relative_distance([ScaledTensor(zero)], [ScaledTensor(one)]) == 1 / 128


def test_an_output_that_is_not_finite_is_infinitely_far() -> None:
    one, bad = np.ones(4, dtype=np.float32), np.array([1, 1, 1, math.inf], dtype=np.float32)
    assert cal.relative_distance([ScaledTensor(one)], [ScaledTensor(bad)]) == math.inf
    with pytest.raises(VerificationError, match="not finite"):
        cal.relative_distance([ScaledTensor(bad)], [ScaledTensor(one)])


def test_outputs_of_different_shapes_have_no_distance() -> None:
    four, five = (ScaledTensor(np.ones(count, dtype=np.float32)) for count in (4, 5))
    for other in ([five], [four, four], [ScaledTensor(four.array, (1,))]):
        with pytest.raises(VerificationError, match="no distance"):
            cal.relative_distance([four], other)


# --- the tolerance ------------------------------------------------------------------------------


@given(DISTANCE, st.lists(DISTANCE, min_size=100, max_size=110))
def test_tolerance_and_measurements_are_rounded_against_the_registrant(
    highest: float, distances: list[float]
) -> None:
    honest = [min(highest, one) for one in distances]
    result = calibrate(LOGITS, {"ORT ALL": honest}, {"fp16 weights": distances})
    tau, largest = Fraction(result.tau), Fraction(max(honest))
    assert tau >= max(4 * largest, TAU_FLOOR)
    assert tau <= max(4 * largest, TAU_FLOOR) * Fraction(101, 100)
    assert largest <= Fraction(result.honest_max[0].value) <= largest * Fraction(101, 100)
    lowest = Fraction(min(distances))
    assert lowest * Fraction(99, 100) <= Fraction(result.cheat_min[0].value) <= lowest
    assert result.is_accepted == (lowest >= 5 * tau and tau <= TAU_MAX)


def table(value: float, *, at: int = 0, low: float | None = None) -> list[float]:
    values = [value] * 100
    if low is not None:
        values[at] = low
    return values


def test_a_wide_gap_is_accepted_and_fits_a_certificate() -> None:
    honest = {"ORT ALL": table(2.0**-20), "torch": table(1e-7)}
    result = calibrate(LOGITS, honest, {"fp16 weights": table(3.1e-4), "int8 weights": table(1e-2)})
    assert result.reasons == ()
    assert (result.is_accepted, result.tau) == (True, "3.82e-6")
    assert result.tau_sq == round(Fraction("3.82e-6") ** 2 * 2**64)
    tensor = VerifyTensor(name="logits", dtype="float32", shape=["1"], exponent=["20"], row="1")
    made = Certificate(
        verify=[tensor],
        tau=result.tau,
        reference="ORT DISABLE_ALL",
        honest_max=list(result.honest_max),
        cheat_min=list(result.cheat_min),
    )
    assert [m.name for m in made.honest_max] == ["ORT ALL", "torch"]


def test_one_cheat_on_one_input_is_enough_to_refuse() -> None:
    result = calibrate(
        SOFT, {"ORT ALL": table(5e-7)}, {"fp16 weights": table(1e-3, at=17, low=6.9e-6)}
    )
    assert result.reasons == (
        "fp16 weights differ by only 3.4 tau on input 17; the checked tensor lies after a softmax.",
    )


def test_honest_results_too_far_apart_are_refused() -> None:
    result = calibrate(LOGITS, {"torch": table(1e-5, at=3, low=2.6e-3)}, {"int8": table(1.0)})
    (reason,) = result.reasons
    assert "torch is 2.60e-3 away on input 3" in reason
    assert "a tolerance of 1.04e-2; 1e-2 is the most." in reason


def test_equal_results_get_the_smallest_tolerance() -> None:
    result = calibrate(LOGITS, {"ORT ALL": table(0.0)}, {"fp16 weights": table(9.9e-6)})
    assert (result.tau, result.honest_max[0].value) == ("2.00e-6", "0e0")
    assert result.reasons[0].startswith("fp16 weights differ by only 4.9 tau")


@pytest.mark.parametrize(
    ("honest", "cheats", "reason"),
    [
        ({}, {"int8": table(1.0)}, "No honest configuration"),
        ({"ORT ALL": table(0.0)}, {}, "No cheat was measured."),
        ({"ORT ALL": table(0.0)[1:]}, {"int8": table(1.0)[1:]}, "Only 99 inputs"),
        ({"ORT ALL": table(0.0)}, {"int8": [*table(1.0), 1.0]}, "not measured on the same"),
    ],
)
def test_a_calibration_that_measured_too_little_is_refused(
    honest: Any, cheats: Any, reason: str
) -> None:
    assert any(reason in found for found in calibrate(LOGITS, honest, cheats).reasons)


def test_results_that_are_not_finite_are_written_as_enormous() -> None:
    far = calibrate(LOGITS, {"ORT ALL": table(1e-7)}, {"int8": table(math.inf)})
    assert (far.is_accepted, far.cheat_min[0].value) == (True, "9.99e99")
    wrong = calibrate(LOGITS, {"ORT ALL": table(math.inf)}, {"int8": table(1.0)})
    assert "ORT ALL is 9.99e99 away on input 0" in wrong.reasons[0]


def test_candidates_are_tried_until_one_fits() -> None:
    tried: list[Candidate] = []

    def measure(candidate: Candidate) -> cal.CalibrationResult:
        tried.append(candidate)
        cheat = 1e-7 if candidate is SOFT else 1e-3
        return calibrate(candidate, {"ORT ALL": table(1e-7)}, {"fp16 weights": table(cheat)})

    proposal = cal.propose([SOFT, LOGITS, Candidate(("never",))], measure)
    assert tried == [SOFT, LOGITS]
    assert proposal.accepted is not None
    assert proposal.accepted.candidate is LOGITS
    assert [refused.candidate for refused in proposal.refused] == [SOFT]
    assert cal.propose([SOFT], measure).accepted is None
