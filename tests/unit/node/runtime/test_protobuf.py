"""The protobuf reader: agreement with the real encoder, and no harm from any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import AttributeProto, OperatorSetIdProto

from neurovoyance.node.runtime.protobuf import ProtobufError, WireType, read_fields, read_varint


def fields(data: bytes) -> list[tuple[int, WireType, int | bytes]]:
    return [
        (number, wire, bytes(value) if isinstance(value, memoryview) else value)
        for number, wire, value in read_fields(memoryview(data))
    ]


@given(st.text(max_size=50), st.integers(0, 2**63 - 1))
def test_what_the_real_encoder_wrote_is_read_back(domain: str, version: int) -> None:
    data = OperatorSetIdProto(domain=domain, version=version).SerializeToString()
    assert fields(data) == [
        (1, WireType.BYTES, domain.encode()),
        (2, WireType.VARINT, version),
    ]


def test_a_negative_number_is_read_as_its_64_bit_complement() -> None:
    assert (3, WireType.VARINT, 2**64 - 5) in fields(AttributeProto(i=-5).SerializeToString())


def test_fixed_size_values_are_read_as_bytes() -> None:
    assert (2, WireType.FIXED32, b"\0\0\x80\x3f") in fields(
        AttributeProto(f=1.0).SerializeToString()
    )


@given(st.binary(max_size=200))
def test_any_bytes_are_read_within_bounds_or_refused(data: bytes) -> None:
    try:
        found = fields(data)
    except ProtobufError:
        return
    assert sum(len(v) for _, _, v in found if isinstance(v, bytes)) <= len(data)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\x80", "ends within a number"),
        (b"\x08", "ends within a number"),
        (b"\xff" * 10 + b"\x01", "longer than ten bytes"),
        (b"\x08" + b"\xff" * 9 + b"\x7f", "above 64 bits"),
        (b"\x00\x01", "field 0"),
        (b"\x0b", "wire type 3"),
        (b"\x0c", "wire type 4"),
        (b"\x0f", "wire type 7"),
        (b"\x0a\x05abcd", "promises 5 bytes where 4 are left"),
        (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "promises 18446744073709551615"),
        (b"\x0d\0\0\0", "promises 4 bytes where 3 are left"),
        (b"\x09" + b"\0" * 7, "promises 8 bytes where 7 are left"),
    ],
)
def test_bytes_that_no_encoder_writes_are_refused(data: bytes, problem: str) -> None:
    with pytest.raises(ProtobufError, match=problem):
        fields(data)


@given(st.integers(0, 2**64 - 1))
def test_a_number_ends_where_its_last_byte_says(value: int) -> None:
    encoded = bytearray()
    rest = value
    while rest > 0x7F:
        encoded.append(rest & 0x7F | 0x80)
        rest >>= 7
    encoded.append(rest)
    assert read_varint(memoryview(bytes(encoded) + b"\xff"), 0) == (value, len(encoded))
