"""What can be done with 32 integers: honest differences pass, cheats and lazy auditors never do.

The whole way of an audit in numbers: outputs, exponents of the calibration, the shift, projections
under fresh seeds, the contract's rule.
"""

from __future__ import annotations

import numpy as np
import pytest

from neurovoyance.protocol.audit import Outcome
from neurovoyance.protocol.certificate import tau_sq_of
from neurovoyance.protocol.ids import hash_abi
from neurovoyance.verification.calibration import TensorNorms
from neurovoyance.verification.canonical import Array
from neurovoyance.verification.projection import (
    SHIFT_MAX,
    SHIFT_MIN,
    Projection,
    ScaledTensor,
    choose_shift,
    project,
)
from neurovoyance.verification.tolerance import compare, range_fault

TAU = 1e-5
TAU_SQ = tau_sq_of("1e-5")
SEEDS = [hash_abi(["string", "uint256"], ["projections", number]) for number in range(150)]
GENERATOR = np.random.default_rng(2026)


def output() -> Array:
    """Return an output such as a model gives: logits of uneven size, fp32."""
    return (GENERATOR.standard_normal((40, 50)) * np.geomspace(0.1, 30, 50)).astype(np.float32)


def exponent_of(array: Array) -> tuple[int, ...]:
    norms = TensorNorms()
    norms.add(array)
    found = norms.exponents()
    assert found is not None
    return found


def moved(array: Array, distance: float, *, one_element: bool = False) -> Array:
    """Return the array at a relative L2 distance, everywhere or in its largest element alone."""
    values = array.astype(np.float64)
    noise = np.zeros_like(values) if one_element else GENERATOR.standard_normal(values.shape)
    if one_element:
        noise.flat[np.abs(values).argmax()] = 1.0
    noise *= distance * np.linalg.norm(values) / np.linalg.norm(noise)
    return (values + noise).astype(np.float32)


def z_of(array: Array, seed: bytes, shift: int, exponents: tuple[int, ...]) -> tuple[int, ...]:
    found = project([ScaledTensor(array, exponents)], seed=seed, shift=shift)
    assert isinstance(found, Projection)
    return found.z


REFERENCE = output()
EXPONENTS = exponent_of(REFERENCE)


def chosen_shift(array: Array) -> int:
    shift = choose_shift([ScaledTensor(array, EXPONENTS)])
    assert isinstance(shift, int)
    return shift


def outcomes(other: Array) -> list[Outcome]:
    """Return what auditors with the reference find about ``other``, one for each seed."""
    shift = chosen_shift(other)
    found = []
    for seed in SEEDS:
        z0 = z_of(other, seed, shift, EXPONENTS)
        assert range_fault(z0, shift) is None
        z1 = z_of(REFERENCE, seed, shift, EXPONENTS)
        found.append(compare(z0, z1, tau_sq=TAU_SQ).outcome)
    return found


@pytest.mark.parametrize("one_element", [False, True])
def test_honest_differences_pass_under_every_seed(one_element: bool) -> None:
    honest = moved(REFERENCE, 0.25 * TAU, one_element=one_element)
    assert set(outcomes(honest)) == {Outcome.PASS}


@pytest.mark.parametrize("one_element", [False, True])
def test_cheats_fail_under_every_seed(one_element: bool) -> None:
    cheat = moved(REFERENCE, 5 * TAU, one_element=one_element)
    assert set(outcomes(cheat)) == {Outcome.FAIL}


@pytest.mark.parametrize("dtype", [np.float16, "bfloat16"])
def test_a_result_rounded_to_a_smaller_dtype_fails(dtype: object) -> None:
    import ml_dtypes  # numpy has no bf16 of its own

    smaller = ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype
    assert set(outcomes(REFERENCE.astype(smaller).astype(np.float32))) == {Outcome.FAIL}


def test_the_projected_distance_is_the_true_one_on_average() -> None:
    other = moved(REFERENCE, 3 * TAU)
    shift, ratios = chosen_shift(other), []
    for seed in SEEDS:
        z0, z1 = (z_of(array, seed, shift, EXPONENTS) for array in (other, REFERENCE))
        found = compare(z0, z1, tau_sq=TAU_SQ)
        ratios.append(found.distance_sq / found.norm_sq / TAU**2)
    assert abs(np.mean(ratios) - 9) < 5 * 9 * np.sqrt(4 / 32 / len(SEEDS))  # five sigma


@pytest.mark.parametrize("shift", range(SHIFT_MIN, SHIFT_MAX + 1))
def test_no_shift_lets_a_cheat_pass(shift: int) -> None:
    """Too large a shift clamps, too small a one falls under the floor: both revert."""
    cheat = moved(REFERENCE, 5 * TAU)
    for seed in SEEDS[:20]:
        z0 = z_of(cheat, seed, shift, EXPONENTS)
        z1 = z_of(REFERENCE, seed, shift, EXPONENTS)
        is_refused = range_fault(z0, shift) is not None
        assert is_refused or compare(z0, z1, tau_sq=TAU_SQ).outcome is Outcome.FAIL


def test_both_ends_of_the_shifts_are_refused_at_once() -> None:
    for shift in (SHIFT_MIN, SHIFT_MAX):
        assert range_fault(z_of(REFERENCE, SEEDS[0], shift, EXPONENTS), shift) is not None


@pytest.mark.parametrize("kind", ["zero", "random", "earlier z0", "negated", "other input"])
def test_an_auditor_that_does_not_compute_never_agrees(kind: str) -> None:
    shift = chosen_shift(REFERENCE)
    other = output()
    for number, seed in enumerate(SEEDS[1:]):
        z0 = z_of(REFERENCE, seed, shift, EXPONENTS)
        lazy: dict[str, tuple[int, ...]] = {
            "zero": (0,) * 32,
            "random": tuple(int(v) for v in GENERATOR.integers(-(2**26), 2**26, 32)),
            "earlier z0": z_of(REFERENCE, SEEDS[number], shift, EXPONENTS),
            "negated": tuple(-v for v in z0),
            "other input": z_of(other, seed, shift, EXPONENTS),
        }
        assert compare(z0, lazy[kind], tau_sq=TAU_SQ).outcome is Outcome.FAIL


def test_an_honest_output_of_zeros_passes_and_noise_against_it_does_not() -> None:
    zeros = np.zeros(600, dtype=np.float32)
    small, large = zeros.copy(), zeros.copy()
    small[7], large[7] = 1e-5, 1.0  # against a scale of about one
    for seed in SEEDS[:20]:
        z = {
            name: z_of(array, seed, SHIFT_MAX, (20,))
            for name, array in (("zeros", zeros), ("small", small), ("large", large))
        }
        assert range_fault(z["zeros"], SHIFT_MAX) is None
        assert compare(z["zeros"], z["zeros"], tau_sq=TAU_SQ).outcome is Outcome.PASS
        assert compare(z["zeros"], z["large"], tau_sq=TAU_SQ).outcome is Outcome.FAIL
        assert compare(z["zeros"], z["small"], tau_sq=tau_sq_of("1e-2")).outcome is Outcome.FAIL
