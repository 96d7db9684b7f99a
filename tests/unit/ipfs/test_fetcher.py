from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from tests.unit.ipfs.conftest import MakeStore, Serve
from tests.unit.ipfs.dags import (
    TINY,
    collect,
    directory_node,
    file_blocks,
    file_node,
    pb,
    random_bytes,
)
from tests.unit.ipfs.serving import Scripted, serving_blocks

from neurovoyance.ipfs.backend import Progress
from neurovoyance.ipfs.cid import DAG_PB, KECCAK_256, RAW, Cid, keccak_cid
from neurovoyance.ipfs.dagpb import MAX_BLOCK_BYTES, InvalidBlock, Link, Node, encode_node
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.swarm import SwarmRules
from neurovoyance.ipfs.unixfs import V0_2015, Child
from neurovoyance.protocol.errors import (
    InvalidCid,
    NeurovoyanceError,
    StorageFull,
    StorageNotFound,
    StorageTooLarge,
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


def chain(depth: int) -> tuple[Cid, dict[Cid, bytes]]:
    """Return a file of one byte under ``depth`` inner nodes."""
    blocks = {Cid.of(b"x"): b"x"}
    cid = Cid.of(b"x")
    for _ in range(depth):
        block = file_node([Child(cid, 1, 1)])
        cid = pb(block)
        blocks[cid] = block
    return cid, blocks


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


_FETCHER = """
import asyncio, resource, sys
from pathlib import Path
from neurovoyance.ipfs import Cid, EmbeddedBackend
if len(sys.argv) > 4:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]),) * 2)
async def main():
    async with EmbeddedBackend(Path(sys.argv[1]), allow_private_addresses=True) as store:
        await store.ensure(Cid.from_text(sys.argv[2]), sources=[sys.argv[3]])
asyncio.run(main())
"""


def start_fetcher(*arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _FETCHER, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("killed_after", [1, 5, 9, 25, 40])
async def test_a_killed_fetch_resumes_and_refetches_no_more_than_was_in_flight(
    make_store: MakeStore, serve: Serve, tmp_path: Path, killed_after: int
) -> None:
    root, blocks = file_blocks(random_bytes(40 * 16, seed=killed_after))
    reached, may_go_on = threading.Event(), threading.Event()
    count = 0

    def answer(cid: Cid, request: Request) -> Response:
        nonlocal count
        count += 1
        if count > killed_after and not may_go_on.is_set():
            reached.set()
            may_go_on.wait(20)
        return Response(blocks[cid])

    peer = Scripted(answer)
    url = serve(peer.app)
    process = start_fetcher(tmp_path / "store", root, url)
    assert reached.wait(20)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    may_go_on.set()
    store = make_store()
    await store.ensure(root, sources=[url])
    assert await store.has(root)
    assert len(peer.requests) <= len(blocks) + SwarmRules().per_peer


async def test_a_full_disk_ends_the_fetch_cleanly(
    make_store: MakeStore, serve: Serve, tmp_path: Path
) -> None:
    small, large = random_bytes(60_000, 1), random_bytes(900_000, 2)
    block = directory_node([(b"a", Cid.of(small)), (b"b", Cid.of(large))])
    blocks = {Cid.of(small): small, Cid.of(large): large, pb(block): block}
    url = serve(serving_blocks(blocks).app)
    # One after the other: fetched together, the large one may fill the disk before the small one.
    process = start_fetcher(tmp_path / "store", Cid.of(small), url, 400_000)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    process = start_fetcher(tmp_path / "store", pb(block), url, 400_000)
    _, errors = process.communicate(timeout=30)
    assert b"StorageFull" in errors and process.returncode == 1
    store = make_store()
    assert await store.has(Cid.of(small))
    assert not list((tmp_path / "store" / "temp").iterdir())
    await store.ensure(pb(block), sources=[url])
    assert await store.has(pb(block))


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


def test_the_codec_of_inner_nodes_is_dag_pb() -> None:
    root, _ = file_blocks(b"x" * 100)
    assert root.codec == DAG_PB
    assert encode_node(Node((Link(root, b"", 1),), b"")).startswith(b"\x12")


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_hundred_kills_lose_nothing_that_was_stored(
    make_store: MakeStore, serve: Serve, tmp_path: Path
) -> None:
    root, blocks = file_blocks(random_bytes(300 * 16))
    source = random.Random(3)
    reached, may_go_on = threading.Event(), threading.Event()
    answered = allowed = 0

    def answer(cid: Cid, request: Request) -> Response:
        nonlocal answered
        answered += 1
        if answered > allowed and not may_go_on.is_set():
            reached.set()
            may_go_on.wait(20)
        return Response(blocks[cid])

    peer = Scripted(answer)
    url = serve(peer.app)
    kills = 0
    for _ in range(100):
        reached.clear()
        may_go_on.clear()
        allowed = answered + source.randint(1, 4)
        process = start_fetcher(tmp_path / "store", root, url)
        while process.poll() is None and not reached.wait(0.05):
            pass
        if process.poll() is None:
            kills += 1
            process.send_signal(signal.SIGKILL)
        process.communicate()
        may_go_on.set()
    store = make_store()
    await store.ensure(root, sources=[url])
    assert await collect(store.open(root)) == random_bytes(300 * 16)
    assert kills > 50
    assert len(peer.requests) <= len(blocks) + kills * SwarmRules().per_peer
