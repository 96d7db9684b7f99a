from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from tests.unit.ipfs.conftest import MakeStore, Serve
from tests.unit.ipfs.dags import collect, file_blocks, random_bytes
from tests.unit.ipfs.serving import Scripted, serving_blocks

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.gateway_client import Timeouts
from neurovoyance.ipfs.peers import multiaddr_of_url
from neurovoyance.ipfs.swarm import SwarmRules
from neurovoyance.ipfs.unixfs import V0_2015
from neurovoyance.protocol.errors import StorageIntegrityError, StorageNotFound

DATA = random_bytes(3_000_000)
ROOT, BLOCKS = file_blocks(DATA, V0_2015)


def lying(cid: Cid, request: Request) -> Response:
    return Response(bytes(len(BLOCKS[cid])))


async def test_a_liar_is_banned_and_the_job_goes_on(make_store: MakeStore, serve: Serve) -> None:
    liar, honest = Scripted(lying), serving_blocks(BLOCKS)
    store = make_store()
    url = serve(liar.app)
    await store.ensure(ROOT, sources=[url, serve(honest.app)])
    assert await collect(store.open(ROOT)) == DATA
    assert len(liar.requests) <= 4
    assert store.store.index.bans(0) == {url: len(liar.requests)}


async def test_a_ban_lasts_over_a_restart_and_ends_after_a_day(
    make_store: MakeStore, serve: Serve
) -> None:
    liar = Scripted(lying)
    url = serve(liar.app)
    store = make_store()
    with pytest.raises(StorageNotFound, match="wrong bytes"):
        await store.ensure(ROOT, sources=[url])
    asked = len(liar.requests)
    await store.close()
    again = make_store()
    with pytest.raises(StorageNotFound, match="banned"):
        await again.ensure(ROOT, sources=[url])
    assert len(liar.requests) == asked
    assert again.store.index.bans(2**40) == {}


async def test_wrong_bytes_never_reach_the_disk(make_store: MakeStore, serve: Serve) -> None:
    store = make_store()
    with pytest.raises(StorageNotFound):
        await store.ensure(ROOT, sources=[serve(Scripted(lying).app)])
    assert [cid async for cid in store.list()] == []
    with pytest.raises(StorageIntegrityError):
        await store.put_block(ROOT, b"wrong")


async def test_a_failing_peer_is_dropped_after_three_failures(
    make_store: MakeStore, serve: Serve
) -> None:
    failing = Scripted(lambda cid, request: Response(status_code=500))
    store = make_store(rules=SwarmRules(per_peer=1))
    await store.ensure(ROOT, sources=[serve(failing.app), serve(serving_blocks(BLOCKS).app)])
    assert len(failing.requests) == 3
    assert await store.has(ROOT)


async def test_a_silent_peer_times_out_and_another_is_asked(
    make_store: MakeStore, serve: Serve
) -> None:
    release = threading.Event()

    def silent(cid: Cid, request: Request) -> Response:
        release.wait(60)
        return Response(status_code=404)

    store = make_store(timeouts=Timeouts(connect_s=10, read_s=3, block_s=60))
    try:
        await store.ensure(
            ROOT, sources=[serve(Scripted(silent).app), serve(serving_blocks(BLOCKS).app)]
        )
    finally:
        release.set()
    assert await store.has(ROOT)


async def test_a_dripping_peer_fails_by_the_deadline_of_a_block(
    make_store: MakeStore, serve: Serve
) -> None:
    async def drops(data: bytes) -> AsyncIterator[bytes]:
        for byte in data:
            yield bytes((byte,))
            await asyncio.sleep(0.05)

    def drip(cid: Cid, request: Request) -> Response:
        return StreamingResponse(drops(BLOCKS[cid]))

    store = make_store(timeouts=Timeouts(connect_s=10, read_s=10, block_s=3))
    await store.ensure(ROOT, sources=[serve(Scripted(drip).app), serve(serving_blocks(BLOCKS).app)])
    assert await store.has(ROOT)


async def test_a_peer_that_sends_too_much_is_cut_off(make_store: MakeStore, serve: Serve) -> None:
    sent = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(200):
            sent += 65536
            yield bytes(65536)
            await asyncio.sleep(0)

    flooding = Scripted(lambda cid, request: StreamingResponse(flood()))
    store = make_store(rules=SwarmRules(per_peer=1))
    await store.ensure(ROOT, sources=[serve(flooding.app), serve(serving_blocks(BLOCKS).app)])
    assert await store.has(ROOT)
    assert sent > 2 * V0_2015.chunk_bytes


async def test_a_busy_peer_is_asked_again_after_the_time_it_names(
    make_store: MakeStore, serve: Serve
) -> None:
    refused: set[str] = set()

    def busy_once(cid: Cid, request: Request) -> Response:
        if not refused:
            refused.add(str(cid))
            return Response(status_code=429, headers={"Retry-After": "0"})
        return Response(BLOCKS[cid])

    store = make_store()
    await store.ensure(ROOT, sources=[serve(Scripted(busy_once).app)])
    assert refused and await store.has(ROOT)


async def test_a_peer_that_stays_busy_is_given_up(make_store: MakeStore, serve: Serve) -> None:
    busy = Scripted(lambda cid, request: Response(status_code=503, headers={"Retry-After": "0"}))
    store = make_store(rules=SwarmRules(max_busy_answers=2))
    with pytest.raises(StorageNotFound, match="busy"):
        await store.ensure(ROOT, sources=[serve(busy.app)])
    assert len(busy.requests) == 3


async def test_redirects_are_not_followed(make_store: MakeStore, serve: Serve) -> None:
    target = serving_blocks(BLOCKS)
    url = serve(target.app)
    redirecting = Scripted(
        lambda cid, request: Response(
            status_code=302, headers={"Location": f"{url}/ipfs/{cid}?format=raw"}
        )
    )
    with pytest.raises(StorageNotFound, match="302"):
        await make_store().ensure(ROOT, sources=[serve(redirecting.app)])
    assert target.requests == []


async def test_a_peer_may_name_others_who_have_the_content(
    make_store: MakeStore, serve: Serve
) -> None:
    owner = serve(serving_blocks(BLOCKS).app)
    pointing = serving_blocks({})
    pointing.routing_answer = json.dumps(
        {"Providers": [{"Schema": "peer", "Addrs": ["/ip4/1/x", multiaddr_of_url(owner)]}]}
    )
    store = make_store(peers=[serve(pointing.app)])
    await store.ensure(ROOT)
    assert await store.has(ROOT)


@pytest.mark.parametrize("answer", ["", "[]", "{", '{"Providers": 3}', "[" * 60_000, "x" * 70_000])
async def test_malformed_routing_answers_are_ignored(
    make_store: MakeStore, serve: Serve, answer: str
) -> None:
    peer = serving_blocks({})
    peer.routing_answer = answer
    with pytest.raises(StorageNotFound):
        await make_store().ensure(ROOT, sources=[serve(peer.app)])
