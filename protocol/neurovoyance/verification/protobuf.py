"""A strict reader of protobuf fields, safe on any bytes: bounds first, nothing copied.

Place: L2, below ``onnx_graph``. It accepts a subset of the wire format (no groups, no over-long
numbers) and refuses the rest. Source: the protobuf encoding specification. Never: build objects,
recurse, or allocate by a length read from the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Final, TypeAlias

from neurovoyance.protocol.errors import UnsupportedModel


class WireType(IntEnum):
    """How a field's value is stored."""

    VARINT = 0
    FIXED64 = 1
    BYTES = 2
    FIXED32 = 5


VARINT: Final = WireType.VARINT
FIXED64: Final = WireType.FIXED64
BYTES: Final = WireType.BYTES
FIXED32: Final = WireType.FIXED32

_MAX_VARINT_BYTES = 10
_FIXED: Final[Mapping[int, int]] = {FIXED32: 4, FIXED64: 8}

Field: TypeAlias = tuple[int, WireType, "int | memoryview"]


class ProtobufError(UnsupportedModel):
    """The bytes are not a model; ``problem`` completes "The model file ..."."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"The model file {problem}; nothing was computed.",
            hint="Export the model again, or check that the download is complete.",
        )
        self.problem = problem


def malformed(problem: str) -> ProtobufError:
    """Return the error for a model file that ``problem`` describes, after "The model file"."""
    return ProtobufError(problem)


def read_varint(data: memoryview, at: int) -> tuple[int, int]:
    """Return an unsigned 64-bit number and the offset after it.

    Raises:
        UnsupportedModel: it is cut off, longer than ten bytes or above 64 bits.
    """
    value = 0
    for position in range(_MAX_VARINT_BYTES):
        if at + position >= len(data):
            raise malformed("ends within a number")
        byte = data[at + position]
        value |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            if value >> 64:
                raise malformed("holds a number above 64 bits")
            return value, at + position + 1
    raise malformed("holds a number longer than ten bytes")


def signed(value: int) -> int:
    """Return the two's complement reading of an unsigned 64-bit number."""
    return value - (1 << 64) if value >> 63 else value


def read_fields(data: memoryview) -> Iterator[Field]:
    """Yield ``(field number, wire type, value)`` of one message, in file order.

    The value is the number of a varint, or a view of the bytes of any other field.

    Raises:
        UnsupportedModel: truncated, or a wire type or field number that no encoder writes.
    """
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        number, wire = key >> 3, key & 7
        if not 1 <= number < 1 << 29:
            raise malformed(f"names field {number}, which cannot exist")
        if wire == VARINT:
            value, at = read_varint(data, at)
            yield number, VARINT, value
            continue
        if wire == BYTES:
            length, at = read_varint(data, at)
        elif wire in _FIXED:
            length = _FIXED[wire]
        else:
            raise malformed(f"uses wire type {wire}, which is not accepted")
        if length > len(data) - at:
            raise malformed(f"promises {length} bytes where {len(data) - at} are left")
        yield number, WireType(wire), data[at : at + length]
        at += length


def read_packed(data: memoryview) -> list[int]:
    """Return the signed numbers of a packed repeated field; one byte gives at most one number."""
    values, at = [], 0
    while at < len(data):
        value, at = read_varint(data, at)
        values.append(signed(value))
    return values
