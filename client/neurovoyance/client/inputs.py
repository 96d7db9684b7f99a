"""Input tensors of a job: checked against the model's manifest, then one safetensors file.

Place: stage 1. The same arrays always give the same bytes and so the same CID. Never: pickle, or
an array that the model would refuse; a mistake costs nothing before the job is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from neurovoyance.protocol.errors import InputMismatch
from neurovoyance.protocol.manifest import ModelManifest, TensorSpec

Arrays = Mapping[str, npt.NDArray[Any]]


def encode_inputs(manifest: ModelManifest, arrays: Arrays) -> bytes:
    """Return the safetensors bytes of a job's input.

    Args:
        manifest: of the model; names, dtypes and shapes have to fit it.
        arrays: one array a graph input; fixed dimensions equal, a symbolic dimension has one size
            wherever its name occurs.

    Raises:
        InputMismatch: every fault in one message; nothing was stored.
    """
    faults = list(_faults(manifest, arrays))
    if faults:
        raise InputMismatch(
            "The input does not fit the model: " + "; ".join(faults) + ".",
            hint="Nothing was sent and no money moved. `neurovoyance model show` lists the inputs.",
            faults=faults,
        )
    return save(
        {tensor.name: np.ascontiguousarray(arrays[tensor.name]) for tensor in manifest.inputs}
    )


def batch_of(manifest: ModelManifest, arrays: Arrays) -> int:
    """Return how many inputs are computed in one run: the first input's first symbolic dimension.

    A model without one computes a single input.
    """
    first = manifest.inputs[0]
    shape = arrays[first.name].shape
    if shape and not first.shape[0].isdecimal():
        return max(1, int(shape[0]))
    return 1


def _faults(manifest: ModelManifest, arrays: Arrays) -> list[str]:
    names = {tensor.name for tensor in manifest.inputs}
    faults = [f"{name!r} is no input of the model" for name in arrays if name not in names]
    sizes: dict[str, int] = {}
    for tensor in manifest.inputs:
        array = arrays.get(tensor.name)
        if array is None:
            faults.append(f"input {tensor.name!r} is missing")
        else:
            faults += _shape_faults(tensor, array, sizes)
    return faults


def _shape_faults(tensor: TensorSpec, array: npt.NDArray[Any], sizes: dict[str, int]) -> list[str]:
    faults = []
    if array.dtype.name != tensor.dtype:
        faults.append(f"input {tensor.name!r} is {array.dtype.name}, not {tensor.dtype}")
    if len(array.shape) != len(tensor.shape):
        faults.append(
            f"input {tensor.name!r} has {len(array.shape)} dimensions, not {len(tensor.shape)}"
        )
        return faults
    for size, declared in zip(array.shape, tensor.shape, strict=True):
        needed = int(declared) if declared.isdecimal() else sizes.setdefault(declared, size)
        if size != needed:
            faults.append(
                f"input {tensor.name!r} has shape {list(array.shape)}, "
                f"not [{', '.join(tensor.shape)}]"
            )
            break
    if 0 in array.shape:
        faults.append(f"input {tensor.name!r} is empty")
    return faults
