"""``neurovoyance model calibrate``: measure a model and write its certificate."""

from __future__ import annotations

from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurovoyance.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from neurovoyance.node.calibration.engine import Plan
    from neurovoyance.node.calibration.report import Report
    from neurovoyance.protocol.manifest import ModelManifest

REFUSED = 2
SUFFIX = ".certificate.json"


class CertifiedClass(StrEnum):
    """Job classes that a certificate can cover."""

    BOTH = "both"
    TENSOR = "tensor"
    EXACT = "exact"


def calibrate(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="An .onnx file, or a folder with model.onnx.")
    ],
    inputs: Annotated[
        Path | None,
        typer.Option("--inputs", help="Folder of real inputs, one .safetensors file a run."),
    ] = None,
    random: Annotated[
        int,
        typer.Option("--random", min=0, help="Make up so many random inputs instead, for trials."),
    ] = 0,
    count: Annotated[
        int, typer.Option("--count", min=1, help="How many inputs are measured.")
    ] = 100,
    seed: Annotated[str, typer.Option("--seed", help="Text that draws the inputs.")] = "",
    verify: Annotated[
        list[str] | None,
        typer.Option("--verify", help="Compare this tensor; may be repeated."),
    ] = None,
    torch: Annotated[
        Path | None, typer.Option("--torch", help="The same model for torch, measured as well.")
    ] = None,
    job_class: Annotated[
        CertifiedClass, typer.Option("--class", help="Job classes to certify.")
    ] = CertifiedClass.BOTH,
    pool: Annotated[str, typer.Option("--pool", help="Auditors of TENSOR jobs.")] = "cpu",
    out: Annotated[
        Path | None, typer.Option("--out", help="Where the certificate goes; beside FILE.")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="A name for people.")] = "",
    allow_few: Annotated[
        bool, typer.Option("--allow-few", help="Accept under 100 inputs of 200; for trials.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how far honest results and cheats lie apart; write a certificate, or say why not."""
    from neurovoyance.cli.opened import run
    from neurovoyance.protocol.certificate import pool_of
    from neurovoyance.protocol.errors import SpecError

    pool_id = pool_of(pool)
    if (inputs is None) == (random == 0):
        raise SpecError(
            "Give real inputs with --inputs DIR, or ask for made-up ones with --random N.",
            hint="Real inputs are better: the tolerance fits what it was measured on.",
        )
    target = out or path.with_name((path.stem if path.suffix else path.name) + SUFFIX)
    with ExitStack() as stack:
        plan = run(_plan(path, inputs, random, count, seed, verify or [], torch, stack, allow_few))
        plan = _with_classes(plan, job_class)
        is_made_up = inputs is None
        code = run(_calibrate(plan, target, name or path.stem, pool_id, home, is_made_up, as_json))
    if code:
        raise typer.Exit(code)


def _with_classes(plan: Plan, job_class: CertifiedClass) -> Plan:
    from dataclasses import replace

    from neurovoyance.protocol.job_spec import JobClass

    if job_class is CertifiedClass.BOTH:
        return plan
    return replace(plan, classes=frozenset({JobClass[job_class.name]}))


async def _plan(
    path: Path,
    inputs: Path | None,
    random: int,
    count: int,
    seed: str,
    names: list[str],
    torch: Path | None,
    stack: ExitStack,
    allow_few: bool,
) -> Plan:
    from tempfile import TemporaryDirectory

    from neurovoyance.node.calibration.engine import LIMITS, Plan
    from neurovoyance.node.calibration.inputs import draw_from, make_inputs
    from neurovoyance.node.calibration.runs import Renderings
    from neurovoyance.node.calibration.surveyor import survey
    from neurovoyance.protocol.errors import UnsupportedModel
    from neurovoyance.protocol.ids import keccak256

    missing = [one for one in (path, torch) if one is not None and not one.exists()]
    if missing:
        raise UnsupportedModel(
            f"There is no model at {missing[0]}; nothing was measured.",
            hint="Give an .onnx file, or a folder that holds model.onnx and its weights.",
        )
    drawing = keccak256(seed.encode())
    if inputs is None:
        found = await survey(path, LIMITS)
        if found.refusals:
            raise UnsupportedModel(
                "This model cannot be certified. " + " ".join(found.refusals),
                hint="docs/models.md says what to do about each reason; nothing was measured.",
            )
        inputs = Path(stack.enter_context(TemporaryDirectory(prefix="neurovoyance-made-")))
        make_inputs(inputs, found.inputs, found.integer_bounds, random, drawing)
    drawn = draw_from(inputs, drawing, count, allow_few=allow_few)
    return Plan(Renderings(path, torch), drawn, tuple(names), allow_few=allow_few)


async def _calibrate(
    plan: Plan,
    target: Path,
    name: str,
    pool: bytes,
    home: Path | None,
    is_made_up: bool,
    as_json: bool,
) -> int:
    from asyncio import to_thread

    from neurovoyance.cli.model_tables import StepLine, print_report
    from neurovoyance.cli.opened import home_of
    from neurovoyance.cli.output import console
    from neurovoyance.ipfs.embedded import EmbeddedBackend
    from neurovoyance.node.calibration.engine import calibrate as measure
    from neurovoyance.node.calibration.filing import file_model

    step = StepLine(is_silent=as_json)
    try:
        report = await measure(plan, step)
    finally:
        step.close()
    manifest: ModelManifest | None = None
    if report.is_accepted:
        async with EmbeddedBackend(home_of(home) / "storage") as storage:
            manifest = await file_model(
                storage, report, plan.model, plan.drawn, name=name, pool=pool
            )
        await to_thread(target.write_bytes, manifest.canonical_bytes())
    if as_json:
        _emit(report, manifest, target, is_made_up)
        return 0 if manifest else REFUSED
    print_report(report)
    if is_made_up:
        console().print(
            "  [yellow]careful[/yellow]  The inputs are random numbers, not what people will send: "
            "the tolerance may be wrong for real ones. Use it for trials alone."
        )
    if manifest is not None:
        console().print(
            f"  Written to {target}. Next: `neurovoyance model register {target}`", soft_wrap=True
        )
    return 0 if manifest else REFUSED


def _emit(report: Report, manifest: ModelManifest | None, target: Path, made_up: bool) -> None:
    from neurovoyance.cli.output import emit_json
    from neurovoyance.protocol.ids import hex_of

    written = {
        "model_id": hex_of(manifest.model_id()) if manifest else "",
        "certificate": str(target) if manifest else "",
        "random_inputs": made_up,
    }
    emit_json({**report.to_json(), **written})
