"""``neurovoyance job batch``: run a model on many inputs, paid by vouchers of a channel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurovoyance.cli.job_submit import ClassOption, ModelArgument, PresetOption
from neurovoyance.cli.options import HomeOption, JsonOption, YesOption

if TYPE_CHECKING:
    from neurovoyance.client.models import PublishedModel
    from neurovoyance.client.tasks import TaskResults

INCOMPLETE = 5


def batch(
    model: ModelArgument,
    inputs: Annotated[
        Path,
        typer.Argument(
            metavar="INPUTS",
            help="Directory of input files, or an .npy whose first axis counts the tasks.",
            exists=True,
        ),
    ],
    provider: Annotated[
        str | None, typer.Option("--provider", help="Owner address; by default the best payee.")
    ] = None,
    check: Annotated[
        int, typer.Option("--check", min=0, help="Tasks of each batch to repeat before paying.")
    ] = 0,
    check_at: Annotated[
        str | None,
        typer.Option(
            "--check-at",
            help="Repeat them at this payee, or at an independent one with 'auto'; "
            "by default on this machine.",
        ),
    ] = None,
    max_price: Annotated[
        str, typer.Option("--max-price", help="Most that one task may cost, in NVY.")
    ] = "0.01",
    max_runtime: Annotated[
        int, typer.Option("--max-runtime", min=1, help="Seconds that one task may take.")
    ] = 2,
    job_class: ClassOption = "",
    preset: PresetOption = "cheapest",
    out: Annotated[Path | None, typer.Option("--out", help="Directory for the outputs.")] = None,
    yes: YesOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a model on many inputs at a provider of your channels; run it again to go on."""
    from neurovoyance.cli.opened import run
    from neurovoyance.protocol.units import nvy

    terms = {
        "provider": provider,
        "preset": preset,
        "max_price_wei": nvy(max_price),
        "max_runtime_s": max_runtime,
        "check": check,
    }
    code = run(_batch(model, inputs, terms, job_class, check_at, out, yes, home, as_json))
    if code:
        raise typer.Exit(code)


async def _batch(
    model: str,
    inputs: Path,
    terms: dict[str, Any],
    job_class: str,
    check_at: str | None,
    out: Path | None,
    yes: bool,
    home: Path | None,
    as_json: bool,
) -> int:
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import nvy
    from neurovoyance.cli.task_checker import LocalChecker
    from neurovoyance.protocol.job_spec import JobClass

    async with opened(home, serve=True) as client:
        found = await client.model(model)
        names, arrays = read_tasks(inputs, found.manifest)
        if not yes and not as_json:
            most = nvy(len(arrays) * terms["max_price_wei"])
            asked = f"Pay at most {most} for {len(arrays)} tasks, out of your channels?"
            typer.confirm(asked, abort=True, err=True)
        if job_class:
            terms["job_class"] = JobClass[job_class.upper()]
        async with LocalChecker(client.session.storage, client.session.settings.home) as local:
            results = await client.tasks.run(
                found, arrays, checker=check_at or local.repeat, **terms
            )
        kept = keep(results, names, out)
        tell(found, results, kept, as_json)
    return 0 if results.is_complete else INCOMPLETE


def read_tasks(path: Path, manifest: Any) -> tuple[list[str], list[dict[str, Any]]]:
    """Return names and inputs of the tasks in a directory or an ``.npy`` file.

    Raises:
        SpecError: there is none, or a file cannot be read.
    """
    import numpy as np

    from neurovoyance.cli.input_files import read_inputs
    from neurovoyance.protocol.errors import SpecError

    if path.is_dir():
        files = sorted(item for item in path.iterdir() if item.is_file())
        if not files:
            raise SpecError(f"There is no input file in {path}; nothing was signed.")
        return [item.stem for item in files], [read_inputs([str(i)], manifest) for i in files]
    [(name, whole)] = read_inputs([str(path)], manifest).items()
    declared = next((item for item in manifest.inputs if item.name == name), None)
    if declared is None or whole.ndim == 0 or not len(whole):
        raise SpecError(
            f"{path.name} holds no tasks along its first axis; nothing was signed.",
            hint="Give an array of one more dimension than the model's input, or a directory.",
        )
    # One axis more than the model takes: a task each; as many: a row each.
    is_stacked = whole.ndim == len(declared.shape) + 1
    parts = [whole[at] if is_stacked else whole[at : at + 1] for at in range(len(whole))]
    width = len(str(len(parts) - 1))
    names = [f"{at:0{width}d}" for at in range(len(parts))]
    return names, [{name: np.ascontiguousarray(part)} for part in parts]


def keep(results: TaskResults, names: list[str], out: Path | None) -> list[str]:
    """Write the outputs that came, one safetensors file a task; return where."""
    from neurovoyance.client.results import save_result

    if out is None:
        return []
    kept = []
    for name, arrays in zip(names, results.outputs, strict=True):
        if arrays is not None:
            path = out / f"{name}.safetensors"
            save_result(path, arrays)
            kept.append(str(path))
    return kept


def tell(
    model: PublishedModel,
    results: TaskResults,
    kept: list[str],
    as_json: bool,
) -> None:
    """Print what came of it."""
    from neurovoyance.cli.output import console, emit_json, nvy
    from neurovoyance.protocol.ids import hex_of

    done = sum(item is not None for item in results.outputs)
    if as_json:
        emit_json(
            {
                "provider": results.provider,
                "model_id": hex_of(model.model_id),
                "tasks": len(results.outputs),
                "delivered": done,
                "paid_wei": str(results.paid_wei),
                "batches": [hex_of(item) for item in results.batches],
                "repeated": results.repeated,
                "checker": results.checker,
                "why_checker": results.why_checker,
                "is_handed_over": results.is_handed_over,
                "why": results.why,
                "files": kept,
            }
        )
        return
    shown = console()
    by = f" by {results.provider}" if results.provider else ""
    shown.print(
        f"{done} of {len(results.outputs)} tasks are here, computed{by}; "
        f"{nvy(results.paid_wei)} were signed for in {len(results.batches)} batches."
    )
    if results.repeated:
        at = f" by {results.checker}" if results.checker else ""
        shown.print(f"{results.repeated} of them were repeated{at}, and agree.")
    if results.why_checker:
        shown.print(f"{results.checker} was chosen to repeat them: {results.why_checker}.")
    if results.why:
        shown.print(f"{results.why} Run the command again to go on.")
    if not results.is_handed_over:
        shown.print("The provider does not have the last voucher yet; the next run hands it over.")
