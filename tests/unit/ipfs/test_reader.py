from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ipfs.dags import TINY, chain, collect, directory_node, file_blocks, file_node, pb

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.dagpb import InvalidBlock, Link, Node, encode_node
from neurovoyance.ipfs.reader import WINDOW_LEAVES, DagReader
from neurovoyance.ipfs.unixfs import Child, Profile
from neurovoyance.protocol.errors import StorageNotFound, StorageTooLarge


def reader_of(blocks: dict[Cid, bytes], read: list[Cid] | None = None) -> DagReader:
    async def read_block(cid: Cid) -> bytes:
        if read is not None:
            read.append(cid)
        if cid not in blocks:
            raise StorageNotFound(f"{cid} is missing.")
        return blocks[cid]

    return DagReader(read_block)


@given(
    st.binary(max_size=600),
    st.integers(1, 30),
    st.integers(2, 5),
    st.integers(0, 700),
    st.none() | st.integers(0, 700),
)
async def test_any_range_of_any_tree_is_a_slice(
    data: bytes, chunk: int, links: int, offset: int, length: int | None
) -> None:
    root, blocks = file_blocks(data, Profile("any", chunk, links))
    stop = None if length is None else offset + length
    assert await collect(reader_of(blocks).read(root, offset, length)) == data[offset:stop]


async def test_a_range_reads_only_the_leaves_that_it_needs() -> None:
    data = bytes(range(256))
    root, blocks = file_blocks(data)
    read: list[Cid] = []
    assert await collect(reader_of(blocks, read).read(root, 100, 1)) == data[100:101]
    assert [cid for cid in read if cid.codec == 0x55] == [Cid.of(data[96:112])]


async def test_data_inside_inner_nodes_is_read_in_order() -> None:
    inline = encode_node(Node((), b"\x08\x02\x12\x03abc\x18\x03"))
    mixed = encode_node(Node((Link(Cid.of(b"ij"), b"", 2),), b"\x08\x02\x12\x02gh\x18\x04\x20\x02"))
    root = file_node([Child(pb(inline), 9, 3), Child(Cid.of(b"def"), 3, 3), Child(pb(mixed), 9, 4)])
    blocks = {pb(inline): inline, Cid.of(b"def"): b"def", Cid.of(b"ij"): b"ij", pb(mixed): mixed}
    reader = reader_of(blocks | {pb(root): root})
    for start in range(11):
        for length in range(11):
            found = await collect(reader.read(pb(root), start, length))
            assert found == b"abcdefghij"[start : start + length]


async def test_leaves_of_a_wrong_size_are_refused() -> None:
    for stated in (3, 5):
        block = file_node([Child(Cid.of(b"leaf"), 4, stated)])
        with pytest.raises(InvalidBlock):
            await collect(reader_of({pb(block): block, Cid.of(b"leaf"): b"leaf"}).read(pb(block)))


async def test_a_directory_in_place_of_a_part_is_refused() -> None:
    folder = directory_node([])
    block = file_node([Child(pb(folder), 4, 4)])
    with pytest.raises(InvalidBlock):
        await collect(reader_of({pb(block): block, pb(folder): folder}).read(pb(block)))


async def test_depth_is_bounded() -> None:
    for depth, is_allowed in ((32, True), (34, False)):
        root, blocks = chain(depth)
        if is_allowed:
            assert await collect(reader_of(blocks).read(root)) == b"x"
        else:
            with pytest.raises(StorageTooLarge):
                await collect(reader_of(blocks).read(root))


async def test_no_more_than_the_window_is_read_ahead_and_stopping_cancels_it() -> None:
    root, blocks = file_blocks(bytes(range(256)), TINY)
    waiting: set[Cid] = set()
    cancelled: list[Cid] = []

    async def read_block(cid: Cid) -> bytes:
        if cid.codec == 0x55 and blocks[cid][0] != 0:
            waiting.add(cid)
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.append(cid)
        return blocks[cid]

    pieces = DagReader(read_block).read(root)
    assert await anext(pieces) == bytes(range(16))
    assert len(waiting) <= WINDOW_LEAVES
    await pieces.aclose()
    assert set(cancelled) == waiting
