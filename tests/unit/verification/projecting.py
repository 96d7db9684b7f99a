"""Shared by the tests of both projections: vectors read, random tensors made."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from neurovoyance.verification.canonical import TENSOR_TYPES, Array, decode_tensor, encode_tensor
from neurovoyance.verification.projection import BLOCK, ScaledTensor

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "projection.json").read_text(encoding="utf-8")
)["projections"]
FLOATS = [kind.numpy_dtype() for kind in TENSOR_TYPES if kind.float_bits is not None]
KEY = bytes(range(32))


def counting_values(count: int) -> Array:
    """Return the values that vectors call ``lcg``, fp32."""
    index = np.arange(count, dtype=np.uint64)
    return ((index * 2654435761 % 2**32) / 2**32 - 0.5).astype(np.float32)


def tensors_of(vector: dict[str, Any]) -> list[ScaledTensor]:
    """Return the tensors of a vector."""
    tensors = []
    for item in vector["tensors"]:
        if "lcg" in item:
            array = counting_values(item["lcg"])
        else:
            array, _ = decode_tensor(bytes.fromhex(item["canonical"]))
        tensors.append(ScaledTensor(array, tuple(item["exponents"])))
    return tensors


def as_plain(tensors: list[ScaledTensor]) -> list[tuple[bytes, tuple[int, ...]]]:
    """Return tensors as the plain twin takes them."""
    return [(encode_tensor(tensor.array), tensor.exponents) for tensor in tensors]


@st.composite
def float_arrays(draw: st.DrawFn, count: int) -> Array:
    """A finite float array of about ``count`` elements, values of any size, some zeros."""
    dtype = draw(st.sampled_from(FLOATS))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = generator.standard_normal(count) * 2.0 ** draw(st.integers(-14, 6))
    values[generator.random(count) < draw(st.sampled_from([0.0, 0.3, 1.0]))] = -0.0
    channels = draw(st.sampled_from([1, 2, 3, 64]))
    whole = count - count % channels
    array: Array = values[:whole].astype(dtype).reshape(-1, channels)
    return array if draw(st.booleans()) else array[::-1]


@st.composite
def scaled_tensors(draw: st.DrawFn) -> list[ScaledTensor]:
    """One to three tensors that together have a block's edge somewhere near their end."""
    total = draw(st.sampled_from([520, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1]))
    cuts = sorted(draw(st.lists(st.integers(0, total), max_size=2)))
    sizes = [b - a for a, b in zip([0, *cuts], [*cuts, total], strict=True)]
    tensors = []
    for size in sizes:
        array = draw(float_arrays(size))
        count = draw(st.sampled_from([1, array.shape[-1]]))
        exponents = st.integers(-64, 64) if draw(st.booleans()) else st.integers(8, 24)
        tensors.append(
            ScaledTensor(array, tuple(draw(st.lists(exponents, min_size=count, max_size=count))))
        )
    return tensors


def fp32_of_bits(words: list[int]) -> Array:
    """Return fp32 values of their bits."""
    return np.frombuffer(struct.pack(f"<{len(words)}I", *words), dtype=np.float32)
