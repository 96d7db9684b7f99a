"""Canonical bytes of a tensor: what is hashed, committed to, stored and compared.

Place: L2. Layout, verification section 4: ASCII ``NVYT``, byte 0x01, dtype, ndim, each dimension
as uint64 little-endian, then the data in C order, little-endian. -0.0 is kept; every NaN becomes
the one quiet NaN of its dtype. Decoding is strict: bytes are accepted only if encoding the result
gives the same bytes back. Never: I/O, or a dtype outside the seven below.

dtype codes: 1 fp32, 2 fp16, 3 bf16, 4 int32, 5 int64, 6 uint8, 7 bool. bf16 needs the package
``ml_dtypes``, since numpy has no such dtype; without it bf16 is refused.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from neurovoyance.protocol.errors import SpecError

try:
    import ml_dtypes

    _BF16: np.dtype[Any] | None = np.dtype(ml_dtypes.bfloat16)
except ImportError:  # pragma: no cover - depends on what is installed
    _BF16 = None

Array: TypeAlias = npt.NDArray[Any]
Buffer: TypeAlias = bytes | bytearray | memoryview

MAGIC: Final = b"NVYT\x01"
MAX_NDIM: Final = 64
"""Largest rank; numpy has the same bound."""

_PREFIX_BYTES: Final = len(MAGIC) + 2
_MAX_DATA_BYTES: Final = 2**62
_CHUNK_ELEMENTS: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class FloatBits:
    """Bit layout of a float dtype: the word that holds it, its exponent bits, its one NaN."""

    word: np.dtype[Any]
    exponent_mask: int
    nan: int


@dataclass(frozen=True, slots=True)
class TensorType:
    """One of the seven dtypes: its code on the wire, its name, its little-endian numpy dtype."""

    code: int
    name: str
    item_bytes: int
    dtype: np.dtype[Any] | None
    float_bits: FloatBits | None = None

    def numpy_dtype(self) -> np.dtype[Any]:
        """Return the numpy dtype.

        Raises:
            SpecError: bf16 was asked for and ``ml_dtypes`` is not installed.
        """
        if self.dtype is None:
            raise SpecError(
                f"A {self.name} tensor cannot be represented here; nothing was read.",
                hint="Install it with: pip install ml_dtypes",
                dtype=self.name,
            )
        return self.dtype


_U4, _U2 = np.dtype("<u4"), np.dtype("<u2")
TENSOR_TYPES: Final[tuple[TensorType, ...]] = (
    TensorType(1, "fp32", 4, np.dtype("<f4"), FloatBits(_U4, 0x7F800000, 0x7FC00000)),
    TensorType(2, "fp16", 2, np.dtype("<f2"), FloatBits(_U2, 0x7C00, 0x7E00)),
    TensorType(3, "bf16", 2, _BF16, FloatBits(_U2, 0x7F80, 0x7FC0)),
    TensorType(4, "int32", 4, np.dtype("<i4")),
    TensorType(5, "int64", 8, np.dtype("<i8")),
    TensorType(6, "uint8", 1, np.dtype("u1")),
    TensorType(7, "bool", 1, np.dtype("?")),
)
_BY_CODE: Final = {kind.code: kind for kind in TENSOR_TYPES}


@dataclass(frozen=True, slots=True)
class TensorHeader:
    """What stands before the data of one canonical tensor."""

    kind: TensorType
    shape: tuple[int, ...]
    data_offset: int

    @property
    def data_bytes(self) -> int:
        """Length of the data in bytes."""
        return math.prod(self.shape) * self.kind.item_bytes

    @property
    def end(self) -> int:
        """Offset of the first byte after the tensor."""
        return self.data_offset + self.data_bytes


def tensor_type(dtype: np.dtype[Any]) -> TensorType:
    """Return the canonical type of a numpy dtype, of either byte order.

    Raises:
        SpecError: the dtype is not one of the seven.
    """
    for kind in TENSOR_TYPES:
        if kind.dtype is not None and dtype.newbyteorder("<") == kind.dtype:
            return kind
    raise SpecError(
        f"A tensor of dtype {dtype} has no canonical form; nothing was encoded.",
        hint="Use fp32, fp16, bf16 (with ml_dtypes), int32, int64, uint8 or bool.",
        dtype=str(dtype),
    )


def encode_header(kind: TensorType, shape: Sequence[int]) -> bytes:
    """Return the bytes before the data.

    Raises:
        SpecError: the rank is above ``MAX_NDIM`` or the size cannot be addressed.
    """
    _check_shape(kind, tuple(shape), where=0)
    return MAGIC + bytes((kind.code, len(shape))) + struct.pack(f"<{len(shape)}Q", *shape)


def encode_chunks(array: Array) -> Iterator[bytes | memoryview]:
    """Yield the canonical bytes piece by piece, so that a large tensor is not copied whole.

    Raises:
        SpecError: the dtype is not one of the seven.
    """
    kind = tensor_type(array.dtype)
    yield encode_header(kind, array.shape)
    flat = array.astype(kind.numpy_dtype(), order="C", copy=False).reshape(-1)
    if kind.float_bits is None:
        words = flat.view(np.uint8)
        if words.size:
            yield words.data
        return
    bits = kind.float_bits
    for start in range(0, flat.size, _CHUNK_ELEMENTS):
        part = flat[start : start + _CHUNK_ELEMENTS].view(bits.word)
        nan = _is_nan(part, bits)
        if nan.any():
            part = np.where(nan, bits.word.type(bits.nan), part).astype(bits.word)
        yield part.view(np.uint8).data


def encode_tensor(array: Array) -> bytes:
    """Return the canonical bytes of an array of any shape, stride and byte order.

    Raises:
        SpecError: the dtype is not one of the seven.

    >>> encode_tensor(np.array([1.0, -0.0], dtype=np.float32)).hex()
    '4e56595401010102000000000000000000803f00000080'
    """
    return b"".join(encode_chunks(array))


def encode_tensors(arrays: Sequence[Array]) -> bytes:
    """Return the canonical bytes of several tensors, one after the other, in order."""
    return b"".join(piece for array in arrays for piece in encode_chunks(array))


def decode_header(data: Buffer, offset: int = 0) -> TensorHeader:
    """Read a header; only the header has to be present, not the data after it.

    Raises:
        SpecError: truncated, wrong magic, unknown dtype, rank or size out of range.
    """
    if offset < 0 or offset + _PREFIX_BYTES > len(data):
        raise _malformed("ends before its header is complete", offset)
    if bytes(data[offset : offset + len(MAGIC)]) != MAGIC:
        raise _malformed("does not start with the mark of a canonical tensor", offset)
    code, ndim = data[offset + len(MAGIC)], data[offset + len(MAGIC) + 1]
    kind = _BY_CODE.get(code)
    if kind is None:
        raise _malformed(f"names dtype {code}, which does not exist", offset)
    dims_at = offset + _PREFIX_BYTES
    data_at = dims_at + 8 * ndim
    if data_at > len(data):
        raise _malformed("ends within its dimensions", offset)
    shape = struct.unpack_from(f"<{ndim}Q", data, dims_at)
    _check_shape(kind, shape, where=offset)
    return TensorHeader(kind, shape, data_at)


def decode_tensor(data: Buffer, offset: int = 0) -> tuple[Array, int]:
    """Return the tensor at ``offset`` and the offset after it.

    The array is read-only and shares the memory of ``data``; bf16 has ``ml_dtypes.bfloat16``.

    Raises:
        SpecError: truncated or hostile header, or data that no encoder writes (a NaN with another
            payload, a bool that is neither 0 nor 1).
    """
    header = decode_header(data, offset)
    if header.end > len(data):
        raise _malformed(
            f"promises {header.data_bytes} bytes of data and has {len(data) - header.data_offset}",
            offset,
        )
    kind = header.kind
    dtype = kind.numpy_dtype()
    count = math.prod(header.shape)
    view = memoryview(data)[header.data_offset : header.end]
    flat: Array = np.frombuffer(view, dtype=np.uint8)
    if kind.name == "bool" and count and int(flat.max()) > 1:
        raise _malformed("holds a bool that is neither 0 nor 1", offset)
    if kind.float_bits is not None and _has_foreign_nan(flat.view(kind.float_bits.word), kind):
        raise _malformed("holds a NaN that is not the canonical one", offset)
    array = flat.view(dtype).reshape(header.shape)
    array.flags.writeable = False
    return array, header.end


def decode_tensors(data: Buffer) -> list[Array]:
    """Return every tensor of a plain concatenation, in order; no bytes may be left over.

    Raises:
        SpecError: see :func:`decode_tensor`.
    """
    arrays, offset = [], 0
    while offset < len(data):
        array, offset = decode_tensor(data, offset)
        arrays.append(array)
    return arrays


def has_non_finite(array: Array) -> bool:
    """Tell whether a float tensor holds NaN or infinity; integers and bools never do.

    Raises:
        SpecError: the dtype is not one of the seven.
    """
    kind = tensor_type(array.dtype)
    if kind.float_bits is None:
        return False
    mask = kind.float_bits.word.type(kind.float_bits.exponent_mask)
    flat = array.astype(kind.numpy_dtype(), order="C", copy=False).reshape(-1)
    words = flat.view(kind.float_bits.word)
    return any(
        bool(((words[start : start + _CHUNK_ELEMENTS] & mask) == mask).any())
        for start in range(0, words.size, _CHUNK_ELEMENTS)
    )


def _is_nan(words: Array, bits: FloatBits) -> npt.NDArray[np.bool_]:
    magnitude = words & bits.word.type((1 << (8 * bits.word.itemsize - 1)) - 1)
    result: npt.NDArray[np.bool_] = magnitude > bits.word.type(bits.exponent_mask)
    return result


def _has_foreign_nan(words: Array, kind: TensorType) -> bool:
    bits = kind.float_bits
    if bits is None:
        return False
    for start in range(0, words.size, _CHUNK_ELEMENTS):
        part = words[start : start + _CHUNK_ELEMENTS]
        if bool((_is_nan(part, bits) & (part != bits.word.type(bits.nan))).any()):
            return True
    return False


def _check_shape(kind: TensorType, shape: tuple[int, ...], *, where: int) -> None:
    if len(shape) > MAX_NDIM:
        raise _malformed(f"has {len(shape)} dimensions; at most {MAX_NDIM} are allowed", where)
    # Zero-sized dimensions are left out of the product: numpy bounds the others all the same.
    if math.prod(dim for dim in shape if dim) * kind.item_bytes > _MAX_DATA_BYTES:
        raise _malformed("has dimensions too large to address", where)


def _malformed(problem: str, offset: int) -> SpecError:
    return SpecError(
        f"The canonical tensor at byte {offset} {problem}; nothing was decoded.",
        hint="The bytes were damaged or were not written by a canonical encoder.",
        offset=offset,
    )
