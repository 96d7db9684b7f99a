"""What a commitment binds: outputs fitted to a seed, copied commitments, copied envelopes.

The projections are those of a real model's size; the seeds follow from commitments as on a chain.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from neurovoyance.ipfs.encryption import decrypt, encrypt
from neurovoyance.protocol.audit import (
    ROWS,
    Outcome,
    auditor_commitment,
    exact_answer,
    pack_ints,
    seed_of_round,
)
from neurovoyance.protocol.certificate import tau_sq_of
from neurovoyance.protocol.errors import StorageDecryptError
from neurovoyance.protocol.ids import hash_abi, keccak256
from neurovoyance.protocol.result import Opening, commitment_of, output_root, seed_of
from neurovoyance.verification.canonical import Array, encode_tensor
from neurovoyance.verification.commitment import tensor_hash
from neurovoyance.verification.grounds import envelope_grounds
from neurovoyance.verification.plain_projection import chacha20_words
from neurovoyance.verification.projection import (
    NONCE,
    Projection,
    ScaledTensor,
    choose_shift,
    project,
)
from neurovoyance.verification.tolerance import compare, range_fault

RUNS = 200
ELEMENTS = 640
TAU_SQ = tau_sq_of("1e-5")
CHAIN_ID, MARKET = 31_337, "0x" + "11" * 20
PROVIDER, COPYCAT = "0x" + "22" * 20, "0x" + "33" * 20


def word(what: str, number: int = 0) -> bytes:
    return hash_abi(["string", "uint256"], [what, number])


def opening_of(array: Array, number: int) -> Opening:
    shift = choose_shift([ScaledTensor(array, (20,))])
    assert isinstance(shift, int)
    root = output_root([tensor_hash(array)])
    cid = b"\x01\x55\x12\x20" + word("cid", number)
    return Opening(bytes(32), root, cid, word("key", number), shift, word("salt", number))


def committed(opening: Opening, job_id: bytes, provider: str = PROVIDER) -> bytes:
    return commitment_of(
        chain_id=CHAIN_ID, market=MARKET, job_id=job_id, provider=provider, opening=opening
    )


def seed_drawn(commitment: bytes, job_id: bytes, number: int) -> bytes:
    beacon = word("beacon", number)
    return seed_of(
        beacon=beacon, chain_id=CHAIN_ID, market=MARKET, job_id=job_id, commitment=commitment
    )


def z_of(array: Array, seed: bytes, shift: int) -> tuple[int, ...]:
    found = project([ScaledTensor(array, (20,))], seed=seed, shift=shift)
    assert isinstance(found, Projection)
    return found.z


def signs_of(seed: bytes) -> Array:
    """Return the matrix of a seed, shape (32, elements), of -1 and 1."""
    words = chacha20_words(seed, NONCE)
    keys = np.array([next(words) for _ in range(ELEMENTS)], dtype=np.int64)
    return 1.0 - 2.0 * ((keys[None, :] >> np.arange(ROWS)[:, None]) & 1)


def fitted(right: Array, seed: bytes, random: np.random.Generator) -> Array:
    """Return a wrong output whose projection under this very seed is the right one's."""
    matrix, noise = signs_of(seed), random.standard_normal(ELEMENTS) * 0.1
    hidden = np.linalg.lstsq(matrix, matrix @ noise, rcond=None)[0]
    return (right + (noise - hidden)).astype(np.float32)


def test_an_output_fitted_to_a_seed_passes_under_it_alone_and_cannot_be_committed_any_more() -> (
    None
):
    fits = caught = unopened = 0
    for number in range(RUNS):
        random = np.random.default_rng(number)
        right, job_id = random.standard_normal(ELEMENTS).astype(np.float32), word("job", number)
        opening = opening_of(right, number)
        seed = seed_drawn(c0 := committed(opening, job_id), job_id, number)
        wrong = fitted(right, seed, random)
        assert np.linalg.norm(wrong - right) > 0.05 * np.linalg.norm(right)
        shift = opening.shift
        z1 = z_of(right, seed, shift)
        fits += compare(z_of(wrong, seed, shift), z1, tau_sq=TAU_SQ).outcome is Outcome.PASS
        # Revealing it instead of what was committed to: another C0, so the reveal reverts.
        other = replace(opening, out_root=output_root([tensor_hash(wrong)]))
        unopened += committed(other, job_id) != c0
        # Committing to it: another seed, drawn afterwards, under which it fails.
        fresh = opening_of(wrong, number)
        later = seed_drawn(committed(fresh, job_id), job_id, number)
        z0, z1 = z_of(wrong, later, fresh.shift), z_of(right, later, fresh.shift)
        assert range_fault(z0, fresh.shift) is None
        caught += compare(z0, z1, tau_sq=TAU_SQ).outcome is Outcome.FAIL
    print(
        f"\nfitted outputs: {fits}/{RUNS} fit their seed, {unopened} open nothing, {caught} caught"
    )
    assert fits == unopened == caught == RUNS


def test_a_forged_answer_shows_as_soon_as_the_result_is_public() -> None:
    """A true z0 from an honest run made too late, and cheap bytes committed."""
    for number in range(RUNS):
        random = np.random.default_rng(number)
        right = random.standard_normal(ELEMENTS).astype(np.float32)
        cheap = np.zeros_like(right) + np.float32(1)
        opening, job_id = opening_of(cheap, number), word("job", number)
        seed = seed_drawn(committed(opening, job_id), job_id, number)
        answered = z_of(right, seed, opening.shift)
        assert answered != z_of(cheap, seed, opening.shift)


def test_a_copied_commitment_opens_for_nobody_else_and_for_no_other_job() -> None:
    random = Random(1)
    for number in range(RUNS):
        array = np.full(ELEMENTS, random.random(), np.float32)
        opening, job_id = opening_of(array, number), word("job", number)
        copied = committed(opening, job_id)
        assert committed(opening, job_id, COPYCAT) != copied
        assert committed(opening, word("another job", number)) != copied


def test_a_copied_auditors_commitment_opens_for_nobody_else() -> None:
    for number in range(RUNS):
        z1 = pack_ints([number * 1_000 + row for row in range(ROWS)])

        def bound(auditor: str, slot: int, round_number: int, z: tuple[bytes, ...] = z1) -> bytes:
            return auditor_commitment(
                chain_id=CHAIN_ID,
                audit_court=MARKET,
                job_id=word("job"),
                slot=slot,
                round_number=round_number,
                auditor=auditor,
                z1=z,
                flags=0,
                salt=word("salt"),
            )

        mine = bound(PROVIDER, 0, 0)
        others = {bound(COPYCAT, 0, 0), bound(PROVIDER, 1, 6), bound(PROVIDER, 0, 1)}
        assert mine not in others and len(others) == 3


def test_a_result_copied_from_another_nodes_storage_opens_nothing() -> None:
    """An envelope is readable with its key alone, for its job alone."""
    for number in range(RUNS):
        array = np.random.default_rng(number).standard_normal(ELEMENTS).astype(np.float32)
        key, job_id = word("key", number), word("job", number)
        envelope = encrypt(encode_tensor(array), key, job_id)
        with pytest.raises(StorageDecryptError):
            decrypt(envelope, word("a guessed key", number), job_id)
        with pytest.raises(StorageDecryptError):
            decrypt(envelope, key, word("the copycat's job", number))
        # Committing to its bytes without having computed them: the root is another one.
        guessed = output_root([keccak256(envelope)])
        found = envelope_grounds([tensor_hash(array)], guessed)
        assert found is not None


def test_an_exact_answer_copied_from_another_round_or_root_never_agrees() -> None:
    for number in range(RUNS):
        seed, root = word("seed", number), word("root", number)
        right = exact_answer(seed, root)
        assert exact_answer(seed_of_round(seed, 1), root) != right
        assert exact_answer(seed, word("another root", number)) != right
