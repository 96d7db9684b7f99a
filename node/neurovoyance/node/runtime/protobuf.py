"""The strict protobuf reader of ``verification``, and a writer of the same subset.

Place: below ``model_check`` and ``model_edit``, in the child process. Source: the protobuf encoding
specification. Never: a second reader; two could disagree about what a model is.
"""

from __future__ import annotations

from neurovoyance.verification.protobuf import ProtobufError, WireType, read_fields, read_varint

__all__ = [
    "ProtobufError",
    "WireType",
    "read_fields",
    "read_varint",
    "varint",
    "write_bytes",
    "write_field",
    "write_number",
]


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
