"""Is there ground for a challenge? What a client, an auditor or anybody finds in public bytes.

Place: L2, pure, after a reveal. Data flow: the opened envelope, the committed root, the answers of
the audit, an output of one's own -> the strongest claim that referees will uphold, or None. Claims
that are decided by exact recomputation come first: they need no trace. Never: a claim from bytes
that could not be had (that is UNAVAILABLE, which only repeated asking shows).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurovoyance.protocol.audit import DisputeKind, Outcome, exact_answer, seed_of_round
from neurovoyance.verification.commitment import output_root
from neurovoyance.verification.projection import NoVector, Projection, ScaledTensor, project
from neurovoyance.verification.tolerance import compare


@dataclass(frozen=True, slots=True)
class Grounds:
    """What to claim, and why: one full sentence for people."""

    kind: DisputeKind
    reason: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What the provider answered in one round of the audit: four words."""

    round_number: int
    words: tuple[bytes, ...]


def envelope_grounds(tensor_hashes: Sequence[bytes] | None, out_root: bytes) -> Grounds | None:
    """Return the claim that an envelope does not hold the committed output, or None.

    Args:
        tensor_hashes: BLAKE3 of the canonical tensors in it; None if it cannot be decrypted or is
            no list of such tensors.
    """
    if tensor_hashes is None:
        return Grounds(DisputeKind.BAD_ENVELOPE, "The envelope cannot be opened with its key.")
    if not tensor_hashes or output_root(list(tensor_hashes)) != out_root:
        reason = "The envelope holds another output than the one committed to."
        return Grounds(DisputeKind.BAD_ENVELOPE, reason)
    return None


def answer_grounds(
    tensors: Sequence[ScaledTensor] | None,
    answers: Sequence[Answered],
    *,
    seed0: bytes,
    out_root: bytes,
    shift: int,
) -> Grounds | None:
    """Return the claim that an answer is not of the revealed output, or None.

    Args:
        tensors: revealed, with the certificate's exponents; None in class EXACT.
    """
    for answer in answers:
        seed = seed_of_round(seed0, answer.round_number)
        if tensors is None:
            expected: tuple[bytes, ...] = exact_answer(seed, out_root)
        else:
            found = project(tensors, seed=seed, shift=shift)
            expected = () if isinstance(found, NoVector) else found.words
        if expected != tuple(answer.words):
            reason = f"The answer in round {answer.round_number} is not of the revealed output."
            return Grounds(DisputeKind.FORGED_ANSWER, reason)
    return None


def output_grounds(
    revealed: Sequence[ScaledTensor],
    own: Sequence[ScaledTensor],
    *,
    seed0: bytes,
    shift: int,
    tau_sq: int,
) -> Grounds | None:
    """Return the claim that a revealed output is not what the model computes, or None.

    Args:
        own: an output of one's own on the same model and input; only trust it under C1.
        tau_sq: square of the tolerance, times 2**64.
    """
    z0 = project(revealed, seed=seed0, shift=shift)
    z1 = project(own, seed=seed0, shift=shift)
    if not isinstance(z0, Projection) or not isinstance(z1, Projection):
        return None
    found = compare(z0.z, z1.z, tau_sq=tau_sq)
    if found.outcome is Outcome.PASS:
        return None
    reason = f"The output is {found.in_tau()} times the tolerance away from a run of our own."
    return Grounds(DisputeKind.WRONG_OUTPUT, reason)
