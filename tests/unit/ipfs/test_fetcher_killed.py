from __future__ import annotations

import random
import signal
import threading
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from tests.unit.ipfs.conftest import MakeStore, Serve
from tests.unit.ipfs.dags import (
    collect,
    directory_node,
    file_blocks,
    pb,
    random_bytes,
)
from tests.unit.ipfs.serving import Scripted, serving_blocks, start_fetcher

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.swarm import SwarmRules


class Withholding(Scripted):
    """A peer that answers as many requests as are allowed, and the others when it may go on."""

    def __init__(self, blocks: dict[Cid, bytes], allowed: int = 0) -> None:
        super().__init__(self._when_allowed)
        self._blocks = blocks
        self.allowed = allowed
        self.reached, self.may_go_on = threading.Event(), threading.Event()

    def _when_allowed(self, cid: Cid, request: Request) -> Response:
        if len(self.requests) > self.allowed and not self.may_go_on.is_set():
            self.reached.set()
            self.may_go_on.wait(60)
        return Response(self._blocks[cid])


@pytest.mark.parametrize("killed_after", [1, 5, 9, 25, 40])
async def test_a_killed_fetch_resumes_and_refetches_no_more_than_was_in_flight(
    make_store: MakeStore, serve: Serve, tmp_path: Path, killed_after: int
) -> None:
    root, blocks = file_blocks(random_bytes(40 * 16, seed=killed_after))
    peer = Withholding(blocks, killed_after)
    url = serve(peer.app)
    process = start_fetcher(tmp_path / "store", root, url)
    assert peer.reached.wait(60)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    peer.may_go_on.set()
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
    _, errors = process.communicate(timeout=90)
    assert process.returncode == 0, errors
    process = start_fetcher(tmp_path / "store", pb(block), url, 400_000)
    _, errors = process.communicate(timeout=90)
    assert b"StorageFull" in errors and process.returncode == 1
    store = make_store()
    assert await store.has(Cid.of(small))
    assert not list((tmp_path / "store" / "temp").iterdir())
    await store.ensure(pb(block), sources=[url])
    assert await store.has(pb(block))


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_hundred_kills_lose_nothing_that_was_stored(
    make_store: MakeStore, serve: Serve, tmp_path: Path
) -> None:
    root, blocks = file_blocks(random_bytes(300 * 16))
    source = random.Random(3)
    peer = Withholding(blocks)
    url = serve(peer.app)
    kills = 0
    for _ in range(100):
        peer.reached.clear()
        peer.may_go_on.clear()
        peer.allowed = len(peer.requests) + source.randint(1, 4)
        process = start_fetcher(tmp_path / "store", root, url)
        while process.poll() is None and not peer.reached.wait(0.05):
            pass
        if process.poll() is None:
            kills += 1
            process.send_signal(signal.SIGKILL)
        process.communicate()
        peer.may_go_on.set()
    store = make_store()
    await store.ensure(root, sources=[url])
    assert await collect(store.open(root)) == random_bytes(300 * 16)
    assert kills > 50
    assert len(peer.requests) <= len(blocks) + kills * SwarmRules().per_peer
