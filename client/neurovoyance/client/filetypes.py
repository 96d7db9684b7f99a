"""What goes into the file-type model Magika and what its output means.

Place: stage 1 and after stage 6 of a file-type job: the client turns files into the model's input
rows and the provider's scores into labels. The numbers (block size, thresholds, label space) come
from the configuration that ships beside the model. Never: running the model; that is a provider's
work.

Input row, int32 (2048,): the first 1,024 bytes of the file after its leading white space, then the
last 1,024 before its trailing white space, each taken from one block of 4,096 bytes and filled up
with the padding token 256. Files too short for the model get their label without it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from neurovoyance.protocol.errors import ConfigError, SpecError

INPUT_NAME = "bytes"
OUTPUT_NAME = "target_label"
EMPTY, TEXT, UNKNOWN = "empty", "txt", "unknown"

Scores = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class FileTypeModel:
    """Magika's configuration: sizes in bytes, labels in the order of the model's scores.

    Attributes:
        path: the ONNX file.
        beg_size: bytes taken from the beginning.
        end_size: bytes taken from the end.
        block_size: bytes read at either end, before white space is stripped.
        min_size: bytes below which the model is not asked.
        padding: token that stands for "no byte".
        labels: label of each score.
        thresholds: least score at which a label is believed, where it is not ``threshold``.
        threshold: least score at which any other label is believed.
        overwrite: labels that are shown as another one.
        text_labels: labels that are text, and become ``txt`` when they are not believed.
    """

    path: Path
    beg_size: int
    end_size: int
    block_size: int
    min_size: int
    padding: int
    labels: tuple[str, ...]
    thresholds: dict[str, float]
    threshold: float
    overwrite: dict[str, str]
    text_labels: frozenset[str]

    @property
    def row_size(self) -> int:
        """Length of one input row."""
        return self.beg_size + self.end_size

    def read(self, source: Path | bytes) -> FileFeatures:
        """Return the input row of a file, or the label that it gets without the model.

        A file of any size costs two reads of ``block_size`` bytes.

        Raises:
            OSError: the file cannot be read.
        """
        if isinstance(source, bytes):
            return self._features(
                len(source), source[: self.block_size], source[-self.block_size :]
            )
        with source.open("rb") as file:
            return self._features(*self._ends(file))

    def label(self, scores: Scores) -> str:
        """Return the label that one row of scores, float32 (labels,), stands for.

        Raises:
            SpecError: the row is not as long as the label space.
        """
        if scores.shape != (len(self.labels),):
            raise SpecError(
                f"The output row has shape {scores.shape}; {len(self.labels)} scores were expected."
            )
        best = int(np.argmax(scores))
        found = self.labels[best]
        shown = self.overwrite.get(found, found)
        if float(scores[best]) >= self.thresholds.get(found, self.threshold):
            return shown
        return TEXT if shown in self.text_labels else UNKNOWN

    def _ends(self, file: BinaryIO) -> tuple[int, bytes, bytes]:
        size = file.seek(0, 2)
        block = min(self.block_size, size)
        file.seek(0)
        head = file.read(block)
        file.seek(size - block)
        return size, head, file.read(block)

    def _features(self, size: int, head: bytes, tail: bytes) -> FileFeatures:
        if size == 0:
            return FileFeatures(label=EMPTY)
        if size < self.min_size:
            return FileFeatures(label=_label_of_few_bytes(head))
        row = np.full(self.row_size, self.padding, dtype=np.int32)
        beg = head.lstrip()[: self.beg_size]
        end = tail.rstrip()[-self.end_size :]
        row[: len(beg)] = np.frombuffer(beg, dtype=np.uint8)
        row[self.row_size - len(end) :] = np.frombuffer(end, dtype=np.uint8)
        if len(beg) < self.min_size:
            return FileFeatures(label=_label_of_few_bytes(head))
        return FileFeatures(row=row)


@dataclass(frozen=True, slots=True, eq=False)
class FileFeatures:
    """Either ``row``, int32 (row_size,), for the model, or the ``label`` that needs no model."""

    row: npt.NDArray[np.int32] | None = None
    label: str = ""


def _label_of_few_bytes(content: bytes) -> str:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return UNKNOWN
    return TEXT


def input_of(features: Sequence[FileFeatures]) -> dict[str, npt.NDArray[np.int32]]:
    """Return the job input, int32 (files, row_size), of the files that need the model.

    Raises:
        SpecError: none of them does, so there is nothing to pay for.
    """
    rows = [item.row for item in features if item.row is not None]
    if not rows:
        raise SpecError("None of these files needs the model, so there is no job to submit.")
    return {INPUT_NAME: np.stack(rows)}


def installed_model() -> FileTypeModel:
    """Return the newest model inside the installed package ``magika``, which is not imported.

    Raises:
        ConfigError: the package or its model is missing.
    """
    spec = find_spec("magika")
    roots = [Path(root) for root in (spec.submodule_search_locations or [])] if spec else []
    for root in roots:
        models = sorted((root / "models").glob("standard_*/model.onnx"))
        if models:
            return load_model(models[-1].parent, root / "config" / "content_types_kb.min.json")
    raise ConfigError(
        "The file-type model is not installed; nothing was started.",
        hint="Install it with: pip install 'neurovoyance[demo]'",
    )


def load_model(model_dir: Path, labels_path: Path) -> FileTypeModel:
    """Return the model in a directory that holds ``model.onnx`` and ``config.min.json``.

    Raises:
        ConfigError: a file is missing or is not laid out as this software knows it.
    """
    try:
        config = json.loads((model_dir / "config.min.json").read_text(encoding="utf-8"))
        kinds = json.loads(labels_path.read_text(encoding="utf-8"))
        if config["mid_size"] or config["use_inputs_at_offsets"]:
            raise ValueError("features from the middle of a file are not supported")
        return FileTypeModel(
            path=model_dir / "model.onnx",
            beg_size=int(config["beg_size"]),
            end_size=int(config["end_size"]),
            block_size=int(config["block_size"]),
            min_size=int(config["min_file_size_for_dl"]),
            padding=int(config["padding_token"]),
            labels=tuple(config["target_labels_space"]),
            thresholds={str(k): float(v) for k, v in config["thresholds"].items()},
            threshold=float(config["medium_confidence_threshold"]),
            overwrite=dict(config["overwrite_map"]),
            text_labels=frozenset(name for name, kind in kinds.items() if kind["is_text"]),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"The file-type model in {model_dir.name} cannot be used: {error}.",
            hint="Install the version that this release was made with: pip install 'magika>=1.0'",
        ) from error
