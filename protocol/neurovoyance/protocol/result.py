"""What binds a provider to an output: output root, commitment, seed, and what it used.

Place: stages 5 and 6. Mirrors ``contracts/libraries/Hashing.sol``; the formulas are those of
``docs/spec/job.md``. Never: reading or hashing tensors (that is ``verification.commitment``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neurovoyance.protocol.ids import hash_abi, keccak256
from neurovoyance.protocol.units import BPS


@dataclass(frozen=True, slots=True)
class ResourceUsage:
    """What one execution used, as its provider measured it."""

    wall_ms: int
    cpu_ms: int
    peak_memory_bytes: int
    model_load_ms: int = 0


@dataclass(frozen=True, slots=True)
class Opening:
    """Everything a commitment binds, and the drawn seed; mirrors the Solidity struct.

    Attributes:
        seed0: the drawn seed, 32 bytes; zeros where the call draws it itself.
        out_root: root over the output tensors, 32 bytes.
        envelope_cid: binary CID of the encrypted output.
        result_key: key of the envelope, 32 bytes; public after the reveal.
        shift: binary exponent of the projection, -16 to 16.
        salt: 32 random bytes.
    """

    seed0: bytes
    out_root: bytes
    envelope_cid: bytes
    result_key: bytes
    shift: int
    salt: bytes

    def as_abi(self) -> tuple[Any, ...]:
        """Return the fields in the order of the Solidity struct."""
        return (
            self.seed0,
            self.out_root,
            self.envelope_cid,
            self.result_key,
            self.shift,
            self.salt,
        )


def output_root(tensor_hashes: list[bytes]) -> bytes:
    """Return ``H(bytes32[] h)`` over the BLAKE3 hashes of the canonical tensors, in order."""
    return hash_abi(["bytes32[]"], [tensor_hashes])


def commitment_of(
    *, chain_id: int, market: str, job_id: bytes, provider: str, opening: Opening
) -> bytes:
    """Return C0, 32 bytes::

    C0 = H("NVY/commit/1", chainId, jobMarket, jobId, provider, outRoot,
           keccak256(envelopeCid), H(K), shift, salt)
    """
    types = ["string", "uint256", "address", "bytes32", "address"]
    types += ["bytes32", "bytes32", "bytes32", "int8", "bytes32"]
    bound = [
        opening.out_root,
        keccak256(opening.envelope_cid),
        hash_abi(["bytes32"], [opening.result_key]),
        opening.shift,
        opening.salt,
    ]
    return hash_abi(types, ["NVY/commit/1", chain_id, market, job_id, provider, *bound])


def seed_of(
    *, beacon: bytes, chain_id: int, market: str, job_id: bytes, commitment: bytes
) -> bytes:
    """Return ``seed0 = H("NVY/seed/1", beacon, chainId, jobMarket, jobId, C0)``, 32 bytes."""
    return hash_abi(
        ["string", "bytes32", "uint256", "address", "bytes32", "bytes32"],
        ["NVY/seed/1", beacon, chain_id, market, job_id, commitment],
    )


def is_audited(seed0: bytes, probability_bps: int) -> bool:
    """Return whether the seed draws an audit: ``uint256(H(seed0, "audit")) % 10000 < pBps``."""
    drawn = int.from_bytes(hash_abi(["bytes32", "string"], [seed0, "audit"]), "big")
    return drawn % BPS < probability_bps
