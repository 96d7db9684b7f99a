"""A strict reader of protobuf fields, safe on any bytes, and a writer of the same subset.

Place: below ``model_check`` and ``model_edit``, in the child process. The reader checks bounds
first and copies nothing; it accepts a subset of the wire format (no groups, no over-long numbers)
and raises :class:`ProtobufError` for the rest. Source: the protobuf encoding specification. Never:
build objects, recurse, or allocate by a length read from the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

_MAX_VARINT_BYTES = 10


class WireType(IntEnum):
    """How a field's value is stored."""

    VARINT = 0
    FIXED64 = 1
    BYTES = 2
    FIXED32 = 5


class ProtobufError(ValueError):
    """The bytes are not a protobuf message; the text completes "The model file ..."."""


def read_varint(data: memoryview, at: int) -> tuple[int, int]:
    """Return an unsigned 64-bit number and the offset after it.

    Raises:
        ProtobufError: it is cut off, longer than ten bytes or above 64 bits.
    """
    value = 0
    for position in range(_MAX_VARINT_BYTES):
        if at + position >= len(data):
            raise ProtobufError("ends within a number")
        byte = data[at + position]
        value |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            if value >> 64:
                raise ProtobufError("holds a number above 64 bits")
            return value, at + position + 1
    raise ProtobufError("holds a number longer than ten bytes")


def read_fields(data: memoryview) -> Iterator[tuple[int, WireType, int | memoryview]]:
    """Yield ``(field number, wire type, value)`` of one message, in file order.

    The value is the number of a varint, or a view of the bytes of any other field.

    Raises:
        ProtobufError: truncated, or a wire type or field number that no encoder writes.
    """
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        number, wire = key >> 3, key & 7
        if not 1 <= number < 1 << 29:
            raise ProtobufError(f"names field {number}, which cannot exist")
        if wire == WireType.VARINT:
            value, at = read_varint(data, at)
            yield number, WireType.VARINT, value
            continue
        if wire == WireType.BYTES:
            length, at = read_varint(data, at)
        elif wire == WireType.FIXED32:
            length = 4
        elif wire == WireType.FIXED64:
            length = 8
        else:
            raise ProtobufError(f"uses wire type {wire}, which is not accepted")
        if length > len(data) - at:
            raise ProtobufError(f"promises {length} bytes where {len(data) - at} are left")
        yield number, WireType(wire), data[at : at + length]
        at += length


def varint(value: int) -> bytes:
    """Return the encoding of an unsigned 64-bit number."""
    pieces = bytearray()
    while value >= 0x80:
        pieces.append(value & 0x7F | 0x80)
        value >>= 7
    pieces.append(value)
    return bytes(pieces)


def write_number(number: int, value: int) -> bytes:
    """Return a field that holds a number; a negative one in 64-bit two's complement."""
    return varint(number << 3 | WireType.VARINT) + varint(value & (1 << 64) - 1)


def write_bytes(number: int, value: bytes | bytearray | memoryview) -> bytes:
    """Return a field that holds bytes, a text or a message."""
    return varint(number << 3 | WireType.BYTES) + varint(len(value)) + value


def write_field(number: int, wire: WireType, value: int | memoryview) -> bytes:
    """Return a field as :func:`read_fields` yielded it."""
    if isinstance(value, int):
        return write_number(number, value)
    if wire == WireType.BYTES:
        return write_bytes(number, value)
    return varint(number << 3 | wire) + value
