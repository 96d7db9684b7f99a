"""Columns of unsigned integers up to 2^128: prices in wei do not fit a machine word.

Place: under :mod:`.columns`. Four limbs of 32 bits, lowest first, in int64 arrays of shape
(4, n), so that a product with a factor below 2^30 never overflows. Never: a float, or rounding.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurovoyance.matching.octaves import STEPS_PER_OCTAVE, TABLE

LIMBS = 4
FACTOR_MAX = 2**30 - 1
_BITS = 32
_LOW = np.int64(2**32 - 1)
_STEPS = np.array(TABLE, dtype=np.int64)

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def wide_of(values: Sequence[int]) -> Ints:
    """Return integers below 2^128 as limbs, int64 (4, n)."""
    limbs = [[value >> _BITS * limb & 0xFFFFFFFF for value in values] for limb in range(LIMBS)]
    return np.array(limbs, dtype=np.int64).reshape(LIMBS, len(values))


def times(wide: Ints, factor: int | Ints) -> Ints:
    """Return the product with a factor (or a column of factors) of at most 2^30 - 1."""
    return _carried(wide * factor)


def plus(*terms: Ints) -> Ints:
    """Return the sum of at most a thousand columns."""
    return _carried(np.sum(terms, axis=0, dtype=np.int64))


def _carried(raw: Ints) -> Ints:
    out, carry = np.empty_like(raw), np.zeros(raw.shape[1], dtype=np.int64)
    for limb in range(LIMBS):
        total = raw[limb] + carry
        out[limb], carry = total & _LOW, total >> _BITS
    return out


def exceeds(left: Ints, right: Ints) -> Bools:
    """Return where ``left > right``; ``right`` may have one column."""
    found = np.zeros(left.shape[1], dtype=np.bool_)
    for limb in range(LIMBS):
        found = np.where(left[limb] == right[limb], found, left[limb] > right[limb])
    return found


def largest(left: Ints, right: Ints) -> Ints:
    """Return the larger of both, position by position; ``right`` may have one column."""
    return np.where(exceeds(left, right), left, right)


def steps_of_wide(wide: Ints) -> Ints:
    """Return :func:`.octaves.steps_of` of every column, int64 (n,)."""
    top = np.zeros(wide.shape[1], dtype=np.int64)
    for limb in range(1, LIMBS):
        top = np.where(wide[limb] > 0, limb, top)
    high = np.take_along_axis(wide, top[None], axis=0)[0]
    below = np.take_along_axis(wide, np.maximum(top - 1, 0)[None], axis=0)[0]
    below = np.where(top > 0, below, 0)
    high = np.where((top == 0) & (high == 0), 1, high)
    length = _bit_length(high)
    lead64 = high.astype(np.uint64) << np.uint64(_BITS) | below.astype(np.uint64)
    lead = (lead64 >> (length + (_BITS - 11)).astype(np.uint64)).astype(np.int64)
    exponent = length - 1 + _BITS * top
    return exponent * STEPS_PER_OCTAVE + _STEPS[lead - STEPS_PER_OCTAVE]


def steps_of_ints(values: Ints) -> Ints:
    """Return :func:`.octaves.steps_of` of every value below 2^62, int64 (n,)."""
    wide = np.zeros((LIMBS, len(values)), dtype=np.int64)
    wide[0], wide[1] = values & _LOW, values >> _BITS
    return steps_of_wide(wide)


def _bit_length(values: Ints) -> Ints:
    """Return the bit lengths of values from 1 to 2^32 - 1, which doubles hold exactly."""
    return np.frexp(values.astype(np.float64))[1].astype(np.int64)
