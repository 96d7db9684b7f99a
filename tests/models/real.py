"""A real model that a package ships: magika, which tells the type of a file."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tests.models.made import Inputs, Made

_PADDING, _HALF = 256, 1_024
_AT = "jax2tf_get_logits_/pjit_get_logits_/MagikaV2/"
_VERIFY = (f"{_AT}LayerNorm_1/AddV2_1:0", f"{_AT}Dense_1/AddV2:0")


def magika() -> Made:
    """``bytes`` int32 (1, 2048) to ``target_label``; inputs are files of this repository.

    The verify tensors lie before the softmax: the 214 logits, and the 512 features ahead of them.
    """
    found = importlib.util.find_spec("magika")
    if found is None or found.origin is None:
        pytest.skip("magika is not installed")
    path = next((Path(found.origin).parent / "models").glob("*/model.onnx"))
    return Made("magika", path.read_bytes(), _VERIFY, ("target_label",), _inputs)


def _inputs(seed: int) -> Inputs:
    files = _files()
    data = files[seed % len(files)].read_bytes()
    begin, end = data.lstrip()[:_HALF], data.rstrip()[-_HALF:]
    row = np.full(2 * _HALF, _PADDING, np.int32)
    row[: len(begin)] = list(begin)
    row[2 * _HALF - len(end) :] = list(end)
    return {"bytes": row[None]}


@cache
def _files() -> list[Path]:
    """Return source files of this repository, by name."""
    root = Path(__file__).resolve().parents[2]
    folders = ("protocol", "node", "client", "contracts", "docs", "tests")
    return sorted(
        path
        for folder in folders
        for path in (root / folder).rglob("*")
        if path.suffix in (".py", ".sol", ".md", ".json") and path.stat().st_size >= 64
    )
