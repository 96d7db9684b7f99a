"""The input of a canary: a CID that is a seed, expanded to tensors the same way everywhere.

Place: pure, under the intake of the node; provider, auditors and referees expand the same arrays.
A canary's input CID is CIDv1, raw, with an identity multihash of 32 bytes: the drawn seed, which
nobody knew before the draw, so that no answer can be kept ready. Data flow: manifest, seed, batch
-> one array for each graph input. The bytes come from SHAKE-256 and become numbers by integer and
power-of-two arithmetic alone: every machine, and every version of every library, finds the same
bits. Never: a random number generator, or an input that lies in storage.
"""

from __future__ import annotations

from hashlib import shake_256
from typing import Final

import numpy as np

from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.manifest import ModelManifest, TensorSpec
from neurovoyance.verification.canonical import Array

SEED_BYTES: Final = 32
SEED_CID_HEAD: Final = bytes((0x01, 0x55, 0x00, SEED_BYTES))
"""Version, codec raw, identity multihash, length: what the binary CID of a seed begins with."""
NAMED_SIZE: Final = 32
"""Size of a named dimension that is not the batch."""
_TAG: Final = b"NVY/canary-input/1"
_PARTS: Final = 4
_PART_BYTES: Final = 2
_MEAN: Final = _PARTS * (256**_PART_BYTES - 1) // 2
_SCALE: Final = 2.0**-15
_FLOATS: Final = ("float32", "float16")
_INTEGERS: Final = ("int32", "int64", "uint8", "bool")


def seed_of_cid(cid: bytes) -> bytes | None:
    """Return the seed, 32 bytes, in the binary CID of a canary's input; None for any other CID."""
    if len(cid) != len(SEED_CID_HEAD) + SEED_BYTES or not cid.startswith(SEED_CID_HEAD):
        return None
    return cid[len(SEED_CID_HEAD) :]


def cid_of_seed(seed: bytes) -> bytes:
    """Return the binary CID of the input that a seed stands for.

    Raises:
        SpecError: the seed is not 32 bytes long.
    """
    if len(seed) != SEED_BYTES:
        raise SpecError(f"The seed of a canary has 32 bytes, not {len(seed)}.")
    return SEED_CID_HEAD + seed


def expand(
    manifest: ModelManifest, seed: bytes, batch: int, *, max_bytes: int | None = None
) -> dict[str, Array]:
    """Return the input that a seed stands for, graph input name -> array.

    Floats are sums of four uniform 16-bit parts, centred, times 2**-15: a bell of standard
    deviation 1.15 and exact in float32 (float16 rounds to even). Integers and bools are 0 or 1,
    which every table of indices, mask and token type takes.

    Args:
        manifest: of the model.
        seed: 32 bytes.
        batch: size of every dimension that is named like the first one of an input; other named
            ones have the size 32.
        max_bytes: largest sum of all arrays, bytes; None for any.

    Raises:
        SpecError: a dtype that has no bits here (bfloat16), a fixed first dimension that is not the
            batch, or arrays above ``max_bytes``. Nothing was allocated.
    """
    if len(seed) != SEED_BYTES:
        raise SpecError(f"The seed of a canary has 32 bytes, not {len(seed)}.")
    batch_names = {
        spec.shape[0] for spec in manifest.inputs if spec.shape and not spec.shape[0].isdecimal()
    }
    shapes = {spec.name: _shape(spec, batch, batch_names) for spec in manifest.inputs}
    _check(manifest, shapes, batch, max_bytes)
    return {spec.name: _array(spec, shapes[spec.name], seed) for spec in manifest.inputs}


def _shape(spec: TensorSpec, batch: int, batch_names: set[str]) -> tuple[int, ...]:
    def size(dim: str) -> int:
        if dim.isdecimal():
            return int(dim)
        return batch if dim in batch_names else NAMED_SIZE

    return tuple(size(dim) for dim in spec.shape)


def _check(
    manifest: ModelManifest, shapes: dict[str, tuple[int, ...]], batch: int, max_bytes: int | None
) -> None:
    size_bytes = 0
    for spec in manifest.inputs:
        if spec.dtype not in (*_FLOATS, *_INTEGERS):
            raise SpecError(
                f"Input {spec.name!r} is {spec.dtype}; a canary's input cannot be expanded to it."
            )
        elements = 1
        for size in shapes[spec.name]:
            elements *= size
        size_bytes += elements * np.dtype(spec.dtype).itemsize
    if batch > 1 and batch not in {shape[0] for shape in shapes.values() if shape}:
        raise SpecError(f"No input of the model takes a batch of {batch} as its first dimension.")
    if max_bytes is not None and size_bytes > max_bytes:
        raise SpecError(
            f"The canary's input has {size_bytes:,} bytes; at most {max_bytes:,} are taken here."
        )


def _array(spec: TensorSpec, shape: tuple[int, ...], seed: bytes) -> Array:
    count = int(np.prod(shape, dtype=np.int64))
    name = spec.name.encode()
    stream = shake_256(_TAG + seed + len(name).to_bytes(4, "big") + name)
    if spec.dtype in _INTEGERS:
        bits = np.frombuffer(stream.digest(count), np.uint8) & 1
        return np.asarray(bits.astype(spec.dtype).reshape(shape))
    raw = stream.digest(count * _PARTS * _PART_BYTES)
    parts = np.frombuffer(raw, "<u2").astype(np.int32).reshape(count, _PARTS)
    centred = parts.sum(axis=1, dtype=np.int32) - np.int32(_MEAN)
    exact = centred.astype(np.float32) * np.float32(_SCALE)
    return np.asarray(exact.astype(spec.dtype).reshape(shape))
