"""The rule that an audit is decided by: two projections, one tolerance, integers only.

Place: L2, twin of ``contracts/libraries/Distance.sol``; the AuditCourt computes the same numbers
from the same words. Data flow: z0 (provider), z1 (auditor) -> D, N -> outcome. Whether an answer
may be given at all is :func:`range_fault`: a contract reverts there.
Never: a float; the distance for people is a decimal string got by integer square root.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from neurovoyance.protocol.audit import (
    FLAG_NON_FINITE,
    FLAG_TOKENS,
    FLAG_UNAVAILABLE,
    INT32_MAX,
    Outcome,
)
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.verification.projection import SHIFT_MAX
from neurovoyance.verification.verdict import Accept, Reject, Verdict

NORM_FLOOR: Final = 2**51
"""Smallest N that the rule divides by; at shift 16 it makes the test absolute."""

_TAU_SHIFT: Final = 64
_FLAGS: Final = frozenset({0, FLAG_TOKENS, FLAG_UNAVAILABLE, FLAG_NON_FINITE})
_DECIMALS: Final = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one auditor's projection says about a provider's.

    Attributes:
        outcome: as the contract decides it.
        distance_sq: D, sum of squared differences.
        norm_sq: N, sum of squares of the provider's projection.
        tau_sq: square of the tolerance, times 2**64.
        flags: of the auditor.
    """

    outcome: Outcome
    distance_sq: int
    norm_sq: int
    tau_sq: int
    flags: int

    @property
    def limit_sq(self) -> int:
        """The largest D that passes, rounded down."""
        return (self.tau_sq * max(self.norm_sq, NORM_FLOOR)) >> _TAU_SHIFT

    def in_tau(self) -> str:
        """Return the distance as a multiple of the tolerance, rounded up, such as ``0.083``.

        For people alone; ``inf`` where the tolerance is zero and the projections differ.
        """
        scale = 10**_DECIMALS
        above = (self.distance_sq << _TAU_SHIFT) * scale * scale
        below = self.tau_sq * max(self.norm_sq, NORM_FLOOR)
        if below == 0:
            return "inf" if above else "0." + "0" * _DECIMALS
        root = _root_up(-(-above // below))
        return f"{root // scale}.{root % scale:0{_DECIMALS}d}"

    def verdict(self) -> Verdict:
        """Return the finding about the provider's output, in words."""
        if self.outcome is Outcome.PASS:
            return Accept()
        evidence = {
            "distance_sq": self.distance_sq,
            "norm_sq": self.norm_sq,
            "tau_sq": self.tau_sq,
            "flags": self.flags,
        }
        return Reject(self._reason(), evidence)

    def _reason(self) -> str:
        if self.flags == FLAG_NON_FINITE:
            return "The output of the auditor's own execution is not finite."
        if self.flags == FLAG_UNAVAILABLE:
            return "The inputs of the job were not available to the auditor."
        if self.flags == FLAG_TOKENS:
            return "The tokens do not follow from the model by the rules of sampling."
        return f"The output is {self.in_tau()} times the tolerance away from the auditor's."


def distance_sq(z0: Sequence[int], z1: Sequence[int]) -> int:
    """Return D, the sum of squared differences of two projections of equal length."""
    return sum((a - b) ** 2 for a, b in zip(z0, z1, strict=True))


def norm_sq(z: Sequence[int]) -> int:
    """Return N, the sum of squares of a projection."""
    return sum(value * value for value in z)


def is_within(distance_sq: int, norm_sq: int, tau_sq: int) -> bool:
    """Return ``(D << 64) <= tauSq * max(N, 2**51)``."""
    return distance_sq << _TAU_SHIFT <= tau_sq * max(norm_sq, NORM_FLOOR)


def compare(z0: Sequence[int], z1: Sequence[int], *, tau_sq: int, flags: int = 0) -> Comparison:
    """Return what an auditor's projection says about a provider's.

    Args:
        z0: of the provider, int32 values.
        z1: of the auditor, as many values; zeros with flag 4.
        tau_sq: square of the tolerance, times 2**64.
        flags: 0, 1 (token rule failed), 2 (inputs unavailable) or 4 (not finite).

    Raises:
        VerificationError: other flags, or flag 4 with a projection; a contract reverts there.
    """
    if flags not in _FLAGS or (flags == FLAG_NON_FINITE and any(z1)):
        raise VerificationError(
            f"An auditor's flags are 0, 1, 2 or 4, not {flags}; flag 4 asks for a zero projection.",
            flags=flags,
        )
    d, n = distance_sq(z0, z1), norm_sq(z0)
    if flags == FLAG_NON_FINITE:
        outcome = Outcome.NON_FINITE
    elif flags == 0 and is_within(d, n, tau_sq):
        outcome = Outcome.PASS
    else:
        outcome = Outcome.FAIL
    return Comparison(outcome, d, n, tau_sq, flags)


def compare_exact(z0: Sequence[bytes], z1: Sequence[bytes], *, flags: int = 0) -> Outcome:
    """Return what an auditor's answer says in class EXACT: equality of the words.

    Args:
        z0: four words of the provider, see ``protocol.audit.exact_answer``.
        z1: four words of the auditor; zeros with flag 4.
        flags: as in :func:`compare`.

    Raises:
        VerificationError: as in :func:`compare`.
    """
    if flags not in _FLAGS or (flags == FLAG_NON_FINITE and any(map(any, z1))):
        raise VerificationError(
            f"An auditor's flags are 0, 1, 2 or 4, not {flags}; flag 4 asks for a zero answer.",
            flags=flags,
        )
    if flags == FLAG_NON_FINITE:
        return Outcome.NON_FINITE
    return Outcome.PASS if flags == 0 and list(z0) == list(z1) else Outcome.FAIL


def range_fault(z0: Sequence[int], shift: int) -> Reject | None:
    """Return why a provider's answer is out of range, or None; a contract reverts there.

    A value at the clamp means too large a shift, which could hide errors; a small norm means too
    small a shift, save at shift 16, where the output itself is zero or tiny.
    """
    for index, value in enumerate(z0):
        if abs(value) >= INT32_MAX:
            return Reject(
                f"Value {index} of the projection is at the clamp; the shift is too large.",
                {"index": index, "value": value, "shift": shift},
            )
    found = norm_sq(z0)
    if found < NORM_FLOOR and shift != SHIFT_MAX:
        return Reject(
            f"The projection is too small for shift {shift}.",
            {"norm_sq": found, "needed": NORM_FLOOR, "shift": shift},
        )
    return None


def _root_up(value: int) -> int:
    root = math.isqrt(value)
    return root if root * root == value else root + 1
