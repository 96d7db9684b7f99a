from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from tests.unit.ipfs.conftest import MakeStore, Serve
from tests.unit.ipfs.dags import collect, file_blocks, file_node, pb, random_bytes
from tests.unit.ipfs.serving import (
    CAR,
    Scripted,
    Section,
    archive,
    run_of,
    serving_blocks,
    start_fetcher,
    streaming_blocks,
)

from neurovoyance.ipfs.backend import Progress
from neurovoyance.ipfs.blockstore import BlockStore
from neurovoyance.ipfs.car import encode_header, encode_section
from neurovoyance.ipfs.cid import RAW, Cid
from neurovoyance.ipfs.dagpb import InvalidBlock
from neurovoyance.ipfs.gateway import gateway_app
from neurovoyance.ipfs.gateway_client import Timeouts
from neurovoyance.ipfs.swarm import SwarmRules
from neurovoyance.ipfs.unixfs import V0_2015, Child, Profile
from neurovoyance.protocol.errors import StorageFull, StorageTooLarge

WIDE = Profile("test-wide", 1000, 30)
DATA = random_bytes(100_000)
ROOT, BLOCKS = file_blocks(DATA, WIDE)
LEAVES = {cid for cid in BLOCKS if cid.codec == RAW}


class Sent:
    """A peer that streams, and what leaves it sent; ``hinder`` is awaited before each."""

    def __init__(self, blocks: dict[Cid, bytes], hinder: Callable[[int], object] | None = None):
        self.leaves: list[Cid] = []
        self._blocks, self._hinder = blocks, hinder
        self.app = Scripted(self._raw, self._run).app

    def _raw(self, cid: Cid, request: Request) -> Response:
        if cid not in self._blocks:
            return Response(status_code=404)
        if cid.codec == RAW:
            self.leaves.append(cid)
        return Response(self._blocks[cid])

    def _run(self, cid: Cid, request: Request) -> Response:
        sections = run_of(self._blocks, cid, request)
        return StreamingResponse(self._pieces(sections), headers={"Content-Type": CAR})

    def _pieces(self, sections: list[Section]) -> Iterator[bytes]:
        yield encode_header([ROOT])
        for cid, data in sections:
            if cid.codec == RAW:
                if self._hinder is not None:
                    self._hinder(len(self.leaves))
                self.leaves.append(cid)
            yield encode_section(cid, data)


async def test_most_leaves_come_in_runs_and_each_once(make_store: MakeStore, serve: Serve) -> None:
    peer, seen = streaming_blocks(BLOCKS), list[Progress]()
    store = make_store()
    await store.ensure(ROOT, sources=[serve(peer.app)], on_progress=seen.append)
    assert await collect(store.open(ROOT)) == DATA
    assert len(set(peer.requests)) == len(peer.requests) < len(BLOCKS) / 2
    assert len(peer.runs) < len(BLOCKS) / 4
    assert seen[-1].bytes_done == seen[-1].bytes_total == len(DATA)


async def test_a_store_streams_from_a_store(
    make_store: MakeStore, serve: Serve, tmp_path: Path
) -> None:
    (tmp_path / "f").write_bytes(random_bytes(6_000_000))
    owner, store = make_store("owner"), make_store()
    cid = await owner.add(tmp_path / "f", V0_2015)
    await owner.provide(cid)
    await store.ensure(cid, sources=[serve(gateway_app(owner))])
    await store.fetch(cid, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == random_bytes(6_000_000)


async def test_what_is_held_is_not_streamed_again(make_store: MakeStore, serve: Serve) -> None:
    held = [cid for index, cid in enumerate(BLOCKS) if cid in LEAVES and index % 7 == 3]
    peer, store = Sent(BLOCKS), make_store()
    for cid in held:
        await store.put_block(cid, BLOCKS[cid])
    await store.ensure(ROOT, sources=[serve(peer.app)])
    assert sorted(map(str, peer.leaves)) == sorted(map(str, LEAVES - set(held)))


def _with(index: int, section: Section) -> Callable[[list[Section]], bytes]:
    return lambda sections: archive([*sections[:index], section, *sections[index + 1 :]])


LIES: dict[str, Callable[[list[Section]], bytes]] = {
    "wrong bytes": lambda s: archive([*s[:-1], (s[-1][0], bytes(len(s[-1][1])))]),
    "a wrong node": lambda s: archive([(s[0][0], b"node"), *s[1:]]),
    "a duplicate": lambda s: archive([*s, s[1]]),
    "a foreign block": lambda s: archive([*s, (Cid.of(b"foreign"), b"foreign")]),
    "an early end": lambda s: archive(s[:-1]),
    "an end inside a block": lambda s: archive(s)[:-1],
    "no header": lambda s: b"",
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_peer_that_streams_lies_is_banned_and_the_job_goes_on(
    make_store: MakeStore, serve: Serve, lie: str
) -> None:
    liar, honest = streaming_blocks(BLOCKS, LIES[lie]), streaming_blocks(BLOCKS)
    store, url = make_store(rules=SwarmRules(streams_per_peer=1)), serve(liar.app)
    await store.ensure(ROOT, sources=[url, serve(honest.app)])
    assert await collect(store.open(ROOT)) == DATA
    assert store.store.index.bans(0) == {url: 1}
    assert len(liar.runs) == 1


async def test_a_peer_that_cuts_its_streams_is_asked_block_by_block(
    make_store: MakeStore, serve: Serve
) -> None:
    def cut(sections: list[Section]) -> bytes:
        return archive(sections)[:-1]

    peer = streaming_blocks(BLOCKS)
    scripted = Scripted(
        peer._answer,
        lambda cid, request: Response(
            cut(run_of(BLOCKS, cid, request)),
            headers={"Content-Type": CAR, "Content-Length": "999999"},
        ),
    )
    store = make_store()
    await store.ensure(ROOT, sources=[serve(scripted.app)])
    assert await collect(store.open(ROOT)) == DATA
    assert store.store.index.bans(0) == {}


async def test_a_peer_without_archives_is_asked_for_one_of_each_connection_at_most(
    make_store: MakeStore, serve: Serve
) -> None:
    peer, store = serving_blocks(BLOCKS), make_store()
    await store.ensure(ROOT, sources=[serve(peer.app)])
    assert await collect(store.open(ROOT)) == DATA
    assert len(peer.runs) <= SwarmRules().streams_per_peer
    assert len(peer.requests) == len(BLOCKS)


async def test_a_node_that_a_peer_lacks_is_streamed_from_another(
    make_store: MakeStore, serve: Serve
) -> None:
    lacking = Scripted(
        lambda cid, request: Response(status_code=404),
        lambda cid, request: Response(status_code=404),
    )
    peer, store = streaming_blocks(BLOCKS), make_store()
    await store.ensure(ROOT, sources=[serve(lacking.app), serve(peer.app)])
    assert await collect(store.open(ROOT)) == DATA
    assert peer.runs


async def test_a_busy_peer_streams_later(make_store: MakeStore, serve: Serve) -> None:
    refused: list[Cid] = []

    def busy_once(cid: Cid, request: Request) -> Response:
        if not refused:
            refused.append(cid)
            return Response(status_code=429, headers={"Retry-After": "0"})
        return Response(archive(run_of(BLOCKS, cid, request)), headers={"Content-Type": CAR})

    peer = Scripted(streaming_blocks(BLOCKS)._answer, busy_once)
    store = make_store()
    await store.ensure(ROOT, sources=[serve(peer.app)])
    assert await collect(store.open(ROOT)) == DATA
    assert refused


async def test_a_peer_that_stands_still_is_overtaken(make_store: MakeStore, serve: Serve) -> None:
    release = threading.Event()
    still, quick = Sent(BLOCKS, lambda count: count < 2 or release.wait(90)), Sent(BLOCKS)
    store = make_store(rules=SwarmRules(hedge_s=0.1), timeouts=Timeouts(5, 90, 90))
    try:
        async with asyncio.timeout(60):
            await store.ensure(ROOT, sources=[serve(still.app), serve(quick.app)])
        assert not release.is_set()
    finally:
        release.set()
    assert await collect(store.open(ROOT)) == DATA
    assert store.store.index.bans(0) == {}


async def test_a_dripping_stream_fails_by_the_deadline_of_a_block(
    make_store: MakeStore, serve: Serve
) -> None:
    async def drops(body: bytes) -> AsyncIterator[bytes]:
        for byte in body:
            yield bytes((byte,))
            await asyncio.sleep(0.05)

    peer = Scripted(
        serving_blocks(BLOCKS)._answer,
        lambda cid, request: StreamingResponse(
            drops(archive(run_of(BLOCKS, cid, request))), headers={"Content-Type": CAR}
        ),
    )
    store = make_store(timeouts=Timeouts(connect_s=10, read_s=5, block_s=1))
    await store.ensure(ROOT, sources=[serve(peer.app)])
    assert await collect(store.open(ROOT)) == DATA


async def test_a_cancelled_fetch_ends_its_streams(make_store: MakeStore, serve: Serve) -> None:
    reached, release = threading.Event(), threading.Event()

    def stand(count: int) -> None:
        if count >= 3:
            reached.set()
            release.wait(90)

    store = make_store(timeouts=Timeouts(5, 90, 90))
    job = asyncio.ensure_future(store.ensure(ROOT, sources=[serve(Sent(BLOCKS, stand).app)]))
    assert await asyncio.to_thread(reached.wait, 60)
    job.cancel()
    try:
        async with asyncio.timeout(60):
            await asyncio.gather(job, return_exceptions=True)
        assert not [t for t in threading.enumerate() if t.name.startswith("streams")]
    finally:
        release.set()


@pytest.mark.parametrize("killed_after", [8, 70])
async def test_no_block_that_was_stored_before_a_kill_is_streamed_again(
    make_store: MakeStore, serve: Serve, tmp_path: Path, killed_after: int
) -> None:
    reached, may_go_on = threading.Event(), threading.Event()

    def stand(count: int) -> None:
        if count >= killed_after and not may_go_on.is_set():
            reached.set()
            may_go_on.wait(90)

    first, second = Sent(BLOCKS, stand), Sent(BLOCKS)
    process = start_fetcher(tmp_path / "store", ROOT, serve(first.app))
    assert reached.wait(90)
    process.kill()
    process.communicate()
    may_go_on.set()
    store = make_store()
    store.store.reconcile()  # a block may lie there that the index had not been told of
    held = {cid async for cid in store.list()} & LEAVES
    await store.ensure(ROOT, sources=[serve(second.app)])
    assert sorted(map(str, second.leaves)) == sorted(map(str, LEAVES - held))
    assert await collect(store.open(ROOT)) == DATA


async def test_several_peers_stream_different_parts(make_store: MakeStore, serve: Serve) -> None:
    peers, store = [Sent(BLOCKS) for _ in range(3)], make_store()
    await store.ensure(ROOT, sources=[serve(peer.app) for peer in peers])
    assert await collect(store.open(ROOT)) == DATA
    assert sum(len(peer.leaves) for peer in peers) == len(LEAVES)


async def test_sizes_that_the_author_misstated_blame_the_author(
    make_store: MakeStore, serve: Serve
) -> None:
    leaves = [random_bytes(20, seed) for seed in range(12)]
    for stated, fault in ((21, InvalidBlock), (19, StorageTooLarge)):
        node = file_node([Child(Cid.of(leaf), stated, stated) for leaf in leaves])
        blocks = {Cid.of(leaf): leaf for leaf in leaves} | {pb(node): node}
        store = make_store(f"store-{stated}")
        with pytest.raises(fault):
            await store.ensure(pb(node), sources=[serve(streaming_blocks(blocks).app)])
        assert store.store.index.bans(0) == {}


async def test_a_full_budget_ends_a_stream_and_keeps_what_it_brought(
    make_store: MakeStore, serve: Serve
) -> None:
    url, store = serve(streaming_blocks(BLOCKS).app), make_store(max_bytes=40_000)
    with pytest.raises(StorageFull) as caught:
        await store.ensure(ROOT, sources=[url], max_bytes=len(DATA))
    assert 0 < caught.value.context["missing_bytes"] <= len(DATA)
    assert 0 < (await store.stat(ROOT)).held_bytes <= 40_000
    assert store.store.index.bans(0) == {}


async def test_leaves_above_the_limit_are_not_streamed(make_store: MakeStore, serve: Serve) -> None:
    peer, store = Sent(BLOCKS), make_store()
    with pytest.raises(StorageTooLarge):
        await store.ensure(ROOT, sources=[serve(peer.app)], max_bytes=len(DATA) - 1)
    assert peer.leaves == []


def test_the_store_takes_a_view_and_does_not_keep_it(tmp_path: Path) -> None:
    store, buffer = BlockStore(tmp_path / "s"), bytearray(b"block")
    store.put(Cid.of(b"block"), memoryview(buffer))
    buffer[:] = b"other"
    assert store.read(Cid.of(b"block")) == b"block"
    store.close()
