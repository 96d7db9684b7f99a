"""Values of answers are believed only in their own form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.chain import wire
from neurovoyance.protocol.errors import RpcError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.integers(0, 2**256 - 1))
def test_quantities_round_trip(number: int) -> None:
    assert wire.quantity(hex(number)) == number


@given(JSON)
def test_anything_else_is_an_rpc_error(value: object) -> None:
    for read in (wire.quantity, wire.data, wire.hash32, wire.address, wire.mapping, wire.sequence):
        try:
            read(value)
        except RpcError as error:
            assert "answered with" in error.message


@pytest.mark.parametrize("value", ["0x", "0xg", "12", 12, None, "0x" + "1" * 65, True])
def test_malformed_quantities_are_refused(value: object) -> None:
    with pytest.raises(RpcError):
        wire.quantity(value)


def test_hashes_are_lower_case_and_addresses_checksummed() -> None:
    assert wire.hash32("0x" + "AB" * 32) == "0x" + "ab" * 32
    found = wire.address("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266")
    assert found == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def test_odd_hex_is_refused() -> None:
    with pytest.raises(RpcError):
        wire.data("0x123")
