from __future__ import annotations

import pytest
from starlette.responses import Response
from tests.unit.ipfs.conftest import Serve
from tests.unit.ipfs.serving import Scripted, serving_blocks

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.gateway_client import (
    BlockIsLarger,
    GatewayClient,
    PeerFailed,
    PeerIsBusy,
    PeerLacksBlock,
    Timeouts,
)

CID = Cid.of(b"block")
FAST = Timeouts(1, 1, 2)


async def test_a_block_within_the_limit_is_returned_unverified(serve: Serve) -> None:
    url = serve(serving_blocks({CID: b"anything"}).app)
    async with GatewayClient(True, FAST) as client:
        assert await client.block(url, CID, 8) == b"anything"
        assert await client.has(url, CID) and not await client.has(url, Cid.of(b""))
        with pytest.raises(BlockIsLarger):
            await client.block(url, CID, 7)
        with pytest.raises(PeerLacksBlock):
            await client.block(url, Cid.of(b""), 7)


@pytest.mark.parametrize(
    ("header", "wait_s"), [("7", 7), ("0", 0.1), ("9999", 30), ("soon", 1), (None, 1)]
)
async def test_a_busy_answer_carries_a_bounded_wait(
    serve: Serve, header: str | None, wait_s: float
) -> None:
    headers = {} if header is None else {"Retry-After": header}
    url = serve(Scripted(lambda cid, request: Response(status_code=429, headers=headers)).app)
    async with GatewayClient(True, FAST) as client:
        with pytest.raises(PeerIsBusy) as caught:
            await client.block(url, CID, 7)
    assert caught.value.wait_s == wait_s


async def test_private_names_are_refused_at_the_connection(serve: Serve) -> None:
    peer = serving_blocks({CID: b"x"})
    url = serve(peer.app).replace("127.0.0.1", "localhost")
    async with GatewayClient(False, FAST) as client:
        with pytest.raises(PeerFailed, match="private"):
            await client.block(url, CID, 7)
    assert peer.requests == []


async def test_compressed_bodies_are_not_inflated(serve: Serve) -> None:
    answer = Response(b"\x1f\x8b bomb", headers={"Content-Encoding": "gzip"})
    url = serve(Scripted(lambda cid, request: answer).app)
    async with GatewayClient(True, FAST) as client:
        assert await client.block(url, CID, 100) == b"\x1f\x8b bomb"


async def test_it_is_used_inside_its_context_only() -> None:
    with pytest.raises(RuntimeError):
        await GatewayClient(True, FAST).block("http://a.org", CID, 1)
