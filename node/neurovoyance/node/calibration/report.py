"""What a calibration found, as values for programs and as sentences for people.

Place: returned by ``engine``, printed by the command line. Distances are told in units of the
tolerance, tau: an audit passes below 1. Never: a number that the certificate does not hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from neurovoyance.node.calibration.measuring import Exponents, Reference
from neurovoyance.node.calibration.survey import Option, Survey
from neurovoyance.protocol.certificate import Measurement
from neurovoyance.verification.calibration import GAP_FACTOR, CalibrationResult

ENORMOUS = "9.99e99"
"""How a certificate writes a distance that is not finite."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One choice of tensors and what came of it.

    Attributes:
        result: the distances; None if they could not be compared at all.
        faults: why it is refused, one full sentence each; empty if it is accepted.
        least_elements: over all tensors, on the smallest input; 0 if unknown.
    """

    option: Option
    result: CalibrationResult | None
    faults: tuple[str, ...]
    exponents: Exponents
    dtypes: tuple[str, ...]
    shapes: tuple[tuple[tuple[int, ...], ...], ...]
    least_elements: int

    @classmethod
    def of(
        cls, option: Option, reference: Reference, result: CalibrationResult | None = None
    ) -> Tried:
        """Return the outcome for some tensors whose reference was run."""
        faults = result.reasons if result is not None else tuple(reference.faults)
        return cls(
            option,
            result,
            faults,
            reference.exponents,
            reference.dtypes,
            tuple(reference.shapes),
            reference.least_elements if reference.shapes else 0,
        )

    @property
    def is_accepted(self) -> bool:
        """Whether TENSOR jobs can be compared by these tensors."""
        return self.result is not None and not self.faults

    @property
    def gap(self) -> str:
        """Smallest distance of any cheat, in tau, such as ``212``; "" if nothing was measured."""
        if self.result is None or not self.result.cheat_min:
            return ""
        lowest = min(self.result.cheat_min, key=lambda one: Fraction(one.value))
        return in_tau(lowest, self.result.tau)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found about a model.

    Attributes:
        refusals: why the model cannot be certified at all; nothing was run then.
        tried: choices of tensors in the order in which they were tried.
        proposal: accepted in place of the tensors that were asked for and refused.
        exact: the choice that EXACT jobs compare; None if bits differ or nobody asked.
        exact_pool: 12 bytes of this machine's numeric class; empty without EXACT.
        survey: what the graph told.
        notes: what else a person should know, one full sentence each.
    """

    refusals: tuple[str, ...] = ()
    tried: tuple[Tried, ...] = ()
    accepted: Tried | None = None
    proposal: Tried | None = None
    exact: Tried | None = None
    exact_pool: bytes = b""
    engine: str = ""
    inputs: int = 0
    candidates: int = 0
    survey: Survey | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_accepted(self) -> bool:
        """Whether there is a certificate."""
        return self.accepted is not None or self.exact is not None

    def verdict(self) -> str:
        """Return the outcome in words."""
        if self.refusals:
            return "This model cannot be certified. " + " ".join(self.refusals)
        if self.accepted is not None:
            return _accepted(self.accepted, self.exact is not None)
        said = _refused(self.tried, is_last_word=self.proposal is None)
        if self.proposal is not None:
            names = _named(self.proposal.option.names)
            said += f" Use {names}, gap {self.proposal.gap} tau."
        if self.exact is not None:
            return (
                f"{said} It can be certified for EXACT jobs alone: its bits are the same in two "
                "processes here, and machines of this numeric class can check them."
            )
        return said

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "accepted": self.is_accepted,
            "verdict": self.verdict(),
            "refusals": list(self.refusals),
            "notes": list(self.notes),
            "engine": self.engine,
            "inputs": self.inputs,
            "candidates": self.candidates,
            "tried": [_tried_json(one) for one in self.tried],
            "tensors": list(self.accepted.option.names) if self.accepted else [],
            "proposal": list(self.proposal.option.names) if self.proposal else [],
            "exact_pool": "0x" + self.exact_pool.hex() if self.exact_pool else "",
        }


def in_tau(measured: Measurement, tau: str) -> str:
    """Return a distance in units of the tolerance, cut (not rounded) to a short number.

    >>> in_tau(Measurement(name="x", value="3.44e-6"), "1e-6")
    '3.4'
    """
    if measured.value == ENORMOUS or Fraction(tau) == 0:
        return "far more than 1,000,000"
    ratio = Fraction(measured.value) / Fraction(tau)
    if ratio > 1_000_000:
        return "more than 1,000,000"
    if ratio >= 100:
        return f"{int(ratio):,}"
    if ratio >= 10:
        return f"{int(ratio)}"
    hundredths = int(ratio * 100)
    return f"{hundredths // 100}.{hundredths % 100 // 10}" if ratio >= 1 else f"0.{hundredths:02}"


def _accepted(tried: Tried, is_exact: bool) -> str:
    if tried.result is None:
        return ""
    classes = "TENSOR and EXACT jobs" if is_exact else "TENSOR jobs"
    return (
        f"The model can be certified for {classes}, comparing {_named(tried.option.names)}. "
        f"Honest results stay within a quarter of the tolerance, tau = {tried.result.tau}; the "
        f"smallest cheat is {tried.gap} tau away, and {GAP_FACTOR} are needed."
    )


def _refused(tried: tuple[Tried, ...], *, is_last_word: bool) -> str:
    if not tried:
        return "The model was not measured for TENSOR jobs."
    if is_last_word and len(tried) > 1:
        said = "; ".join(f"{_named(one.option.names)}: {_why(one)}" for one in tried)
        return f"The model is refused, whatever is compared. {said}."
    first = tried[0]
    names, why, behind = _named(first.option.names), _why(first), first.option.behind
    if behind:
        verb = "lies" if len(first.option.names) == 1 else "lie"
        colon = ":" if why[:1].islower() else "."
        return f"The model is refused: {names} {verb} after a {behind.lower()}{colon} {why}."
    return f"The model is refused with {names}: {why}."


def _why(tried: Tried) -> str:
    """Return the first reason against some tensors, without what is said beside it."""
    behind = tried.option.behind
    tail = f"; the checked tensor lies after a {behind.lower()}" if behind else ""
    return tried.faults[0].rstrip(".").removesuffix(tail)


def _named(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1]


def _tried_json(one: Tried) -> dict[str, Any]:
    result = one.result
    return {
        "tensors": one.option.names,
        "why": one.option.reason,
        "behind": one.option.behind,
        "accepted": one.is_accepted,
        "faults": list(one.faults),
        "elements": one.least_elements,
        "tau": result.tau if result else "",
        "honest_max": {m.name: m.value for m in result.honest_max} if result else {},
        "cheat_min": {m.name: m.value for m in result.cheat_min} if result else {},
    }
