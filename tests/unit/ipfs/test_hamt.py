from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.ipfs.dags import pb

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.dagpb import InvalidBlock, Link, Node, encode_node
from neurovoyance.ipfs.hamt import encode_sharded, find, name_hash
from neurovoyance.ipfs.reader import DagReader
from neurovoyance.ipfs.unixfs import (
    PROFILES,
    Child,
    ShardNode,
    directory_links,
    encode_directory,
    is_sharded,
    read_node,
)
from neurovoyance.protocol.errors import StorageNotFound

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/cid.json").read_text(encoding="utf-8"))
LEAF = Cid.of(b"leaf")
SHARD = b"\x28\x22\x30\x80\x02"


def sharded(names: list[str]) -> tuple[Cid, dict[Cid, bytes]]:
    blocks: dict[Cid, bytes] = {}
    links = directory_links((name, Child(Cid.of(name.encode()), 1, 1)) for name in names)
    return encode_sharded(links, blocks.__setitem__).cid, blocks


def reader(blocks: dict[Cid, bytes]) -> DagReader:
    async def read(cid: Cid) -> bytes:
        return blocks[cid]

    return DagReader(read)


@pytest.mark.parametrize("case", VECTORS["directories"], ids=lambda c: f"{c['entries']}")
def test_directories_get_the_cids_of_the_reference_importer(case: dict[str, object]) -> None:
    count, width = int(str(case["entries"])), int(str(case["width"]))
    leaves = (f"file {index}".encode() for index in range(count))
    links = directory_links(
        (f"{index:0{width}d}", Child(Cid.of(leaf), len(leaf), len(leaf)))
        for index, leaf in enumerate(leaves)
    )
    encode = encode_sharded if is_sharded(links, PROFILES[str(case["profile"])]) else None
    made = (encode or encode_directory)(links, lambda cid, block: None)
    assert str(made.cid) == case["cid"]


def test_the_hash_is_the_upper_half_of_murmur3_128() -> None:
    # The published test value of MurmurHash3_x64_128 for this text and seed 0.
    text = b"The quick brown fox jumps over the lazy dog"
    assert name_hash(text).hex() == "e34bbc7bbc071b6c"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("abc😀xyz", min_size=1, max_size=6), min_size=1, max_size=60, unique=True))
async def test_every_name_is_listed_and_found_and_no_other(names: list[str]) -> None:
    root, blocks = sharded(names)
    dag = reader(blocks)
    node = await dag.node(root)
    assert isinstance(node, ShardNode)
    assert sorted([name async for name, _ in dag.entries(root, node)]) == sorted(names)
    for name in names:
        assert await dag.find(root, [name]) == Cid.of(name.encode())
    with pytest.raises(StorageNotFound):
        await dag.find(root, ["not there"])


async def test_an_entry_in_a_wrong_slot_is_refused() -> None:
    slot = name_hash(b"a")[0] ^ 1
    data = b"\x08\x05\x12" + bytes((slot // 8 + 1,)) + (1 << slot).to_bytes(slot // 8 + 1, "big")
    block = encode_node(Node((Link(LEAF, f"{slot:02X}a".encode(), 4),), data + SHARD))
    dag = reader({pb(block): block})
    node = await dag.node(pb(block))
    assert isinstance(node, ShardNode)
    with pytest.raises(InvalidBlock, match="wrong slot"):
        [entry async for entry in dag.entries(pb(block), node)]
    with pytest.raises(StorageNotFound):
        await dag.find(pb(block), ["a"])


async def test_a_slot_that_leads_to_no_shard_is_refused() -> None:
    folder = encode_node(Node((), b"\x08\x01"))
    block = encode_node(Node((Link(pb(folder), b"00", 4),), b"\x08\x05\x12\x01\x01" + SHARD))
    dag = reader({pb(block): block, pb(folder): folder})
    node = await dag.node(pb(block))
    assert isinstance(node, ShardNode)
    with pytest.raises(InvalidBlock, match="no shard"):
        [entry async for entry in dag.entries(pb(block), node)]


@pytest.mark.parametrize(
    ("links", "data"),
    [
        ([], b"\x08\x05\x12\x00" + SHARD),
        ([b"00a"], b"\x08\x05\x12\x01\x02" + SHARD),
        ([b"00a", b"00b"], b"\x08\x05\x12\x01\x01" + SHARD),
        ([b"01a", b"00b"], b"\x08\x05\x12\x01\x03" + SHARD),
        ([b"0"], b"\x08\x05\x12\x01\x01" + SHARD),
        ([b"0aa"], b"\x08\x05\x12\x02\x04\x00" + SHARD),
        ([b"00a"], b"\x08\x05\x12\x01\x01\x28\x12\x30\x80\x02"),
        ([b"00a"], b"\x08\x05\x12\x01\x01\x28\x22\x30\x10"),
    ],
)
def test_malformed_shards_are_refused(links: list[bytes], data: bytes) -> None:
    block = encode_node(Node(tuple(Link(LEAF, name, 4) for name in links), data))
    with pytest.raises(InvalidBlock):
        read_node(pb(block), block)


def test_looking_past_the_end_of_the_hash_finds_nothing() -> None:
    assert find(ShardNode(()), "a", 8) is None
