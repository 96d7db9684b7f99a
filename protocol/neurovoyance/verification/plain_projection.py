"""The projection once more, as plainly as it can be said: no numpy, no library cipher.

Place: L2, the twin of ``projection``; tests hold both together, bit for bit, and a reader who
writes another implementation starts here. It takes canonical tensor bytes, so that not even the
decoding of fp16 and bf16 is shared. About a thousand times slower than its twin.
Never: used where time matters.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from typing import Final

_MASK: Final = 0xFFFFFFFF
_SIGMA: Final = (0x61707865, 0x3320646E, 0x79622D32, 0x6B206574)
_NONCE: Final = b"NVYproj1\0\0\0\0"
_BLOCK: Final = 4_096
_ROWS: Final = 32
_CLAMP: Final = 2**31 - 1
_ITEM_BYTES: Final = {1: 4, 2: 2, 3: 2}  # fp32, fp16, bf16


def chacha20_words(key: bytes, nonce: bytes) -> Iterator[int]:
    """Yield the keystream of RFC 8439 as little-endian 32-bit words, from counter 0."""
    head = [*_SIGMA, *struct.unpack("<8I", key)]
    counter = 0
    while True:
        start = [*head, counter, *struct.unpack("<3I", nonce)]
        state = list(start)
        for _ in range(10):
            for column in range(4):
                _quarter(state, column, 4 + column, 8 + column, 12 + column)
            for column in range(4):
                _quarter(
                    state,
                    column,
                    4 + (column + 1) % 4,
                    8 + (column + 2) % 4,
                    12 + (column + 3) % 4,
                )
        for before, after in zip(start, state, strict=True):
            yield (before + after) & _MASK
        counter += 1


def _quarter(state: list[int], a: int, b: int, c: int, d: int) -> None:
    for target, added, mixed, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[target] = (state[target] + state[added]) & _MASK
        word = state[mixed] ^ state[target]
        state[mixed] = ((word << turn) | (word >> (32 - turn))) & _MASK


def read_canonical(data: bytes) -> tuple[list[float], int]:
    """Return the values of a canonical float tensor and its channels, 1 for a scalar.

    Raises:
        ValueError: another dtype.
    """
    code, ndim = data[5], data[6]
    if data[:5] != b"NVYT\x01" or code not in _ITEM_BYTES:
        raise ValueError("This is no canonical tensor of floats.")
    dims = struct.unpack_from(f"<{ndim}Q", data, 7)
    count, at = math.prod(dims), 7 + 8 * ndim
    if code == 1:
        values = struct.unpack_from(f"<{count}f", data, at)
    elif code == 2:
        values = struct.unpack_from(f"<{count}e", data, at)
    else:
        words = struct.unpack_from(f"<{count}H", data, at)
        values = struct.unpack(f"<{count}f", b"".join(struct.pack("<I", w << 16) for w in words))
    return list(values), dims[-1] if dims else 1


def plain_vector(tensors: Sequence[tuple[bytes, Sequence[int]]], shift: int) -> list[float]:
    """Return the scaled vector of canonical tensors, each with its exponents.

    An exponent applies to all, or each to one channel of the last axis.
    """
    vector: list[float] = []
    for data, exponents in tensors:
        values, channels = read_canonical(data)
        if len(exponents) not in (1, channels):
            raise ValueError("There is one exponent, or one for each channel.")
        for index, value in enumerate(values):
            exponent = exponents[index % len(exponents)]
            vector.append(math.ldexp(value, exponent + shift))
    return vector


def blocked_sum(values: Sequence[float]) -> float:
    """Return the sum in the order that the projection prescribes."""
    total = 0.0
    for at in range(0, len(values), _BLOCK):
        a = list(values[at : at + _BLOCK])
        a += [0.0] * (_BLOCK - len(a))
        half = _BLOCK // 2
        while half:
            for k in range(half):
                a[k] += a[k + half]
            half //= 2
        total += a[0]
    return total


def plain_shift(tensors: Sequence[tuple[bytes, Sequence[int]]]) -> int | None:
    """Return the shift to commit to, or None where there is no vector to project."""
    vector = plain_vector(tensors, 0)
    if not all(map(math.isfinite, vector)):
        return None
    norm_sq = blocked_sum([x * x for x in vector])
    if norm_sq >= 2.0**84:
        return None
    if norm_sq == 0:
        return 16
    floor_log2 = -300
    while norm_sq >= 4.0 ** (floor_log2 + 1):
        floor_log2 += 1
    return max(-16, min(16, 25 - floor_log2))


def plain_project(
    tensors: Sequence[tuple[bytes, Sequence[int]]], seed: bytes, shift: int
) -> tuple[int, ...] | None:
    """Return the 32 integers, or None where there is no vector to project.

    Args:
        tensors: canonical bytes of each float tensor, with its exponents.
        seed: 32 bytes.
        shift: -16 to 16.
    """
    vector = plain_vector(tensors, shift)
    if not all(map(math.isfinite, vector)):
        return None
    if blocked_sum([x * x for x in vector]) >= 4.0 ** (42 + shift):
        return None
    stream = chacha20_words(seed, _NONCE)
    words = [word for word, _ in zip(stream, vector, strict=False)]
    z = []
    for row in range(_ROWS):
        signed = [-x if word >> row & 1 else x for x, word in zip(vector, words, strict=True)]
        z.append(max(-_CLAMP, min(_CLAMP, round(blocked_sum(signed)))))
    return tuple(z)
