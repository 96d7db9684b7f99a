"""Ready-made models that pages offer for a first try: named by a file, kept in the storage.

Place: opened by ``opening`` where the settings name a file; ``neurovoyance up`` writes one. Never:
a model that the file's writer did not choose, or a model that stops the service.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from neurovoyance.client.models import keep_manifest
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.protocol.errors import ConfigError, NeurovoyanceError
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.manifest import ModelManifest

log = logging.getLogger(__name__)


class FileTypes(BaseModel):
    """How a file-type model reads a file: see ``neurovoyance.client.filetypes``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: str
    output: str
    beg_size: Annotated[int, Field(ge=1, le=1 << 16)]
    end_size: Annotated[int, Field(ge=1, le=1 << 16)]
    block_size: Annotated[int, Field(ge=1, le=1 << 20)]
    min_size: Annotated[int, Field(ge=0, le=1 << 16)]
    padding: int
    labels: Annotated[list[str], Field(max_length=4_096)]


class SampleFile(BaseModel):
    """One sample as the file states it.

    Attributes:
        path: the model's ONNX file.
        manifest: its manifest; ``model_cid`` has to be that of the file.
        title, about: for people.
        file_types: set where the model tells what type a file is.
        inputs: JSON texts of the inputs by name otherwise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path
    manifest: ModelManifest
    title: Annotated[str, Field(min_length=1, max_length=80)]
    about: Annotated[str, Field(max_length=300)] = ""
    file_types: FileTypes | None = None
    inputs: dict[str, str] | None = None


class Sample(BaseModel):
    """One sample as pages see it."""

    model_id: str
    name: str
    title: str
    about: str
    file_types: FileTypes | None
    inputs: dict[str, str] | None


_FILE = TypeAdapter(list[SampleFile])


def read_samples(path: Path) -> list[SampleFile]:
    """Return the samples of a file.

    Raises:
        ConfigError: it cannot be read, or is not a list of samples.
    """
    try:
        return _FILE.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ConfigError(
            f"The samples file {path} cannot be used.",
            hint="Leave the setting samples_path out, or name a file that `neurovoyance up` wrote.",
            faults=["samples_path: not a list of samples"],
        ) from error


async def publish_samples(storage: EmbeddedBackend, files: list[SampleFile]) -> list[Sample]:
    """Keep and offer the models; one whose file is another than its manifest says is left out."""
    found: list[Sample] = []
    for one in files:
        try:
            cid = await storage.add(one.path)
            if str(cid) != one.manifest.model_cid:
                log.warning("samples.other_model path=%s", one.path)
                continue
            await storage.provide(cid)
            await keep_manifest(storage, one.manifest)
        except (NeurovoyanceError, OSError) as error:
            log.warning("samples.not_kept path=%s why=%s", one.path, error)
            continue
        found.append(
            Sample(
                model_id=hex_of(one.manifest.model_id()),
                name=one.manifest.name,
                title=one.title,
                about=one.about,
                file_types=one.file_types,
                inputs=one.inputs,
            )
        )
    return found
