"""Repeat the measurements of a certificate on this machine, and say whether it holds here.

Place: called by ``model verify``, on files that were fetched and have the document's identifiers.
Data flow: manifest, model, inputs -> the same runs under the certificate's own exponents and
tolerance -> findings. Two machines measure a little differently, so the bounds are wider than at
registration: honest results within half a tolerance, cheats 4.5 tolerances away (each of the two
measurements may be off by a quarter of one). Never: an exponent or a tolerance found here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from neurovoyance.node.calibration.engine import LIMITS, bench_of, measure
from neurovoyance.node.calibration.inputs import Drawn, check_inputs
from neurovoyance.node.calibration.measuring import OnStep, is_bit_equal, reference_of
from neurovoyance.node.calibration.report import in_tau
from neurovoyance.node.calibration.runs import Renderings
from neurovoyance.node.calibration.survey import Survey
from neurovoyance.node.calibration.surveyor import survey
from neurovoyance.node.runtime.base import Limits
from neurovoyance.node.runtime.numeric_class import numeric_class
from neurovoyance.protocol.certificate import Certificate, Measurement, pool_of_numeric_class
from neurovoyance.protocol.errors import NonFiniteOutput, SpecError
from neurovoyance.protocol.manifest import ModelManifest
from neurovoyance.verification.calibration import (
    CANDIDATES_MIN,
    INPUTS_MIN,
    CalibrationResult,
    Candidate,
)
from neurovoyance.verification.calibration import calibrate as statistics

HONEST_BOUND: Final = Fraction(1, 2)
CHEAT_BOUND: Final = Fraction(9, 2)


@dataclass(frozen=True, slots=True)
class Repetition:
    """What repeating the measurements of a certificate gave.

    Attributes:
        faults: why the certificate does not hold, one full sentence each; empty if it does.
        notes: what could not be checked here.
        honest_max: largest distance of every honest configuration here.
        cheat_min: smallest distance of every cheat here.
        inputs: how many were measured.
    """

    faults: tuple[str, ...]
    notes: tuple[str, ...]
    tau: str
    honest_max: tuple[Measurement, ...]
    cheat_min: tuple[Measurement, ...]
    inputs: int
    engine: str

    @property
    def holds(self) -> bool:
        """Whether the certificate holds on this machine."""
        return not self.faults

    def verdict(self) -> str:
        """Return the outcome in words."""
        if self.holds:
            return (
                f"The certificate holds here: it was measured again on {self.inputs} inputs "
                f"with {self.engine}."
            )
        return "The certificate does not hold here. " + " ".join(self.faults)

    def to_json(self) -> dict[str, Any]:
        """Return the repetition as JSON values; also the evidence of a challenge."""
        return {
            "holds": self.holds,
            "verdict": self.verdict(),
            "faults": list(self.faults),
            "notes": list(self.notes),
            "tau": self.tau,
            "honest_max": {one.name: one.value for one in self.honest_max},
            "cheat_min": {one.name: one.value for one in self.cheat_min},
            "inputs": self.inputs,
            "engine": self.engine,
        }


async def repeat(
    manifest: ModelManifest,
    model: Renderings,
    drawn: Drawn,
    on_step: OnStep,
    *,
    inputs_max: int | None = None,
    allow_few: bool = False,
    limits: Limits = LIMITS,
) -> Repetition:
    """Measure a certified model again.

    Args:
        drawn: the inputs that the certificate was measured on.
        inputs_max: measure so many of them at most; all if None.
        allow_few: for trials: accept a certificate of fewer than 100 inputs of 200.

    Raises:
        SpecError: the manifest carries no certificate.
        UnsupportedModel, ExecutionError, ResourceExceeded: the measurements could not be made;
            this says nothing about the certificate.
    """
    certificate = manifest.certificate
    if certificate is None:
        raise SpecError("The model carries no certificate, so there is nothing to verify.")
    names = [tensor.name for tensor in certificate.verify]
    on_step("reading the model", 0, 1)
    found = await survey(model.onnx, limits, names)
    faults = graph_faults(manifest, certificate, found)
    if not allow_few:
        faults += count_faults(certificate, drawn)
    if faults:
        return _only(certificate, faults)
    paths = drawn.paths[:inputs_max]
    await asyncio.to_thread(check_inputs, paths, found.inputs)
    async with bench_of(model, paths, drawn.seed, limits, on_step) as (bench, ort):
        exponents = tuple(
            tuple(int(one) for one in tensor.exponent) for tensor in certificate.verify
        )
        try:
            reference = await reference_of(bench, names, (), exponents, elements_min=0)
        except NonFiniteOutput as error:
            return _only(certificate, (f"The reference is not finite: {error.message}",))
        terms, notes = manifest.read_terms(), []
        if any(terms.exact_pool):
            if terms.exact_pool != pool_of_numeric_class(await numeric_class(ort)):
                notes.append("EXACT jobs are for another numeric class than this machine's.")
            elif not await is_bit_equal(bench, reference):
                fault = "Two runs of the reference differ in bits, so EXACT jobs cannot be checked."
                return _only(certificate, (fault,))
        if not terms.tau_sq:
            done = len(reference.files)
            return Repetition((), tuple(notes), "0e0", (), (), done, reference.engine)
        if reference.faults:
            return _only(certificate, tuple(reference.faults))
        honest, cheats, more = await measure(
            bench, reference, found.changed_by, has_torch=model.torch is not None
        )
    # Only the largest and smallest distances are taken from these statistics, not the tolerance.
    result = statistics(Candidate(tuple(names)), honest, cheats, inputs_min=1)
    return Repetition(
        faults=distance_faults(certificate.tau, result, honest, cheats),
        notes=(*notes, *more),
        tau=certificate.tau,
        honest_max=result.honest_max,
        cheat_min=result.cheat_min,
        inputs=len(paths),
        engine=reference.engine,
    )


def graph_faults(
    manifest: ModelManifest, certificate: Certificate, found: Survey
) -> tuple[str, ...]:
    """Return where the document contradicts the model's graph."""
    if found.refusals:
        return tuple(found.refusals)
    option, faults = found.options[0], []
    if [int(tensor.row) for tensor in certificate.verify] != option.rows:
        faults.append("The verify tensors are at other operators than the certificate says.")
    if manifest.read_terms().rows != found.row_count:
        faults.append(
            f"A trace of the model lists {found.row_count} operators, and the terms say "
            f"{manifest.read_terms().rows}."
        )
    if certificate.tail != option.tail:
        faults.append(
            "The certificate's tail is not the model's: clients would compute other outputs."
        )
    if manifest.opset != str(found.opset) or manifest.tensors != found.outputs:
        faults.append("The document declares other outputs or operators than the model.")
    if manifest.inputs != found.inputs:
        faults.append("The document declares other inputs than the model.")
    if manifest.read_terms().tau_sq:
        faults += found.tensor_refusals
    return tuple(faults)


def count_faults(certificate: Certificate, drawn: Drawn) -> tuple[str, ...]:
    """Return what is wrong with the number of inputs behind a certificate."""
    faults = []
    if certificate.inputs_count != str(len(drawn.paths)):
        faults.append(
            f"The certificate speaks of {certificate.inputs_count} inputs, and "
            f"{len(drawn.paths)} are drawn."
        )
    if len(drawn.paths) < INPUTS_MIN or drawn.candidates < CANDIDATES_MIN:
        faults.append(
            f"It was measured on {len(drawn.paths)} inputs drawn from {drawn.candidates}; "
            f"{INPUTS_MIN} of {CANDIDATES_MIN} are the fewest."
        )
    return tuple(faults)


def distance_faults(
    tau: str,
    result: CalibrationResult,
    honest: Mapping[str, Sequence[float]],
    cheats: Mapping[str, Sequence[float]],
) -> tuple[str, ...]:
    """Return which configurations lie too far away and which cheats too near."""
    faults = [
        f"An honest {measured.name} run is {in_tau(measured, tau)} tau from the reference; "
        "half a tau is the most, since above it audits begin to fail honest providers."
        for measured in result.honest_max
        if Fraction(measured.value) > HONEST_BOUND * Fraction(tau) and honest.get(measured.name)
    ]
    for measured in result.cheat_min:
        if Fraction(measured.value) < CHEAT_BOUND * Fraction(tau) and cheats.get(measured.name):
            name = measured.name
            faults.append(
                f"{name[0].upper()}{name[1:]} come as near as {in_tau(measured, tau)} tau; 4.5 is "
                "the least, since nearer cheats could pass audits."
            )
    return tuple(faults)


def _only(certificate: Certificate, faults: tuple[str, ...]) -> Repetition:
    return Repetition(faults, (), certificate.tau, (), (), 0, "")
