"""``neurovoyance model show``: the models that this client published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurovoyance.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from neurovoyance.client.models import PublishedModel
    from neurovoyance.protocol.manifest import ModelManifest


def show(
    name: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="Model id, CID or name; all if omitted.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show published models: inputs, outputs, identifiers."""
    from neurovoyance.cli.opened import run

    run(_show(name, home, as_json))


async def _show(name: str | None, home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.opened import home_of
    from neurovoyance.cli.output import console, emit_json
    from neurovoyance.client.models import find_model, list_models
    from neurovoyance.ipfs.embedded import EmbeddedBackend

    async with EmbeddedBackend(home_of(home) / "storage") as storage:
        models = [await find_model(storage, name)] if name else await list_models(storage)
    if as_json:
        emit_json({"models": [model_json(model) for model in models]})
        return
    if not models:
        console().print("No models yet. Publish one with `neurovoyance model add FILE`.")
    for model in models:
        print_model(model)


def model_json(model: PublishedModel) -> dict[str, Any]:
    """Return a model as JSON values."""
    from neurovoyance.protocol.ids import hex_of

    return {
        "model_id": hex_of(model.model_id),
        "manifest": model.manifest.model_dump(mode="json"),
    }


def print_model(model: PublishedModel) -> None:
    """Print one model."""
    from neurovoyance.cli.output import console, size
    from neurovoyance.protocol.ids import hex_of

    manifest, out = model.manifest, console()
    out.print()
    out.print(f"[bold]{manifest.name or 'model'}[/bold]")
    rows = [
        ("model id", hex_of(model.model_id)),
        ("model CID", manifest.model_cid),
        ("size", size(model.size_bytes)),
        ("checked", f"{_classes(manifest)}, opset {manifest.opset}"),
        *_certificate_rows(manifest),
    ]
    rows += [
        ("input", f"{t.name}  {t.dtype}  [{', '.join(t.shape)}]".replace("[", "\\["))
        for t in manifest.inputs
    ]
    rows += [
        ("output", f"{t.name}  {t.dtype}  [{', '.join(t.shape)}]".replace("[", "\\["))
        for t in manifest.tensors
    ]
    for label, value in rows:
        out.print(f"  [dim]{label:<10}[/dim]  {value}", soft_wrap=True)


def _classes(manifest: ModelManifest) -> str:
    from neurovoyance.protocol.job_spec import JobClass

    found = [one.name for one in (JobClass.TENSOR, JobClass.EXACT) if manifest.allows(one)]
    return " and ".join(found) or manifest.job_class


def _certificate_rows(manifest: ModelManifest) -> list[tuple[str, str]]:
    certificate = manifest.certificate
    if certificate is None:
        return [("certified", "no; audits need `neurovoyance model calibrate`")]
    names = ", ".join(tensor.name for tensor in certificate.verify).replace("[", "\\[")
    return [
        ("certified", f"tau {certificate.tau}, measured on {certificate.inputs_count} inputs"),
        ("compared", names),
    ]
