from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.ipfs.varint import InvalidVarint, decode_varint, encode_varint


@given(st.integers(0, (1 << 63) - 1), st.binary(max_size=4))
def test_every_value_survives_and_stops_where_it_ends(value: int, after: bytes) -> None:
    data = encode_varint(value)
    assert decode_varint(data + after) == (value, len(data))


@pytest.mark.parametrize("value", [-1, 1 << 63])
def test_values_outside_nine_bytes_are_refused(value: int) -> None:
    with pytest.raises(InvalidVarint):
        encode_varint(value)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x80\x00", b"\xff" * 9 + b"\x01"])
def test_truncated_padded_and_overlong_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidVarint):
        decode_varint(data)
