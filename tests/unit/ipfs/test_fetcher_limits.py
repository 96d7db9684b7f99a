from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.unit.ipfs.conftest import MakeStore, Serve
from tests.unit.ipfs.dags import (
    TINY,
    chain,
    collect,
    directory_node,
    file_blocks,
    file_node,
    pb,
    random_bytes,
)
from tests.unit.ipfs.serving import serving_blocks

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.dagpb import MAX_BLOCK_BYTES, InvalidBlock, Node, encode_node
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.unixfs import V0_2015, Child
from neurovoyance.protocol.errors import (
    InvalidCid,
    NeurovoyanceError,
    StorageTooLarge,
)

DATA = random_bytes(2_000_000)


async def test_stated_content_above_the_limit_stops_at_the_root(
    make_store: MakeStore, serve: Serve
) -> None:
    root, blocks = file_blocks(DATA, V0_2015)
    peer = serving_blocks(blocks)
    store = make_store()
    with pytest.raises(StorageTooLarge):
        await store.ensure(root, sources=[serve(peer.app)], max_bytes=len(DATA) - 1)
    assert peer.requests == [str(root)]
    await store.ensure(root, sources=[serve(peer.app)], max_bytes=len(DATA))


async def test_a_directory_above_the_limit_stops_before_the_excess(
    make_store: MakeStore, serve: Serve
) -> None:
    leaves = {Cid.of(d): d for d in (random_bytes(100_000, seed) for seed in range(30))}
    block = directory_node((f"{i:02d}".encode(), cid) for i, cid in enumerate(leaves))
    peer = serving_blocks(leaves | {pb(block): block})
    store = make_store()
    with pytest.raises(StorageTooLarge):
        await store.ensure(pb(block), sources=[serve(peer.app)], max_bytes=500_000)
    held = [cid async for cid in store.list()]
    assert len(held) <= 1 + 5


async def test_a_leaf_larger_than_its_parent_states_is_not_taken_in(
    make_store: MakeStore, serve: Serve
) -> None:
    leaf = random_bytes(1_000_000)
    block = file_node([Child(Cid.of(leaf), 10, 10)])
    store = make_store()
    peer = serving_blocks({Cid.of(leaf): leaf, pb(block): block})
    with pytest.raises(StorageTooLarge):
        await store.ensure(pb(block), sources=[serve(peer.app)])
    assert not await store.has(Cid.of(leaf))


async def test_a_leaf_smaller_than_its_parent_states_is_refused(
    make_store: MakeStore, serve: Serve
) -> None:
    block = file_node([Child(Cid.of(b"four"), 9, 9)])
    peer = serving_blocks({Cid.of(b"four"): b"four", pb(block): block})
    with pytest.raises(InvalidBlock):
        await make_store().ensure(pb(block), sources=[serve(peer.app)])


async def test_a_part_whose_size_its_parent_misstates_is_refused(
    make_store: MakeStore, serve: Serve
) -> None:
    inner = file_node([Child(Cid.of(b"four"), 4, 4)])
    for outer in (
        file_node([Child(pb(inner), 60, 5)]),
        file_node([Child(pb(directory_node([])), 4, 0), Child(pb(inner), 60, 4)]),
    ):
        blocks = {Cid.of(b"four"): b"four", pb(inner): inner, pb(outer): outer}
        blocks[pb(directory_node([]))] = directory_node([])
        with pytest.raises(InvalidBlock):
            await make_store().ensure(pb(outer), sources=[serve(serving_blocks(blocks).app)])


async def test_two_parents_that_contradict_each_other_are_refused(
    make_store: MakeStore, serve: Serve
) -> None:
    block = file_node([Child(Cid.of(b"four"), 4, 4), Child(Cid.of(b"four"), 4, 5)])
    peer = serving_blocks({Cid.of(b"four"): b"four", pb(block): block})
    with pytest.raises(InvalidBlock, match="different sizes"):
        await make_store().ensure(pb(block), sources=[serve(peer.app)])


@pytest.mark.parametrize(("depth", "is_allowed"), [(32, True), (33, False), (200, False)])
async def test_a_dag_may_be_thirty_two_deep(
    make_store: MakeStore, serve: Serve, depth: int, is_allowed: bool
) -> None:
    root, blocks = chain(depth)
    peer = serving_blocks(blocks)
    store = make_store()
    if is_allowed:
        await store.ensure(root, sources=[serve(peer.app)])
        assert await collect(store.open(root)) == b"x"
        return
    with pytest.raises(StorageTooLarge, match="deeper"):
        await store.ensure(root, sources=[serve(peer.app)])
    assert len(peer.requests) <= 33


async def test_a_million_links_to_one_block_cost_one_block(
    make_store: MakeStore, serve: Serve, tmp_path: Path
) -> None:
    leaf = b"y" * 1000
    inner = file_node([Child(Cid.of(leaf), 1000, 1000)] * 1000)
    outer = file_node([Child(pb(inner), 1, 1_000_000)] * 1000)
    peer = serving_blocks({Cid.of(leaf): leaf, pb(inner): inner, pb(outer): outer})
    store = make_store()
    url = serve(peer.app)
    with pytest.raises(StorageTooLarge):
        await store.ensure(pb(outer), sources=[url], max_bytes=10_000_000)
    await store.ensure(pb(outer), sources=[url], max_bytes=2_000_000_000)
    assert len(peer.requests) == 4 - 1
    assert (await store.stat(pb(outer))).size_bytes == 1_000_000_000
    with pytest.raises(StorageTooLarge):
        await store.fetch(pb(outer), tmp_path / "out", max_bytes=10_000_000)
    assert not (tmp_path / "out").exists()


async def test_directories_that_multiply_are_counted_and_not_written(
    make_store: MakeStore, serve: Serve, tmp_path: Path
) -> None:
    blocks = {Cid.of(b"z" * 100): b"z" * 100}
    cid = Cid.of(b"z" * 100)
    for _ in range(20):
        block = directory_node([(b"a", cid), (b"b", cid)])
        cid = pb(block)
        blocks[cid] = block
    store = make_store()
    await store.ensure(cid, sources=[serve(serving_blocks(blocks).app)])
    assert (await store.stat(cid)).size_bytes == 100 << 20
    with pytest.raises(StorageTooLarge):
        await store.fetch(cid, tmp_path / "out", max_bytes=1000)
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".*"))


async def test_a_tree_of_nodes_without_content_is_bounded(
    make_store: MakeStore, serve: Serve
) -> None:
    blocks: dict[Cid, bytes] = {}
    children = []
    for seed in range(12):
        padding = random_bytes(1_000_000, seed)
        block = encode_node(Node((), b"\x08\x02\x18\x00\x52\xc0\x84\x3d" + padding))
        blocks[pb(block)] = block
        children.append(Child(pb(block), 0, 0))
    root = file_node(children)
    peer = serving_blocks(blocks | {pb(root): root})
    with pytest.raises(StorageTooLarge):
        await make_store().ensure(pb(root), sources=[serve(peer.app)], max_bytes=1000)


async def test_unknown_hash_functions_are_refused_by_the_root_that_links_to_them(
    make_store: MakeStore, serve: Serve
) -> None:
    sha1 = b"\x01\x55\x11\x14" + bytes(20)
    link = b"\x0a" + bytes((len(sha1),)) + sha1 + b"\x12\x00\x18\x04"
    block = b"\x12" + bytes((len(link),)) + link + b"\x0a\x06\x08\x02\x18\x04\x20\x04"
    with pytest.raises(InvalidCid, match="hash function"):
        await make_store().ensure(
            pb(block), sources=[serve(serving_blocks({pb(block): block}).app)]
        )


async def test_a_block_above_two_mib_is_not_taken_in(make_store: MakeStore, serve: Serve) -> None:
    data = bytes(MAX_BLOCK_BYTES + 1)
    peer = serving_blocks({Cid.of(data): data, Cid.of(data[:-1]): data[:-1]})
    url = serve(peer.app)
    store = make_store()
    with pytest.raises(StorageTooLarge):
        await store.ensure(Cid.of(data), sources=[url])
    await store.ensure(Cid.of(data[:-1]), sources=[url])


async def test_random_dags_never_crash_a_fetch(make_store: MakeStore, serve: Serve) -> None:
    source = random.Random(5)
    root, blocks = file_blocks(random_bytes(300), TINY)
    good = blocks[root]
    hostile: dict[Cid, bytes] = dict(blocks)
    roots = []
    for _ in range(60):
        block = bytearray(good)
        for _ in range(source.randint(1, 4)):
            block[source.randrange(len(block))] ^= 1 << source.randrange(8)
        hostile[pb(bytes(block))] = bytes(block)
        roots.append(pb(bytes(block)))
    url = serve(serving_blocks(hostile).app)
    store: EmbeddedBackend = make_store()
    refused = 0
    for cid in roots:
        try:
            await store.ensure(cid, sources=[url], max_bytes=10_000)
        except NeurovoyanceError:
            refused += 1
    assert refused > 30
