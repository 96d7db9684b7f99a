"""Calibrate a model: survey it, judge one trace, measure honest runs and cheats, reach a verdict.

Place: called by ``model calibrate``. Data flow: model, inputs -> report; ``certifying`` turns it
into a manifest. Every run is a confined child, one at a time. Never: a certificate for a model
whose trace no referee could judge, or for tensors that hide a cheat.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from neurovoyance.node.calibration.inputs import Drawn, change_one_element, check_inputs
from neurovoyance.node.calibration.measuring import (
    CACHED_ANSWER,
    CHANGED_INPUT,
    HONEST,
    TORCH,
    Bench,
    OnStep,
    Reference,
    cached_distances,
    cheat_name,
    distances,
    is_bit_equal,
    reference_of,
    too_few,
)
from neurovoyance.node.calibration.report import Report, Tried
from neurovoyance.node.calibration.runs import Renderings, Runs
from neurovoyance.node.calibration.survey import ROUNDED, Option, Survey
from neurovoyance.node.calibration.surveyor import judge_trace, survey
from neurovoyance.node.runtime.base import Limits, Runtime, TraceRequest
from neurovoyance.node.runtime.config import C1, Engine
from neurovoyance.node.runtime.numeric_class import numeric_class
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.runtime.torch_ import TorchRuntime
from neurovoyance.protocol.certificate import MIN_VERIFY_ELEMENTS, pool_of_numeric_class
from neurovoyance.protocol.errors import (
    ExecutionError,
    NonFiniteOutput,
    ResourceExceeded,
    SpecError,
)
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.verification.calibration import INPUTS_MIN, CalibrationResult
from neurovoyance.verification.calibration import calibrate as statistics

LIMITS: Final = Limits(
    memory_bytes=4 << 30, cpu_time_s=3_600, wall_time_s=3_600.0, threads=2, file_bytes=8 << 30
)
"""Of one group of runs, and of the disk for all reference outputs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be calibrated.

    Attributes:
        names: tensors to compare; the model's own proposals if empty.
        classes: job classes that are wanted.
        allow_few: for trials: fewer than 100 inputs do not refuse the model.
    """

    model: Renderings
    drawn: Drawn
    names: tuple[str, ...] = ()
    classes: frozenset[JobClass] = frozenset({JobClass.TENSOR, JobClass.EXACT})
    allow_few: bool = False
    limits: Limits = LIMITS


@dataclass
class _Bed:
    """What one calibration works with, and what it has to say so far."""

    plan: Plan
    survey: Survey
    bench: Bench
    ort: OnnxRuntime
    notes: list[str] = field(default_factory=list)
    has_torch: bool = False
    reference: Reference | None = None
    engine: str = ""


def _silent(_what: str, _done: int, _total: int) -> None:
    """Say nothing."""


async def calibrate(plan: Plan, on_step: OnStep = _silent) -> Report:
    """Measure a model and return what was found; a refusal is a report as well.

    Raises:
        SpecError: job classes that no certificate covers yet, or an input that cannot be read.
        InputMismatch: an input does not fit the model.
        UnsupportedModel: the file is no ONNX model.
        ExecutionError: the engine failed on an input.
        ResourceExceeded: a limit was passed.
    """
    odd = sorted(one.name for one in plan.classes - {JobClass.TENSOR, JobClass.EXACT})
    if odd or not plan.classes:
        raise SpecError(
            f"Models cannot be certified for {', '.join(odd) or 'no class'} yet.",
            hint="Choose TENSOR, EXACT or both; nothing was measured.",
        )
    on_step("reading the model", 0, 1)
    found = await survey(plan.model.onnx, plan.limits, plan.names)
    if found.refusals:
        return Report(refusals=tuple(found.refusals), survey=found)
    await asyncio.to_thread(check_inputs, plan.drawn.paths, found.inputs)
    async with bench_of(plan.model, plan.drawn.paths, plan.drawn.seed, plan.limits, on_step) as (
        bench,
        ort,
    ):
        bed = _Bed(plan, found, bench, ort, has_torch=plan.model.torch is not None)
        if plan.drawn.left_out:
            bed.notes.append(
                f"{len(plan.drawn.left_out)} inputs were left out, since others equal them."
            )
        faults = await _judge(bed)
        if faults:
            return Report(refusals=faults, survey=found, notes=tuple(bed.notes))
        return await _measure_all(bed)


@asynccontextmanager
async def bench_of(
    model: Renderings, paths: Sequence[Path], seed: bytes, limits: Limits, on_step: OnStep
) -> AsyncIterator[tuple[Bench, OnnxRuntime]]:
    """Open runtimes and a scratch directory; yields the bench and the reference engine."""
    with TemporaryDirectory(prefix="neurovoyance-calibrate-") as name:
        scratch = Path(name)
        changed = await asyncio.to_thread(change_one_element, paths, scratch / "changed", seed)
        ort, torch = OnnxRuntime(), TorchRuntime(keep_warm=False)
        runtimes: dict[Engine, Runtime] = {Engine.ORT: ort, Engine.TORCH: torch}
        try:
            runs = Runs(runtimes, limits, scratch)
            yield Bench(runs, model, paths, changed, scratch, on_step), ort
        finally:
            await ort.close()
            await torch.close()


async def _judge(bed: _Bed) -> tuple[str, ...]:
    """Trace one honest run and judge it as referees would; return what they could not."""
    bed.bench.on_step("judging a trace", 0, 1)
    folder = bed.bench.scratch / "trace"
    await asyncio.to_thread(folder.mkdir)
    given, model = bed.bench.paths[0], bed.plan.model.onnx
    await bed.ort.trace(TraceRequest(model, given, folder), bed.plan.limits)
    judged = await judge_trace(model, given, folder, bed.plan.limits)
    for path in folder.iterdir():
        path.unlink()
    if judged.doubts:
        bed.notes.append(
            f"Referees would abstain on {len(judged.doubts)} operators of the first input: "
            + judged.doubts[0]
        )
    bed.bench.on_step("judging a trace", 1, 1)
    return judged.faults


async def _measure_all(bed: _Bed) -> Report:
    plan, options = bed.plan, bed.survey.options
    tried: list[Tried] = []
    accepted = proposal = exact = None
    if JobClass.TENSOR in plan.classes:
        bed.notes += bed.survey.tensor_refusals
        for option in [] if bed.survey.tensor_refusals else options:
            one = await _try(bed, option)
            tried.append(one)
            if one.is_accepted:
                # What was asked for is never replaced, only something else proposed.
                is_own = not plan.names or tuple(option.names) == plan.names
                accepted, proposal = (one, None) if is_own else (None, one)
                break
    pool = b""
    if JobClass.EXACT in plan.classes and not (plan.names and accepted is None and tried):
        exact = await _exact(bed, accepted)
        if exact is not None:
            pool = pool_of_numeric_class(await numeric_class(bed.ort))
    return Report(
        tried=tuple(tried),
        accepted=accepted,
        proposal=proposal,
        exact=exact,
        exact_pool=pool,
        engine=bed.engine,
        inputs=len(bed.bench.paths),
        candidates=plan.drawn.candidates,
        survey=bed.survey,
        notes=tuple(bed.notes),
    )


async def _try(bed: _Bed, option: Option) -> Tried:
    # What somebody asked for is measured even if it is too small, to show what it would hide.
    is_asked = tuple(option.names) == bed.plan.names
    least = 0 if is_asked else MIN_VERIFY_ELEMENTS
    try:
        reference = await reference_of(bed.bench, option.names, option.hidden, elements_min=least)
    except NonFiniteOutput as error:
        name = bed.bench.paths[0].name
        fault = f"On {name} the reference is not finite: {error.message}"
        return Tried(option, None, (fault,), (), (), (), 0)
    bed.engine, bed.reference = reference.engine, reference
    if reference.faults:
        return Tried.of(option, reference)
    honest, cheats, notes = await measure(
        bed.bench, reference, bed.survey.changed_by, has_torch=bed.has_torch
    )
    bed.notes += [note for note in notes if note not in bed.notes]
    inputs_min = 1 if bed.plan.allow_few else INPUTS_MIN
    result = statistics(option.candidate, honest, cheats, inputs_min=inputs_min)
    if reference.least_elements < MIN_VERIFY_ELEMENTS:
        result = replace(result, reasons=(*result.reasons, too_few(reference.least_elements)))
    return Tried.of(option, reference, _with_names(result, bed.bench.paths))


async def measure(
    bench: Bench, reference: Reference, changed_by: Sequence[str], *, has_torch: bool
) -> tuple[dict[str, list[float]], dict[str, list[float]], list[str]]:
    """Return distances per honest configuration and per cheat on every input, and notes.

    Args:
        changed_by: precisions whose rounding changes a weight; the others are no cheat.
        has_torch: whether there is a rendering for torch to run as well.
    """
    notes: list[str] = []
    honest = {config.name: await distances(bench, reference, config) for config in HONEST}
    if has_torch:
        try:
            honest[TORCH.name] = await distances(bench, reference, TORCH)
        except ResourceExceeded:
            raise
        except (ExecutionError, SpecError) as error:
            notes.append(f"The torch rendering was left out: {error.message}")
    if not any(max(some, default=0.0) for some in honest.values()):
        notes.append(
            "Every configuration gave the very bits of the reference here, and other processors "
            "will not. Measure the model for torch as well, or honest providers may fail audits."
        )
    cheats: dict[str, list[float]] = {}
    for weights in ROUNDED:
        name = cheat_name(weights)
        if weights.value in changed_by:
            config = C1.with_weights(weights)
            cheats[name] = await distances(bench, reference, config, words=name)
        else:
            notes.append(f"Rounding to {weights.value} changes no weight, so it is no cheat here.")
    found = await distances(bench, reference, C1, words=CHANGED_INPUT, changed=True)
    cheats[CHANGED_INPUT] = found
    same = found.count(math.inf)
    if same:
        notes.append(
            f"On {same} inputs the changed element made no difference to any bit compared; "
            "there was nothing to find."
        )
    if len(reference.files) > 1:
        cheats[CACHED_ANSWER] = await asyncio.to_thread(cached_distances, reference)
    return honest, cheats, notes


def _with_names(result: CalibrationResult, paths: Sequence[Path]) -> CalibrationResult:
    """Return the result with file names in place of ``input 3``."""
    reasons = []
    for reason in result.reasons:
        head, mark, rest = reason.partition(" on input ")
        number = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        if mark and number and int(number) < len(paths):
            reason = f"{head} on {paths[int(number)].name}{rest[len(number) :]}"
        reasons.append(reason)
    return replace(result, reasons=tuple(reasons))


async def _exact(bed: _Bed, accepted: Tried | None) -> Tried | None:
    """Return the choice that EXACT jobs compare, if two processes agree on every bit of it."""
    if accepted is not None:
        # The accepted choice was tried last, so its reference still lies on disk.
        option, reference = accepted.option, bed.reference
    else:
        option, reference = await _exact_choice(bed)
    if reference is None:
        return None
    bed.engine = reference.engine
    if not await is_bit_equal(bed.bench, reference):
        bed.notes.append("Two runs of the reference differ in bits, so EXACT jobs are impossible.")
        return None
    return replace(Tried.of(option, reference), faults=())


async def _exact_choice(bed: _Bed) -> tuple[Option, Reference | None]:
    """Return the first choice of enough elements, or else the one of most."""
    best: tuple[Option, Reference | None] = (bed.survey.options[0], None)
    for option in bed.survey.options:
        try:
            reference = await reference_of(bed.bench, option.names, option.hidden, elements_min=0)
        except NonFiniteOutput as error:
            bed.notes.append(f"On the first input the reference is not finite: {error.message}")
            continue
        if not reference.shapes or len(reference.files) < len(bed.bench.paths):
            continue
        if reference.least_elements >= MIN_VERIFY_ELEMENTS:
            return option, reference
        held = best[1]
        if held is None or reference.least_elements > held.least_elements:
            # The files are written again by the next choice, so the winner runs once more below.
            best = option, reference
    option, found = best
    if found is None:
        return best
    return option, await reference_of(bed.bench, option.names, option.hidden, elements_min=0)
