from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ipfs.dags import TINY, directory_node, file_blocks, file_node, pb

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.selection import ByteRange, Scope, resolve, select
from neurovoyance.ipfs.unixfs import Child
from neurovoyance.protocol.errors import SpecError, StorageNotFound


@pytest.mark.parametrize("text", ["", ":", "1", "a:b", "1:", "*:1", "1:2:3", "1" * 80 + ":2"])
def test_malformed_ranges_are_refused(text: str) -> None:
    with pytest.raises(SpecError):
        ByteRange.parse(text)


@given(st.integers(-30, 30), st.none() | st.integers(-30, 30), st.integers(0, 20))
def test_a_range_clips_to_the_file(first: int, last: int | None, size: int) -> None:
    start, stop = ByteRange(first, last).clip(size)
    wanted = range(size)
    low = first + size if first < 0 else first
    high = size - 1 if last is None else last + size if last < 0 else last
    expected = [at for at in wanted if low <= at <= high]
    assert list(range(start, stop)) == expected


@given(st.binary(min_size=1, max_size=300), st.data())
async def test_a_range_gives_exactly_the_blocks_that_cover_it(
    data: bytes, draw: st.DataObject
) -> None:
    root, blocks = file_blocks(data)
    first = draw.draw(st.integers(0, len(data) - 1))
    last = draw.draw(st.integers(first, len(data) - 1))

    async def read(cid: Cid) -> bytes | None:
        return blocks.get(cid)

    end, passed, _ = await resolve(read, root, [])
    assert end == root
    chosen = {
        cid: block
        async for cid, block in select(read, passed, Scope.ENTITY, ByteRange(first, last))
    }
    needed = {
        Cid.of(data[at : at + TINY.chunk_bytes])
        for at in range(0, len(data), TINY.chunk_bytes)
        if at <= last and at + TINY.chunk_bytes > first
    }
    leaves = {cid for cid in chosen if cid.codec == 0x55}
    assert leaves == needed
    assert all(cid.is_hash_of(block) for cid, block in chosen.items())


async def test_a_missing_block_and_a_missing_name_are_not_found() -> None:
    block = directory_node([(b"a", Cid.of(b"gone"))])
    blocks = {pb(block): block}

    async def read(cid: Cid) -> bytes | None:
        return blocks.get(cid)

    for path in (["b"], ["a"], ["a", "b"]):
        with pytest.raises(StorageNotFound):
            await resolve(read, pb(block), path)


async def test_repeats_that_multiply_are_walked_once() -> None:
    blocks = {Cid.of(b"x"): b"x"}
    cid, size = Cid.of(b"x"), 1
    for _ in range(30):
        block = file_node([Child(cid, 1, size)] * 2)
        cid, size = pb(block), size * 2
        blocks[cid] = block
    reads = 0

    async def read(wanted: Cid) -> bytes | None:
        nonlocal reads
        reads += 1
        return blocks.get(wanted)

    _, passed, _ = await resolve(read, cid, [])
    for byte_range in (None, ByteRange(0, None), ByteRange(1, size - 2)):
        chosen = [c async for c, _ in select(read, passed, Scope.ENTITY, byte_range)]
        assert set(chosen) == set(blocks)
    assert reads < 400
