"""Logarithms of integers as integers: what the ranking formula adds up.

Place: under :mod:`.ranking` and :mod:`.columns`, which share the one table, so that both agree to
the last bit on every machine. An octave (a factor of two) is 1,024 steps. Never: a float in a
result.
"""

from __future__ import annotations

import math

STEPS_PER_OCTAVE = 1_024
COARSE_STEPS = 256
"""A quarter of an octave: differences of measured quantities below 19 % are noise."""

TABLE: tuple[int, ...] = tuple(
    round(STEPS_PER_OCTAVE * math.log2(1 + step / STEPS_PER_OCTAVE))
    for step in range(STEPS_PER_OCTAVE)
)


def steps_of(value: int) -> int:
    """Return ``floor-like 1024 * log2(value)`` of a positive integer; never falls as it grows.

    The eleven leading bits decide, so values within 0.1 % may be equal. Zero counts as one.

    >>> steps_of(2), steps_of(1 << 100)
    (1024, 102400)
    """
    value = max(value, 1)
    length = value.bit_length()
    lead = value >> (length - 11) if length >= 11 else value << (11 - length)
    return (length - 1) * STEPS_PER_OCTAVE + TABLE[lead - STEPS_PER_OCTAVE]


def coarse_of(value: int) -> int:
    """Return :func:`steps_of`, rounded down to a quarter of an octave."""
    return steps_of(value) // COARSE_STEPS * COARSE_STEPS
