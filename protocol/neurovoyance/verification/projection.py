"""The random projection that audits compare: any output becomes 32 integers.

Place: L2; used by provider (answer), auditor, client, challenger and referee, with the seed drawn
after the provider's commitment. Data flow: float tensors in certificate order -> scaled binary64
vector, 4,096 elements at a time -> 32 signed sums under a ChaCha20 keystream -> int32. Bit for bit
as verification section 4 says; ``plain_projection`` is the twin that shows it.
Never: a fused multiply-add, another order of summation, or a copy of the whole vector.

A vector that must not be projected (NaN, infinity, norm of 2**42 or more at shift 0) is a *value*,
:class:`NoVector`, since it is a finding about the output: providers declare the job invalid,
auditors raise flag 4. Too few elements or an integer tensor raise ``VerificationError``: the check
could not be made.

No step can meet a subnormal or an overflow, whatever the CPU's modes: fp32 lies in 2**-149..2**128,
exponents in -64..64, shifts in -16..16, so scaled values and their squares stay in 2**-458..2**416.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

from neurovoyance.protocol.audit import INT32_MAX, ROWS, pack_ints
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.verification.canonical import Array, has_non_finite, tensor_type

BLOCK: Final = 4_096
"""Elements that are summed by halving before they meet the accumulator."""

NONCE: Final = b"NVYproj1" + bytes(4)
SHIFT_MIN: Final = -16
SHIFT_MAX: Final = 16
EXPONENT_MAX: Final = 64
MIN_ELEMENTS: Final = 512
MAX_ELEMENTS: Final = 2**32
NORM_LOG2_GOAL: Final = 25
NORM_LOG2_LIMIT: Final = 42

_PIECE: Final = 8 * BLOCK
_SIGN: Final = np.uint64(1 << 63)
_FLOAT_NAMES: Final = frozenset({"fp32", "fp16", "bf16"})

_Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScaledTensor:
    """One verify tensor and the powers of two that scale it.

    Attributes:
        array: fp32, fp16 or bf16, any shape and strides.
        exponents: ``s_t``; one, or one per channel of the last axis; each -64 to 64.
    """

    array: Array
    exponents: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        if tensor_type(self.array.dtype).name not in _FLOAT_NAMES:
            raise VerificationError(
                f"A tensor of dtype {self.array.dtype} cannot be projected.",
                hint="Integer tensors are compared bit by bit, in class EXACT.",
                dtype=str(self.array.dtype),
            )
        channels = self.array.shape[-1] if self.array.ndim else 1
        if len(self.exponents) not in (1, channels):
            raise VerificationError(
                f"A tensor of {channels} channels cannot take {len(self.exponents)} exponents.",
                channels=channels,
                exponents=len(self.exponents),
            )
        if any(abs(exponent) > EXPONENT_MAX for exponent in self.exponents):
            raise VerificationError(f"An exponent is outside -{EXPONENT_MAX} to {EXPONENT_MAX}.")


@dataclass(frozen=True, slots=True)
class NoVector:
    """The output must not be projected.

    Attributes:
        reason: one full sentence for people.
    """

    reason: str


NON_FINITE: Final = NoVector("The output holds NaN or infinity.")
TOO_LARGE: Final = NoVector("The norm of the scaled output is 2**42 or more.")


@dataclass(frozen=True, slots=True)
class Projection:
    """What a projection gives.

    Attributes:
        z: int32 values, 32 unless fewer rows were asked for.
        shift: the one it was made with.
        elements: length of the vector.
    """

    z: tuple[int, ...]
    shift: int
    elements: int

    @property
    def words(self) -> tuple[bytes, ...]:
        """The values as contracts take them, eight to a word of 32 bytes."""
        return pack_ints(self.z)

    @property
    def is_clamped(self) -> bool:
        """Whether a value is at the clamp: the shift was too large, an answer would revert."""
        return any(abs(value) >= INT32_MAX for value in self.z)


def count_elements(tensors: Sequence[ScaledTensor]) -> int:
    """Return the length of the vector of several tensors."""
    return sum(tensor.array.size for tensor in tensors)


def choose_shift(
    tensors: Sequence[ScaledTensor], *, min_elements: int = MIN_ELEMENTS
) -> int | NoVector:
    """Return the shift that a provider commits to.

    ``clamp(25 - floor(log2(norm)), -16, 16)`` with the norm at shift 0, or 16 for a norm of zero.
    The squares are summed in the order of the projection, so every implementation agrees.

    Args:
        tensors: verify tensors in certificate order.
        min_elements: fewest elements; 512 except for the rows of a trace.

    Raises:
        VerificationError: the vector is too short or too long.
    """
    _check_length(tensors, min_elements)
    total = 0.0
    for piece in vector_pieces(tensors, 0):
        if piece is None:
            return NON_FINITE
        for block in piece.reshape(-1, BLOCK):
            total += _fold(np.square(block)[None, :])[0]
    return shift_of_norm_sq(total)


def shift_of_norm_sq(norm_sq: float) -> int | NoVector:
    """Return the shift for a squared norm at shift 0, exactly."""
    if norm_sq >= 2.0 ** (2 * NORM_LOG2_LIMIT):
        return TOO_LARGE
    if norm_sq == 0:
        return SHIFT_MAX
    _, exponent = math.frexp(norm_sq)  # norm_sq in [2**(exponent-1), 2**exponent)
    return max(SHIFT_MIN, min(SHIFT_MAX, NORM_LOG2_GOAL - ((exponent - 1) >> 1)))


def project(
    tensors: Sequence[ScaledTensor],
    *,
    seed: bytes,
    shift: int,
    rows: int = ROWS,
    min_elements: int = MIN_ELEMENTS,
) -> Projection | NoVector:
    """Return the projection of the tensors under a seed.

    Args:
        tensors: verify tensors in certificate order.
        seed: of the audit round, 32 bytes; the key of the keystream.
        shift: as the provider committed it, -16 to 16.
        rows: how many of the 32 rows; 16 for the rows of a trace.
        min_elements: fewest elements; 512 except for the rows of a trace.

    Raises:
        VerificationError: the vector is too short or too long, or seed, shift or rows are out of
            range.
    """
    _check_length(tensors, min_elements)
    if len(seed) != 32 or not SHIFT_MIN <= shift <= SHIFT_MAX or not 1 <= rows <= ROWS:
        raise VerificationError(
            "A projection needs a seed of 32 bytes, a shift of -16 to 16 and 1 to 32 rows.",
            shift=shift,
            rows=rows,
        )
    stream = Cipher(algorithms.ChaCha20(seed, bytes(4) + NONCE), mode=None).encryptor()
    sums, norm_sq = np.zeros(rows), 0.0
    signed = np.empty((rows, BLOCK), dtype=np.uint64)
    up = np.arange(63, 63 - rows, -1, dtype=np.uint64)[:, None]  # brings bit j to the sign
    zeros = bytes(4 * _PIECE)
    for piece in vector_pieces(tensors, shift):
        if piece is None:
            return NON_FINITE
        key = np.frombuffer(stream.update(zeros[: 4 * piece.size]), dtype="<u4").astype(np.uint64)
        for at in range(0, piece.size, BLOCK):
            block = piece[at : at + BLOCK]
            norm_sq += _fold(np.square(block)[None, :])[0]
            np.left_shift(key[None, at : at + BLOCK], up, out=signed)
            np.bitwise_and(signed, _SIGN, out=signed)
            np.bitwise_xor(signed, block.view(np.uint64)[None, :], out=signed)
            sums += _fold(signed.view(np.float64))
    if norm_sq >= 2.0 ** (2 * (NORM_LOG2_LIMIT + shift)):
        return TOO_LARGE
    z = np.clip(np.rint(sums), -INT32_MAX, INT32_MAX)
    return Projection(tuple(int(value) for value in z), shift, count_elements(tensors))


def _fold(values: _Doubles) -> _Doubles:
    """Sum each row of (rows, 4096) by halving, in place; return the sums, shape (rows,)."""
    half = BLOCK // 2
    while half:
        np.add(values[:, :half], values[:, half : 2 * half], out=values[:, :half])
        half //= 2
    sums: _Doubles = values[:, 0]
    return sums


def vector_pieces(tensors: Sequence[ScaledTensor], shift: int) -> Iterator[_Doubles | None]:
    """Yield the scaled vector in whole blocks, the last padded with +0.0; None at NaN or Inf.

    A piece is valid until the next one is asked for.
    """
    buffer = np.empty(_PIECE)
    filled = 0
    for tensor in tensors:
        flat = tensor.array.reshape(-1)
        at = 0
        while at < flat.size:
            taken = min(_PIECE - filled, flat.size - at)
            part = flat[at : at + taken]
            if has_non_finite(part):
                yield None
                return
            buffer[filled : filled + taken] = part
            _scale(buffer[filled : filled + taken], tensor.exponents, at, shift)
            at += taken
            filled += taken
            if filled == _PIECE:
                yield buffer
                filled = 0
    if filled:
        end = -(-filled // BLOCK) * BLOCK
        buffer[filled:end] = 0.0
        yield buffer[:end]


def _scale(values: _Doubles, exponents: tuple[int, ...], first: int, shift: int) -> None:
    """Multiply values by their powers of two, in place; ``first`` is the index of the first."""
    if len(exponents) == 1:
        values *= 2.0 ** (exponents[0] + shift)
        return
    factors = np.ldexp(1.0, np.array(exponents, dtype=np.int32) + shift)
    start = first % factors.size
    values *= np.resize(np.roll(factors, -start), values.size)


def _check_length(tensors: Sequence[ScaledTensor], min_elements: int) -> None:
    count = count_elements(tensors)
    if not max(1, min_elements) <= count <= MAX_ELEMENTS:
        raise VerificationError(
            f"A vector of {count:,} elements cannot be projected; "
            f"{max(1, min_elements):,} to {MAX_ELEMENTS:,} are allowed.",
            hint="A model with a small output is certified with an earlier tensor beside it.",
            elements=count,
        )
