"""When there is ground for a challenge, and when there is none."""

from __future__ import annotations

import numpy as np

from neurovoyance.protocol.audit import DisputeKind, exact_answer, seed_of_round
from neurovoyance.verification.commitment import output_root, tensor_hash
from neurovoyance.verification.grounds import (
    Answered,
    answer_grounds,
    envelope_grounds,
    output_grounds,
)
from neurovoyance.verification.projection import Projection, ScaledTensor, project

SEED = bytes(range(32))
ARRAY = np.random.default_rng(3).standard_normal((8, 128)).astype(np.float32)
TENSORS = [ScaledTensor(ARRAY, (20,))]
ROOT = output_root([tensor_hash(ARRAY)])
TAU_SQ = round((1e-5) ** 2 * 2**64)


def answer(round_number: int, array: np.ndarray = ARRAY) -> Answered:
    seed = seed_of_round(SEED, round_number)
    found = project([ScaledTensor(array, (20,))], seed=seed, shift=0)
    assert isinstance(found, Projection)
    return Answered(round_number, found.words)


def test_an_envelope_has_to_open_and_hold_the_committed_output() -> None:
    assert envelope_grounds([tensor_hash(ARRAY)], ROOT) is None
    for hashes in (None, [], [tensor_hash(ARRAY + 1)], [tensor_hash(ARRAY)] * 2):
        found = envelope_grounds(hashes, ROOT)
        assert found is not None
        assert found.kind is DisputeKind.BAD_ENVELOPE


def test_every_answer_has_to_be_of_the_revealed_output() -> None:
    true = [answer(0), answer(3)]
    assert answer_grounds(TENSORS, true, seed0=SEED, out_root=ROOT, shift=0) is None
    forged = [answer(0), answer(3, ARRAY * np.float32(1.001))]
    found = answer_grounds(TENSORS, forged, seed0=SEED, out_root=ROOT, shift=0)
    assert found is not None
    assert found.kind is DisputeKind.FORGED_ANSWER
    assert "round 3" in found.reason


def test_an_exact_answer_is_a_hash() -> None:
    true = Answered(2, exact_answer(seed_of_round(SEED, 2), ROOT))
    assert answer_grounds(None, [true], seed0=SEED, out_root=ROOT, shift=0) is None
    other = Answered(2, exact_answer(SEED, ROOT))
    assert answer_grounds(None, [other], seed0=SEED, out_root=ROOT, shift=0) is not None


def test_an_output_outside_the_tolerance_is_wrong() -> None:
    def grounds(factor: float) -> object:
        own = [ScaledTensor(ARRAY * np.float32(factor), (20,))]
        return output_grounds(TENSORS, own, seed0=SEED, shift=0, tau_sq=TAU_SQ)

    assert grounds(1.0) is None
    assert grounds(1.000001) is None
    assert grounds(1.01) is not None


def test_an_output_that_cannot_be_projected_proves_nothing() -> None:
    broken = [ScaledTensor(np.full((8, 128), np.nan, np.float32), (20,))]
    assert output_grounds(TENSORS, broken, seed0=SEED, shift=0, tau_sq=TAU_SQ) is None
