"""Unsigned variable-length integers (multiformats unsigned-varint, at most nine bytes).

Place: under every binary format here (CID, protobuf, CAR). Never: accept a longer than minimal
encoding, since two byte strings for one value would give two names for one thing.
"""

from __future__ import annotations

from neurovoyance.protocol.errors import SpecError

MAX_VARINT_BYTES = 9


class InvalidVarint(SpecError):
    """A variable-length integer is truncated, too long, or not minimal."""

    code = "spec.varint"


def encode_varint(value: int) -> bytes:
    """Return ``value`` (0 <= value < 2**63) in seven-bit groups, lowest first."""
    if not 0 <= value < 1 << 63:
        raise InvalidVarint(f"The value {value} does not fit a varint of nine bytes.")
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def decode_varint(data: bytes, offset: int = 0) -> tuple[int, int]:
    """Return ``(value, offset after it)``.

    Raises:
        InvalidVarint: the bytes end too early, are not minimal, or exceed nine bytes.
    """
    if offset < len(data) and data[offset] < 0x80:  # most are of one byte
        return data[offset], offset + 1
    value = 0
    for index in range(MAX_VARINT_BYTES):
        if offset + index >= len(data):
            raise InvalidVarint("The bytes end inside a varint.")
        byte = data[offset + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            if byte == 0 and index > 0:
                raise InvalidVarint("The varint is longer than it needs to be.")
            return value, offset + index + 1
    raise InvalidVarint("The varint is longer than nine bytes.")
