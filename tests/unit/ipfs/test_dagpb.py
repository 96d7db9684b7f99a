from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ipfs.test_cid import CIDS

from neurovoyance.ipfs.dagpb import (
    MAX_BLOCK_BYTES,
    InvalidBlock,
    Link,
    Node,
    decode_node,
    encode_node,
)
from neurovoyance.protocol.errors import SpecError

LINKS = st.builds(Link, CIDS, st.binary(max_size=20), st.integers(0, (1 << 63) - 1))
NODES = st.builds(Node, st.lists(LINKS, max_size=6).map(tuple), st.binary(max_size=40))


@given(NODES)
def test_nodes_round_trip(node: Node) -> None:
    assert decode_node(encode_node(node)) == node


@given(st.binary(max_size=120))
def test_random_bytes_give_a_node_or_a_spec_error(data: bytes) -> None:
    try:
        decode_node(data)
    except SpecError:
        return


@given(NODES, st.data())
def test_damaged_nodes_give_a_node_or_a_spec_error(node: Node, data: st.DataObject) -> None:
    block = bytearray(encode_node(node))
    at = data.draw(st.integers(0, len(block) - 1))
    block[at] ^= data.draw(st.integers(1, 255))
    try:
        decode_node(bytes(block))
    except SpecError:
        return


@pytest.mark.parametrize(
    "block",
    [
        b"\x0a\x00\x0a\x00",  # data twice
        b"\x0a\x00\x12\x00",  # a link after data
        b"\x12\x02\x12\x00",  # a link without a hash
        b"\x0a\x05ab",  # longer than the block
        b"\x0a\xff\xff\xff\xff\x7f",  # a length of 34 GB
        b"\x1d\x00\x00\x00\x00",  # an unknown wire type
        b"\x18\x01",  # an unknown field
    ],
)
def test_malformed_nodes_are_refused(block: bytes) -> None:
    with pytest.raises(InvalidBlock):
        decode_node(block)


def test_a_block_above_two_mib_is_refused() -> None:
    with pytest.raises(InvalidBlock):
        decode_node(b"\x0a" + bytes(MAX_BLOCK_BYTES))
