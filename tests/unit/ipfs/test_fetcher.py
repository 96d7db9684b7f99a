from __future__ import annotations

import pytest
from starlette.responses import Response
from tests.unit.ipfs.conftest import MakeStore, Serve
from tests.unit.ipfs.dags import (
    collect,
    file_blocks,
    random_bytes,
)
from tests.unit.ipfs.serving import Scripted, serving_blocks

from neurovoyance.ipfs.backend import Progress
from neurovoyance.ipfs.cid import DAG_PB, KECCAK_256, RAW, Cid, keccak_cid
from neurovoyance.ipfs.dagpb import Link, Node, encode_node
from neurovoyance.ipfs.unixfs import V0_2015
from neurovoyance.protocol.errors import (
    StorageFull,
    StorageNotFound,
)

DATA = random_bytes(2_000_000)


async def test_a_dag_is_fetched_whole_and_with_progress(
    make_store: MakeStore, serve: Serve
) -> None:
    root, blocks = file_blocks(DATA, V0_2015)
    seen: list[Progress] = []
    store = make_store()
    await store.ensure(root, sources=[serve(serving_blocks(blocks).app)], on_progress=seen.append)
    assert await collect(store.open(root)) == DATA
    assert seen[-1].bytes_done == seen[-1].bytes_total == len(DATA)


async def test_what_is_on_disk_is_not_asked_for_again(make_store: MakeStore, serve: Serve) -> None:
    root, blocks = file_blocks(DATA, V0_2015)
    held = list(blocks)[:5]
    store = make_store()
    for cid in held:
        await store.put_block(cid, blocks[cid])
    peer = serving_blocks(blocks)
    seen: list[Progress] = []
    await store.ensure(root, sources=[serve(peer.app)], on_progress=seen.append)
    assert set(peer.requests) == {str(cid) for cid in blocks if cid not in held}
    assert len(peer.requests) == len(set(peer.requests))
    assert seen[-1].bytes_done == len(DATA)


async def test_a_complete_dag_asks_nobody(make_store: MakeStore, serve: Serve) -> None:
    root, blocks = file_blocks(b"x" * 100)
    store = make_store()
    for cid, block in blocks.items():
        await store.put_block(cid, block)
    peer = serving_blocks({})
    await store.ensure(root, sources=[serve(peer.app)])
    assert peer.requests == []


async def test_blocks_spread_over_several_peers_make_a_whole(
    make_store: MakeStore, serve: Serve
) -> None:
    root, blocks = file_blocks(DATA, V0_2015)
    parts: list[dict[Cid, bytes]] = [{}, {}, {}]
    for index, (cid, block) in enumerate(blocks.items()):
        parts[index % 3][cid] = block
    store = make_store()
    await store.ensure(root, sources=[serve(serving_blocks(part).app) for part in parts])
    assert await collect(store.open(root)) == DATA


async def test_a_keccak_named_manifest_is_fetched_and_verified(
    make_store: MakeStore, serve: Serve
) -> None:
    manifest = b"a model manifest"
    store = make_store()
    cid = keccak_cid(manifest)
    assert (cid.codec, cid.hash_code) == (RAW, KECCAK_256)
    await store.ensure(cid, sources=[serve(serving_blocks({cid: manifest}).app)])
    assert await store.get_block(cid) == manifest


async def test_a_full_budget_keeps_verified_blocks_and_says_what_is_missing(
    make_store: MakeStore, serve: Serve
) -> None:
    root, blocks = file_blocks(DATA, V0_2015)
    url = serve(serving_blocks(blocks).app)
    store = make_store(max_bytes=1_000_000)
    with pytest.raises(StorageFull) as caught:
        await store.ensure(root, sources=[url], max_bytes=len(DATA))
    held = (await store.stat(root)).held_bytes
    assert 0 < held <= 1_000_000
    assert 0 < caught.value.context["missing_bytes"] <= len(DATA)  # blocks in flight count
    await store.close()
    larger = make_store(max_bytes=10_000_000)
    peer = serving_blocks(blocks)
    await larger.ensure(root, sources=[serve(peer.app)])
    assert 0 < len(peer.requests) < len(blocks)


async def test_nobody_having_it_names_every_peer_and_its_reason(
    make_store: MakeStore, serve: Serve
) -> None:
    cid = Cid.of(b"wanted")
    empty = serve(serving_blocks({}).app)
    broken = serve(Scripted(lambda cid, request: Response(status_code=500)).app)
    with pytest.raises(StorageNotFound) as caught:
        await make_store().ensure(cid, sources=[empty, broken, "http://127.0.0.1:9", "ftp://x"])
    providers = caught.value.context["providers"]
    assert providers[empty] == "HTTP 404"
    assert providers[broken] == "HTTP 500"
    assert "Connect" in providers["http://127.0.0.1:9"]
    assert "base URL" in providers["ftp://x"]
    assert str(cid) in caught.value.message


def test_the_codec_of_inner_nodes_is_dag_pb() -> None:
    root, _ = file_blocks(b"x" * 100)
    assert root.codec == DAG_PB
    assert encode_node(Node((Link(root, b"", 1),), b"")).startswith(b"\x12")
