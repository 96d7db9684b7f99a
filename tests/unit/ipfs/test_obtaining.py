from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.unit.ipfs.conftest import Serve
from tests.unit.ipfs.serving import serving_blocks

from neurovoyance.ipfs.blockstore import BlockStore
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.gateway_client import Timeouts
from neurovoyance.ipfs.lease import Workers
from neurovoyance.ipfs.obtaining import Obtaining, PeerPolicy
from neurovoyance.ipfs.swarm import SwarmRules
from neurovoyance.protocol.errors import StorageNotFound

POLICY = PeerPolicy(True, Timeouts(1, 1, 2), SwarmRules())


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[tuple[BlockStore, Workers]]:
    store = BlockStore(tmp_path / "s")
    with ThreadPoolExecutor(2) as pool:
        yield store, Workers(pool)
    store.close()


async def test_this_disk_is_asked_before_peers(
    parts: tuple[BlockStore, Workers], serve: Serve
) -> None:
    peer = serving_blocks({Cid.of(b"b"): b"b"})
    parts[0].put(Cid.of(b"a"), b"a")
    async with Obtaining(*parts, POLICY, [serve(peer.app)]) as blocks:
        assert await blocks.block(Cid.of(b"a")) == b"a"
        assert peer.requests == []
        assert await blocks.block(Cid.of(b"b")) == b"b"
        assert await blocks.sizes_of([Cid.of(b"b"), Cid.of(b"c")]) == [1, None]
    assert parts[0].read(Cid.of(b"b")) == b"b"


async def test_without_peers_a_missing_block_is_not_found(
    parts: tuple[BlockStore, Workers],
) -> None:
    async with Obtaining(*parts, POLICY, []) as blocks:
        with pytest.raises(StorageNotFound):
            await blocks.block(Cid.of(b"a"))
