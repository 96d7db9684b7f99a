"""Integer units: wei, wad, basis points, seconds, bytes. The only conversions of the project.

Place: L0, imported by everything that touches money or time. Never: a float, or a division that
does not name the way it rounds.
"""

from __future__ import annotations

import re
from typing import NewType

from neurovoyance.protocol.errors import SpecError

Wei = NewType("Wei", int)
Wad = NewType("Wad", int)
Bps = NewType("Bps", int)
Seconds = NewType("Seconds", int)
Bytes = NewType("Bytes", int)

WEI_PER_NVY = 10**18
WAD = 10**18
BPS = 10_000
UINT96_MAX = 2**96 - 1

_DECIMAL = re.compile(r"\d{1,30}(\.\d{1,18})?")


def nvy(text: str) -> Wei:
    """Return the wei of a decimal amount of NVY.

    Raises:
        SpecError: the text is not a plain decimal number with at most 18 decimals.

    >>> nvy("1.5")
    1500000000000000000
    """
    if not _DECIMAL.fullmatch(text):
        raise SpecError(
            f"{text!r} is not an amount of NVY.",
            hint="Write a decimal number such as 12 or 0.05, with at most 18 decimals.",
            text=text[:80],
        )
    whole, _, fraction = text.partition(".")
    return Wei(int(whole) * WEI_PER_NVY + int(fraction.ljust(18, "0")))


def format_nvy(amount_wei: int) -> str:
    """Return wei as decimal NVY without loss, shortest form.

    >>> format_nvy(1500000000000000000)
    '1.5'
    """
    sign = "-" if amount_wei < 0 else ""
    whole, fraction = divmod(abs(amount_wei), WEI_PER_NVY)
    digits = f"{fraction:018d}".rstrip("0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def mul_div_down(value: int, numerator: int, denominator: int) -> int:
    """Return ``floor(value * numerator / denominator)`` of non-negative integers."""
    return value * numerator // denominator


def mul_div_up(value: int, numerator: int, denominator: int) -> int:
    """Return ``ceil(value * numerator / denominator)`` of non-negative integers."""
    return -(-value * numerator // denominator)


def bps_down(amount_wei: int, share_bps: int) -> Wei:
    """Return the share of an amount, in wei, rounded down."""
    return Wei(mul_div_down(amount_wei, share_bps, BPS))


def bps_up(amount_wei: int, share_bps: int) -> Wei:
    """Return the share of an amount, in wei, rounded up."""
    return Wei(mul_div_up(amount_wei, share_bps, BPS))
