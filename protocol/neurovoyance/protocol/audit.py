"""Audits and disputes: their numbers, their facts, and every hash they are made of.

Place: stage 7; mirrors ``contracts/types/{Audit,Dispute}.sol`` and the formulas of
``docs/spec/{audit,dispute}.md``. Contracts keep only hashes of facts, so whoever acts has to hold
the facts themselves and give them again in every call. Integers inside a hash are one word each.
Never: numpy, tensors or tolerances (that is ``verification``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import hash_abi, keccak256
from neurovoyance.protocol.units import BPS

ROWS: Final = 32
"""Rows of a projection: 32 signed 32-bit integers in four words."""

TRACE_ROWS: Final = 16
"""Rows of a projection inside a trace: half of them, in two words."""

INTS_PER_WORD: Final = 8
INT32_MIN: Final = -(2**31)
INT32_MAX: Final = 2**31 - 1

DRAWS_PER_SLOT_MAX: Final = 6
"""Auditors drawn for a slot before it is skipped; ``drawsPerSlotMax`` of the parameters."""

FLAG_TOKENS: Final = 1
FLAG_UNAVAILABLE: Final = 2
FLAG_NON_FINITE: Final = 4

_ZERO_WORD: Final = bytes(32)


class Outcome(IntEnum):
    """What one auditor found; numbers as in ``Audit.sol``."""

    NONE = 0
    PASS = 1
    FAIL = 2
    NON_FINITE = 3


class SlotPhase(IntEnum):
    """Where one audit slot stands; numbers as in ``Audit.sol``."""

    NONE = 0
    SEATING = 1
    COMMIT = 2
    ANSWER = 3
    REVEAL = 4
    PASSED = 5
    FAILED = 6
    INVALID = 7
    SKIPPED = 8


class DisputeKind(IntEnum):
    """What is claimed to be wrong; numbers as in ``Dispute.sol``."""

    WRONG_OUTPUT = 0
    FORGED_ANSWER = 1
    BAD_ENVELOPE = 2
    UNAVAILABLE = 3


class DisputePhase(IntEnum):
    """Where a dispute stands; numbers as in ``Dispute.sol``."""

    NONE = 0
    TRACE = 1
    POINT = 2
    SEATING = 3
    VOTE = 4
    VOTE_REVEAL = 5
    APPEAL = 6
    GUILTY = 7
    CLEAR = 8
    DROPPED = 9
    UNDECIDED = 10


class RefereeVote(IntEnum):
    """A referee's finding; numbers as in ``Dispute.sol``."""

    NONE = 0
    GUILTY = 1
    CLEAR = 2
    UNAVAILABLE = 3
    ABSTAIN = 4


class PointKind(IntEnum):
    """What a challenger points at; numbers as in ``Dispute.sol``."""

    OPERATOR = 0
    MISSING_ROW = 1
    FORGED_PROJECTION = 2
    WRONG_SOURCE = 3


@dataclass(frozen=True, slots=True)
class AuditFacts:
    """Facts of an audit that never change; fields, order and units as in ``Audit.sol``.

    Attributes:
        c0: the provider's commitment, 32 bytes.
        pay_wei: for one auditor.
        pool: 12 bytes.
        committed_at_s: seats that were live then can be drawn.
        shift: of the commitment.
    """

    job_id: bytes
    model_id: bytes
    c0: bytes
    seed0: bytes
    provider: str
    client: str
    price_wei: int
    pay_wei: int
    tau_sq: int
    pool: bytes
    committed_at_s: int
    max_runtime_s: int
    job_class: int
    slots: int
    shift: int

    def as_abi(self) -> tuple[Any, ...]:
        """Return the fields in the order of the Solidity struct."""
        return tuple(getattr(self, name) for name in self.__slots__)

    @classmethod
    def from_abi(cls, values: Sequence[Any]) -> AuditFacts:
        """Rebuild facts from the values of the Solidity struct, as an event carries them."""
        return cls(*values)

    def facts_hash(self) -> bytes:
        """Return ``keccak256(abi.encode(facts))``, 32 bytes.

        Every member is one word, so the encoding of the struct is that of its members.
        """
        return hash_abi(_AUDIT_TYPES, list(self.as_abi()))


_AUDIT_TYPES: Final = [
    *("bytes32",) * 4,
    *("address",) * 2,
    *("uint96",) * 2,
    *("uint64", "bytes12", "uint40", "uint32", "uint8", "uint8", "int8"),
]


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """Facts of a dispute that never change; fields, order and units as in ``Dispute.sol``.

    Attributes:
        challenger: gets back or loses the bond.
        lock_wei: of the provider, behind the job.
        bond_wei: of the challenger.
        opened_at_s: seats that were live then can be drawn as referees.
        window_end_s: the job settles no earlier.
        rows: operators that a trace lists.
        verify_rows_hash: 20 bytes, see ``certificate.verify_rows_hash``.
        is_drawn: the job was audited, so only an auditor can be the finder.
        is_contest: opened by the provider against failing auditors.
        is_late: the job was settled before.
    """

    dispute_id: int
    job_id: bytes
    model_id: bytes
    seed0: bytes
    out_root: bytes
    provider: str
    client: str
    challenger: str
    price_wei: int
    lock_wei: int
    bond_wei: int
    tau_sq: int
    pool: bytes
    opened_at_s: int
    window_end_s: int
    max_runtime_s: int
    rows: int
    verify_rows_hash: bytes
    job_class: int
    kind: DisputeKind
    is_drawn: bool
    is_contest: bool
    is_late: bool

    def as_abi(self) -> tuple[Any, ...]:
        """Return the fields in the order of the Solidity struct."""
        values = [getattr(self, name) for name in self.__slots__]
        return tuple(int(v) if isinstance(v, DisputeKind) else v for v in values)

    @classmethod
    def from_abi(cls, values: Sequence[Any]) -> DisputeFacts:
        """Rebuild facts from the values of the Solidity struct, as an event carries them."""
        named = dict(zip(cls.__slots__, values, strict=True))
        named["kind"] = DisputeKind(named["kind"])
        return cls(**named)

    def facts_hash(self) -> bytes:
        """Return ``keccak256(abi.encode(facts))``, 32 bytes; every member is one word."""
        return hash_abi(_DISPUTE_TYPES, list(self.as_abi()))


_DISPUTE_TYPES: Final = [
    "uint256",
    *("bytes32",) * 4,
    *("address",) * 3,
    *("uint96",) * 3,
    *("uint64", "bytes12", "uint40", "uint40", "uint32", "uint32", "bytes20"),
    *("uint8", "uint8", "bool", "bool", "bool"),
]


@dataclass(frozen=True, slots=True)
class TraceRow:
    """The output of one operator in a trace; mirrors the Solidity struct.

    Attributes:
        index: of the operator output, in graph order.
        tensor_hash: BLAKE3 of the canonical tensor, 32 bytes.
        shift: of its projection.
        z16: the first 16 rows of its projection under :func:`trace_seed`, two words.
    """

    index: int
    tensor_hash: bytes
    shift: int
    z16: tuple[bytes, bytes]

    def as_abi(self) -> tuple[Any, ...]:
        """Return the fields in the order of the Solidity struct."""
        return (self.index, self.tensor_hash, self.shift, self.z16)


def trace_leaf(row: TraceRow) -> bytes:
    """Return the leaf of a row in OpenZeppelin's standard tree, 32 bytes.

    It is ``keccak256(keccak256(abi.encode(row)))``; hashed twice, no leaf passes for an inner node.
    """
    return keccak256(hash_abi(["uint32", "bytes32", "int8", "bytes32[2]"], list(row.as_abi())))


# --- seeds and draws ----------------------------------------------------------------------------


def binding_of(c0: bytes, seed0: bytes) -> bytes:
    """Return what the job's record keeps after the draw: ``H(C0, seed0)``, 32 bytes."""
    return hash_abi(["bytes32", "bytes32"], [c0, seed0])


def seed_of_round(seed0: bytes, round_number: int) -> bytes:
    """Return ``seed_r``, 32 bytes: ``seed0`` for round 0, else ``H(seed0, r)``.

    Rounds are counted over all slots, see :func:`first_round`.
    """
    if round_number == 0:
        return seed0
    return hash_abi(["bytes32", "uint256"], [seed0, round_number])


def seat_index(seed_r: bytes, slot: int, attempt: int, length: int) -> int:
    """Return the seat looked at: ``uint256(H(seed_r, "seat", slot, attempt)) % length``.

    Args:
        seed_r: seed of the round, 32 bytes.
        slot: of the audit, from 0.
        attempt: from 0; counts on while seats are skipped.
        length: seats ever listed in the pool when the provider committed, >= 1.
    """
    digest = hash_abi(["bytes32", "string", "uint256", "uint256"], [seed_r, "seat", slot, attempt])
    return int.from_bytes(digest, "big") % length


def first_round(slot: int) -> int:
    """Return the first round number of a slot.

    Slots never share a round, so an answer in one slot is no help to the auditor of another.
    """
    return slot * DRAWS_PER_SLOT_MAX


def lock_id_of(job_id: bytes, slot: int, round_number: int) -> bytes:
    """Return the id under which an auditor's stake is locked: ``H(jobId, slot, r)``, 32 bytes."""
    return hash_abi(["bytes32", "uint256", "uint256"], [job_id, slot, round_number])


def is_re_audited(seed0: bytes, slot: int, probability_bps: int) -> bool:
    """Return whether a passed slot is audited again: ``uint256(H(seed0, "re", slot)) % 10000``."""
    digest = hash_abi(["bytes32", "string", "uint256"], [seed0, "re", slot])
    return int.from_bytes(digest, "big") % BPS < probability_bps


def referee_index(beacon: bytes, dispute_id: int, level: int, attempt: int, length: int) -> int:
    """Return the seat looked at when referees are drawn.

    ``uint256(H(beaconValue, "referee", disputeId, level, attempt)) % length``.
    """
    digest = hash_abi(
        ["bytes32", "string", "uint256", "uint256", "uint256"],
        [beacon, "referee", dispute_id, level, attempt],
    )
    return int.from_bytes(digest, "big") % length


def trace_seed(dispute_id: int) -> bytes:
    """Return the seed of a trace's projections: ``H("NVY/trace/1", disputeId)``, 32 bytes."""
    return hash_abi(["string", "uint256"], ["NVY/trace/1", dispute_id])


# --- answers, commitments, votes ----------------------------------------------------------------


def pack_ints(values: Sequence[int]) -> tuple[bytes, ...]:
    """Return int32 values as words, eight big-endian integers each, the first most significant.

    Raises:
        SpecError: the count is no multiple of eight, or a value needs more than 32 bits.
    """
    if len(values) % INTS_PER_WORD or any(not INT32_MIN <= v <= INT32_MAX for v in values):
        raise SpecError(
            "A projection is a multiple of eight integers of 32 bits each; nothing was packed.",
            count=len(values),
        )
    raw = b"".join(int(value).to_bytes(4, "big", signed=True) for value in values)
    return tuple(raw[at : at + 32] for at in range(0, len(raw), 32))


def unpack_ints(words: Sequence[bytes]) -> tuple[int, ...]:
    """Return the int32 values of words packed by :func:`pack_ints`.

    Raises:
        SpecError: a word is not 32 bytes long.
    """
    if any(len(word) != 32 for word in words):
        raise SpecError("A word of a projection is 32 bytes long; nothing was unpacked.")
    raw = b"".join(words)
    return tuple(
        int.from_bytes(raw[at : at + 4], "big", signed=True) for at in range(0, len(raw), 4)
    )


def exact_answer(seed_r: bytes, out_root: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Return the answer to an EXACT audit: ``H(seed_r, outRoot)`` and three words of zeros."""
    word = hash_abi(["bytes32", "bytes32"], [seed_r, out_root])
    return word, _ZERO_WORD, _ZERO_WORD, _ZERO_WORD


def auditor_commitment(
    *,
    chain_id: int,
    audit_court: str,
    job_id: bytes,
    slot: int,
    round_number: int,
    auditor: str,
    z1: Sequence[bytes],
    flags: int,
    salt: bytes,
) -> bytes:
    """Return what an auditor commits to, 32 bytes::

    H("NVY/audit/1", chainId, auditCourt, jobId, slot, r, auditor, bytes32[4] z1, flags, salt)
    """
    types = ["string", "uint256", "address", "bytes32", "uint256", "uint256"]
    types += ["address", "bytes32[4]", "uint256", "bytes32"]
    head = ["NVY/audit/1", chain_id, audit_court, job_id, slot, round_number]
    return hash_abi(types, [*head, auditor, tuple(z1), flags, salt])


def seal_of(commitment: bytes, z0: Sequence[bytes]) -> bytes:
    """Return what a slot keeps once it was answered: ``H(commitment, H(z0))``, 32 bytes."""
    return hash_abi(["bytes32", "bytes32"], [commitment, hash_abi(["bytes32[4]"], [tuple(z0)])])


def vote_commitment(
    *, dispute_id: int, level: int, referee: str, vote: RefereeVote, salt: bytes
) -> bytes:
    """Return ``H("NVY/vote/1", disputeId, level, referee, vote, salt)``, 32 bytes."""
    return hash_abi(
        ["string", "uint256", "uint256", "address", "uint256", "bytes32"],
        ["NVY/vote/1", dispute_id, level, referee, int(vote), salt],
    )
