"""Round weights to a lower precision and back to float32: what a cheating provider would compute.

Place: in the child, under ``model_edit`` and ``torch_session``. Pure, numpy only. Never: used for
a job; calibration and the adversary suite measure with it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from neurovoyance.node.runtime.config import Weights

Floats = npt.NDArray[np.float32]
_FP16_MAX: Final = 65504.0
_INTEGER_MAX: Final = {Weights.INT8: 127, Weights.INT4: 7}


def is_rounded(shape: tuple[int, ...], weights: Weights) -> bool:
    """Tell whether a float32 weight of this shape is changed; scalars never are."""
    if weights is Weights.FP32 or int(np.prod(shape)) < 2:
        return False
    return weights in (Weights.FP16, Weights.BF16) or len(shape) >= 2


def round_weights(array: Floats, weights: Weights, channel_axes: tuple[int, ...]) -> Floats:
    """Return float32 values that ``weights`` can hold, of the same shape.

    Args:
        array: float32 of any shape.
        weights: the precision; FP32 returns the array itself.
        channel_axes: axes that keep a scale of their own, for int8 and int4.
    """
    if not is_rounded(array.shape, weights):
        return array
    if weights is Weights.FP16:
        clipped = np.clip(array, -_FP16_MAX, _FP16_MAX)
        return clipped.astype(np.float16).astype(np.float32)
    if weights is Weights.BF16:
        return _to_bf16(array)
    return _to_integers(array, _INTEGER_MAX[weights], channel_axes)


def channel_axes(op_type: str, position: int, rank: int, *, transposed: bool) -> tuple[int, ...]:
    """Return the axes of output channels of a weight that is input ``position`` of an operator.

    Args:
        op_type: the ONNX operator that takes it.
        position: which input it is.
        rank: its number of dimensions.
        transposed: the operator transposes it first (``transB`` of Gemm).
    """
    if op_type == "MatMul":
        return (rank - 1,) if position else (rank - 2,)
    if op_type == "Gemm":
        return (0,) if transposed else (rank - 1,)
    if op_type == "ConvTranspose":
        return (1,)
    if op_type in ("LSTM", "GRU", "RNN"):
        return (0, 1)
    return (0,)


def _to_bf16(array: Floats) -> Floats:
    bits = np.ascontiguousarray(array).view(np.uint32)
    half = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    rounded: Floats = ((bits + half) & np.uint32(0xFFFF0000)).view(np.float32)
    kept: Floats = np.where(np.isfinite(rounded), rounded, array)
    return kept


def _to_integers(array: Floats, largest: int, axes: tuple[int, ...]) -> Floats:
    others = tuple(axis for axis in range(array.ndim) if axis not in axes)
    peak: npt.NDArray[Any] = np.abs(array).max(axis=others, keepdims=True)
    scale = np.where(peak > 0, peak / largest, 1).astype(np.float32)
    steps = np.clip(np.rint(array / scale), -largest, largest)
    found: Floats = (steps * scale).astype(np.float32)
    return found
