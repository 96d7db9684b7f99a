"""Reads the input tensors of a job from files: safetensors, .npz, .npy, JSON.

Place: stage 1, for the command line. Never: pickle; numpy files that need it are refused.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.manifest import ModelManifest

Arrays = dict[str, npt.NDArray[Any]]
MAX_JSON_BYTES = 64 << 20
_KINDS = ".safetensors, .npz, .npy or .json"


def read_inputs(texts: Sequence[str], manifest: ModelManifest) -> Arrays:
    """Return the arrays that ``FILE`` or ``NAME=FILE`` arguments name.

    A file of several tensors gives them by name; a single tensor without a name belongs to the
    model's only input. JSON numbers take the dtype that the model declares.

    Raises:
        SpecError: a file is missing, of another kind, or does not say which input it is.
    """
    arrays: Arrays = {}
    for text in texts:
        name, _, rest = text.partition("=") if not Path(text).exists() else ("", "", text)
        path = Path(rest or text)
        for found, array in _read(path, manifest, name).items():
            key = name or found or _only_input(manifest, path)
            if key in arrays:
                raise SpecError(f"Input {key!r} is given twice; nothing was sent.")
            arrays[key] = array
    return arrays


def _only_input(manifest: ModelManifest, path: Path) -> str:
    if len(manifest.inputs) == 1:
        return manifest.inputs[0].name
    names = ", ".join(tensor.name for tensor in manifest.inputs)
    raise SpecError(
        f"{path.name} holds one tensor and the model has {len(manifest.inputs)} inputs ({names}).",
        hint="Say which it is: NAME=FILE. Nothing was sent.",
    )


def _read(path: Path, manifest: ModelManifest, name: str) -> Arrays:
    try:
        match path.suffix.lower():
            case ".safetensors":
                from safetensors.numpy import load_file

                return dict(load_file(path))
            case ".npz":
                with np.load(path, allow_pickle=False) as archive:
                    return {key: archive[key] for key in archive.files}
            case ".npy":
                return {"": np.load(path, allow_pickle=False)}
            case ".json":
                return _read_json(path, manifest, name)
    except FileNotFoundError as error:
        raise SpecError(
            f"There is no input file {path}; nothing was sent.",
            hint="Write --input FILE or --input NAME=FILE.",
        ) from error
    except Exception as error:
        # Each reader raises types of its own for files that are not of its kind.
        if isinstance(error, SpecError):
            raise
        raise SpecError(f"{path.name} cannot be read as {path.suffix}: {error}.") from error
    raise SpecError(
        f"{path.name} is not an input file; nothing was sent.", hint=f"Give a file of {_KINDS}."
    )


def _read_json(path: Path, manifest: ModelManifest, name: str) -> Arrays:
    if path.stat().st_size > MAX_JSON_BYTES:
        raise SpecError(f"{path.name} is too large for JSON.", hint="Use safetensors instead.")
    value = json.loads(path.read_text(encoding="utf-8"))
    parts = value if isinstance(value, dict) else {"": value}
    dtypes = {tensor.name: tensor.dtype for tensor in manifest.inputs}
    arrays = {}
    for key, item in parts.items():
        dtype = dtypes.get(name or key or _only_input(manifest, path), "float32")
        arrays[key] = np.asarray(item, dtype=np.dtype(dtype))
    return arrays
