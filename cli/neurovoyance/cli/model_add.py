"""``neurovoyance model add``: publish an ONNX model so that jobs can name it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from neurovoyance.cli.options import HomeOption, JsonOption


class ClassChoice(StrEnum):
    """How outputs of the model are checked."""

    EXACT = "exact"
    TENSOR = "tensor"


def add(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="An .onnx file, or a folder with model.onnx.")
    ],
    name: Annotated[str, typer.Option("--name", help="A name for people.")] = "",
    job_class: Annotated[
        ClassChoice, typer.Option("--class", help="How outputs are checked.")
    ] = ClassChoice.EXACT,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish a model: its bytes get a content identifier, its manifest the model id."""
    from neurovoyance.cli.opened import run

    run(_add(path, name, job_class.name, home, as_json))


async def _add(path: Path, name: str, class_name: str, home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.model_show import model_json, print_model
    from neurovoyance.cli.opened import home_of
    from neurovoyance.cli.output import emit_json
    from neurovoyance.client.models import publish_model
    from neurovoyance.ipfs.embedded import EmbeddedBackend
    from neurovoyance.protocol.job_spec import JobClass

    async with EmbeddedBackend(home_of(home) / "storage") as storage:
        model = await publish_model(storage, path, name=name, job_class=JobClass[class_name])
    if as_json:
        emit_json(model_json(model))
    else:
        print_model(model)
