"""The protobuf reader against bytes that no encoder writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.protocol.errors import UnsupportedModel
from neurovoyance.verification.protobuf import (
    BYTES,
    VARINT,
    read_fields,
    read_packed,
    read_varint,
    signed,
)


def test_fields_are_read_in_order() -> None:
    data = memoryview(b"\x08\x96\x01\x12\x02hi")
    assert [(n, w, v if isinstance(v, int) else bytes(v)) for n, w, v in read_fields(data)] == [
        (1, VARINT, 150),
        (2, BYTES, b"hi"),
    ]


def test_negative_numbers_are_two_s_complement() -> None:
    assert signed(2**64 - 1) == -1 and signed(7) == 7
    assert read_packed(memoryview(b"\x01" + b"\xff" * 9 + b"\x01")) == [1, -1]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\x80", "within a number"),
        (b"\x80" * 10 + b"\x01", "longer than ten bytes"),
        (b"\xff" * 9 + b"\x7f", "above 64 bits"),
    ],
)
def test_a_broken_number_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(UnsupportedModel, match=problem):
        read_varint(memoryview(data), 0)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\x00\x01", "field 0"),
        (b"\x0b", "wire type 3"),
        (b"\x12\x05abc", "promises 5 bytes where 3 are left"),
        (b"\x15\x00", "promises 4 bytes"),
    ],
)
def test_a_broken_message_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(UnsupportedModel, match=problem):
        list(read_fields(memoryview(data)))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        for _, wire, value in read_fields(memoryview(data)):
            assert wire != BYTES or not isinstance(value, int)
    except UnsupportedModel as error:
        assert error.message.startswith("The model file ")
