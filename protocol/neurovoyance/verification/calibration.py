"""Statistics behind a certificate: exponents, distances, the tolerance, and whether it separates.

Place: L2, pure; the node runs the model in honest and dishonest configurations and hands tensors
and distances in. Data flow: reference outputs -> :class:`TensorNorms` -> exponents ->
:func:`relative_distance` of every configuration -> :func:`calibrate` -> the certificate's numbers.
Rules of verification section 5: the tolerance is four times the largest honest distance, and the
smallest distance of any cheat on any input has to be five tolerances.
Never: running a model, or a tolerance that was not rounded against the registrant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from neurovoyance.protocol.certificate import TAU_MAX, Measurement, tau_sq_of
from neurovoyance.protocol.errors import VerificationError
from neurovoyance.protocol.ids import hash_abi
from neurovoyance.verification.canonical import Array, has_non_finite
from neurovoyance.verification.projection import (
    EXPONENT_MAX,
    NORM_LOG2_GOAL,
    ScaledTensor,
    vector_pieces,
)

CANDIDATES_MIN: Final = 200
INPUTS_MIN: Final = 100
TAU_FLOOR: Final = Fraction(2, 10**6)
"""Smallest tolerance that is proposed: engines that were not measured differ by up to 4e-7, also
where those that were agree bit for bit."""
HONEST_FACTOR: Final = 4
GAP_FACTOR: Final = 5
CHANNEL_RATIO: Final = 8
"""Loudest over median channel norm from which hidden states are scaled channel by channel."""

CHANNEL_BOOST_MAX: Final = 10
CHANNELS_MAX: Final = 65_536

_NORM_FLOOR: Final = 2.0**7
"""Norm at shift 0 that N's floor of 2**51 stands for: sqrt(2**51 / 32) at the largest shift."""

_LARGEST: Final = "9.99e99"


# --- inputs -------------------------------------------------------------------------------------


def draw_inputs(
    beacon: bytes, candidates: int, count: int = INPUTS_MIN, *, allow_few: bool = False
) -> list[int]:
    """Return which published candidates are measured, in ascending order.

    The ``count`` candidates i with the smallest ``H(beacon, "input", i)``: nobody knows them before
    the beacon's round, and anyone can draw them again.

    Args:
        allow_few: for trials on private networks: any number of candidates will do.

    Raises:
        VerificationError: under 200 candidates, under 100 inputs, or more inputs than candidates.
    """
    fewest, least = (1, 1) if allow_few else (CANDIDATES_MIN, INPUTS_MIN)
    if candidates < fewest or not least <= count <= candidates:
        raise VerificationError(
            f"{count} inputs cannot be drawn from {candidates} candidates.",
            hint=f"Publish {CANDIDATES_MIN} candidates or more; {INPUTS_MIN} or more are drawn.",
            candidates=candidates,
            count=count,
        )
    types = ["bytes32", "string", "uint256"]
    ranked = sorted(range(candidates), key=lambda i: hash_abi(types, [beacon, "input", i]))
    return sorted(ranked[:count])


# --- exponents ----------------------------------------------------------------------------------


class TensorNorms:
    """Largest norms of one verify tensor over the calibration inputs, fed one output at a time."""

    def __init__(self) -> None:
        self._whole_sq = 0.0
        self._channels_sq: npt.NDArray[np.float64] | None = None
        self._has_channels = True

    def add(self, array: Array) -> None:
        """Take in the reference output of one input.

        Raises:
            VerificationError: it holds NaN or infinity.
        """
        if has_non_finite(array):
            raise VerificationError(
                "A reference output is not finite, so nothing can be calibrated on it.",
                hint="Leave this input out, or check the model.",
            )
        squares = np.square(array.astype(np.float64))
        self._whole_sq = max(self._whole_sq, float(squares.sum()))
        if array.ndim < 2 or not 2 <= array.shape[-1] <= CHANNELS_MAX:
            self._has_channels = False
            return
        channels = squares.reshape(-1, array.shape[-1]).sum(axis=0)
        if self._channels_sq is None:
            self._channels_sq = channels
        elif self._channels_sq.size == channels.size:
            self._channels_sq = np.maximum(self._channels_sq, channels)
        else:
            self._has_channels = False

    def exponents(self, *, is_hidden: bool = False) -> tuple[int, ...] | None:
        """Return ``s_t``, one or one per channel; None if the tensor was zero on every input.

        One exponent: the largest integer that keeps ``norm(2**s * x) <= 2**25`` on every input.

        One per channel, for hidden states (``is_hidden``) of at least two axes whose last axis is
        the same on every input and whose loudest channel has 8 times the norm of the median one
        that is not zero: the largest integers that keep every channel under an equal share,
        ``2**25 / sqrt(channels)``, so that the whole stays under 2**25 too. A channel is raised at
        most 2**10 above the tensor's single exponent, or rounding residue would count like
        content. A channel that was always zero gets the loudest one's exponent.

        Raises:
            VerificationError: the tensor is so large that its exponent is under -64.
        """
        if self._whole_sq == 0:
            return None
        whole = _in_range(_largest_exponent(self._whole_sq, 1))
        channels = self._channels_sq
        if not is_hidden or not self._has_channels or channels is None:
            return (whole,)
        loud = channels[channels > 0]
        if float(loud.max()) < CHANNEL_RATIO**2 * float(np.median(loud)):
            return (whole,)
        quiet = _largest_exponent(float(loud.max()), channels.size)
        chosen = [_largest_exponent(float(c), channels.size) if c else quiet for c in channels]
        return tuple(_in_range(min(s, whole + CHANNEL_BOOST_MAX)) for s in chosen)


def _largest_exponent(norm_sq: float, shares: int) -> int:
    """Return the largest s with ``shares * norm_sq * 4**s <= 2**50``, exactly."""
    above, below = (Fraction(norm_sq) * shares).as_integer_ratio()
    goal = 2 * NORM_LOG2_GOAL
    s = (goal - above.bit_length() + below.bit_length()) // 2  # not too small: below is 2**m
    while Fraction(above, below) * Fraction(4) ** s > 2**goal:
        s -= 1
    return s


def _in_range(exponent: int) -> int:
    if exponent < -EXPONENT_MAX:
        raise VerificationError(
            f"A tensor of such size needs an exponent under -{EXPONENT_MAX}; choose another one.",
            exponent=exponent,
        )
    return min(exponent, EXPONENT_MAX)


# --- distances ----------------------------------------------------------------------------------


def relative_distance(reference: Sequence[ScaledTensor], other: Sequence[ScaledTensor]) -> float:
    """Return ``norm(y - y') / max(norm(y), 2**7)`` of the scaled vectors, in binary64.

    The floor is that of the audit's rule: below it, at shift 16, the test is absolute. Infinity
    where ``other`` is not finite.

    Raises:
        VerificationError: the shapes or exponents differ, or the reference is not finite.
    """
    forms = [[(t.array.shape, t.exponents) for t in tensors] for tensors in (reference, other)]
    if forms[0] != forms[1]:
        raise VerificationError("Two outputs of different shapes have no distance.")
    distance_sq = norm_sq = 0.0
    for y0, y1 in zip(vector_pieces(reference, 0), vector_pieces(other, 0), strict=False):
        if y0 is None:
            raise VerificationError("A reference output is not finite; it has no distance.")
        if y1 is None:
            return math.inf
        difference = y0 - y1
        distance_sq += float(difference @ difference)
        norm_sq += float(y0 @ y0)
    return math.sqrt(distance_sq) / max(math.sqrt(norm_sq), _NORM_FLOOR)


# --- the tolerance ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """Tensors that might be compared.

    Attributes:
        names: graph values, in order.
        behind: operator that they lie behind and that squeezes differences, such as ``Softmax``.
    """

    names: tuple[str, ...]
    behind: str = ""


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """What a calibration found.

    Attributes:
        candidate: the tensors that were compared.
        tau: tolerance as certificates write it; rounded up.
        honest_max: largest distance of every honest configuration, rounded up.
        cheat_min: smallest distance of every cheat, rounded down.
        reasons: why the tensors are refused, one full sentence each; empty if they are accepted.
    """

    candidate: Candidate
    tau: str
    honest_max: tuple[Measurement, ...]
    cheat_min: tuple[Measurement, ...]
    reasons: tuple[str, ...]

    @property
    def is_accepted(self) -> bool:
        """Whether the tensors can be certified with this tolerance."""
        return not self.reasons

    @property
    def tau_sq(self) -> int:
        """The tolerance as contracts hold it.

        Raises:
            SpecError: the tolerance is out of range; such a result is not accepted.
        """
        return tau_sq_of(self.tau)


def calibrate(
    candidate: Candidate,
    honest: Mapping[str, Sequence[float]],
    cheats: Mapping[str, Sequence[float]],
    *,
    inputs_min: int = INPUTS_MIN,
) -> CalibrationResult:
    """Return the tolerance that the distances call for, and every reason against it.

    Args:
        candidate: the tensors that were compared.
        honest: per honest configuration, its distance from the reference on every input.
        cheats: per cheat (named in the plural, as ``fp16 weights``), the same.
        inputs_min: fewest inputs; lower only for trials on private networks.
    """
    reasons = _count_faults(honest, cheats, inputs_min)
    highest = max((max(some, default=0.0) for some in honest.values()), default=0.0)
    tau = _write(max(HONEST_FACTOR * _exact(highest), TAU_FLOOR), up=True)
    if Fraction(tau) > TAU_MAX:
        name, index = _place(honest, highest)
        reasons.append(
            f"Honest results differ too much: {name} is {_write(_exact(highest), up=True)} away "
            f"on input {index}, which calls for a tolerance of {tau}; 1e-2 is the most"
            f"{_after(candidate)}"
        )
    for name, distances in cheats.items():
        lowest = min(distances, default=math.inf)
        if _exact(lowest) < GAP_FACTOR * Fraction(tau):
            ratio, index = _exact(lowest) / Fraction(tau), list(distances).index(lowest)
            reasons.append(
                f"{name} differ by only {_tenths(ratio)} tau on input {index}{_after(candidate)}"
            )
    return CalibrationResult(
        candidate,
        tau,
        _measured(honest, lambda some: max(some, default=0.0), up=True),
        _measured(cheats, lambda some: min(some, default=math.inf), up=False),
        tuple(reasons),
    )


@dataclass(frozen=True, slots=True)
class Proposal:
    """The first candidate that can be certified, and those refused before it.

    Attributes:
        accepted: None if every candidate was refused.
        refused: in the order in which they were tried.
    """

    accepted: CalibrationResult | None
    refused: tuple[CalibrationResult, ...]


def propose(
    candidates: Sequence[Candidate], measure: Callable[[Candidate], CalibrationResult]
) -> Proposal:
    """Try candidates in order, usually outputs first and earlier tensors after them.

    Args:
        candidates: as the caller found them in the graph.
        measure: runs the configurations and calls :func:`calibrate`.
    """
    refused: list[CalibrationResult] = []
    for candidate in candidates:
        result = measure(candidate)
        if result.is_accepted:
            return Proposal(result, tuple(refused))
        refused.append(result)
    return Proposal(None, tuple(refused))


def _count_faults(
    honest: Mapping[str, Sequence[float]], cheats: Mapping[str, Sequence[float]], inputs_min: int
) -> list[str]:
    faults = []
    if not honest:
        faults.append("No honest configuration was measured beside the reference.")
    if not cheats:
        faults.append("No cheat was measured.")
    counts = {len(some) for some in [*honest.values(), *cheats.values()]}
    if len(counts) > 1:
        faults.append("The configurations were not measured on the same inputs.")
    if counts and min(counts) < inputs_min:
        faults.append(f"Only {min(counts)} inputs were measured; {inputs_min} are the fewest.")
    return faults


def _place(table: Mapping[str, Sequence[float]], value: float) -> tuple[str, int]:
    return next((name, list(some).index(value)) for name, some in table.items() if value in some)


def _after(candidate: Candidate) -> str:
    if not candidate.behind:
        return "."
    return f"; the checked tensor lies after a {candidate.behind.lower()}."


def _measured(
    table: Mapping[str, Sequence[float]], pick: Callable[[Sequence[float]], float], *, up: bool
) -> tuple[Measurement, ...]:
    return tuple(
        Measurement(name=name, value=_write(_exact(pick(some)), up=up))
        for name, some in table.items()
    )


def _exact(value: float) -> Fraction:
    """Return the exact value; what is not finite counts as enormous."""
    return Fraction(value) if math.isfinite(value) else Fraction(_LARGEST)


def _tenths(ratio: Fraction) -> str:
    tenths: Any = ratio * 10 // 1
    return f"{tenths // 10}.{tenths % 10}"


def _write(value: Fraction, *, up: bool) -> str:
    """Return three significant digits as ``d.dde-dd``, rounded up or down."""
    if value == 0:
        return "0e0"
    exponent = len(str(value.numerator)) - len(str(value.denominator))
    if value < Fraction(10) ** exponent:
        exponent -= 1
    scaled = value / Fraction(10) ** (exponent - 2)
    digits = math.ceil(scaled) if up else math.floor(scaled)
    if digits == 1_000:
        digits, exponent = 100, exponent + 1
    return f"{digits // 100}.{digits % 100:02d}e{exponent}"
