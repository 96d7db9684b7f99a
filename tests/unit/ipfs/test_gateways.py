from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from tests.unit.ipfs.conftest import MakeStore, Serve
from tests.unit.ipfs.dags import TINY, collect, file_blocks, random_bytes
from tests.unit.ipfs.serving import Scripted, serving_blocks
from tests.unit.ipfs.storage_behaviour import F3, StorageBehaviour

from neurovoyance.ipfs.backend import GcReport, PinInfo, Source
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.gateway import gateway_app
from neurovoyance.ipfs.gateway_client import Timeouts
from neurovoyance.ipfs.gateways import GatewayBackend, check_gateways
from neurovoyance.ipfs.rate import RateLimit
from neurovoyance.ipfs.swarm import SwarmRules
from neurovoyance.ipfs.unixfs import DEFAULT_PROFILE, Profile
from neurovoyance.protocol.errors import ConfigError, StorageNotFound, StorageReadOnly

QUICK = Timeouts(connect_s=10, read_s=30, block_s=60)
DATA = random_bytes(300)


def gateways(*urls: str, **settings: object) -> GatewayBackend:
    settings.setdefault("timeouts", QUICK)
    return GatewayBackend(urls, allow_private_addresses=True, **settings)  # type: ignore[arg-type]


class PublishedGateway(GatewayBackend):
    """Reads through a gateway; what is written goes to the store that the gateway serves."""

    origin: EmbeddedBackend

    async def add(self, source: Source, profile: Profile = DEFAULT_PROFILE) -> Cid:
        cid = await self.origin.add(source, profile)
        await self.origin.provide(cid)
        return cid

    async def import_car(self, stream: AsyncIterable[bytes]) -> Sequence[Cid]:
        roots = await self.origin.import_car(stream)
        for root in roots:
            await self.origin.provide(root)
        return roots

    async def pin(self, cid: Cid, name: str = "", expiry: int | None = None) -> None:
        await self.origin.pin(cid, name, expiry)

    async def unpin(self, cid: Cid) -> None:
        await self.origin.unpin(cid)

    async def pins(self) -> Sequence[PinInfo]:
        return await self.origin.pins()

    async def gc(self, max_bytes: int | None = None) -> GcReport:
        return await self.origin.gc(max_bytes)

    async def list(self) -> AsyncIterator[Cid]:  # type: ignore[override]
        async for cid in self.origin.list():
            yield cid


class TestGateways(StorageBehaviour):
    """Reading through a gateway does what every back-end does."""

    @pytest.fixture
    async def backend(self, make_store: MakeStore, serve: Serve) -> AsyncIterator[GatewayBackend]:
        origin = make_store("origin")
        url = serve(gateway_app(origin, rate_limit=RateLimit(1e6, 1_000_000)))
        made = PublishedGateway([url], allow_private_addresses=True, timeouts=QUICK)
        made.origin = origin
        async with made:
            yield made


async def test_a_gateway_is_read_only() -> None:
    async with gateways("http://127.0.0.1:9") as backend:
        cid = Cid.of(b"x")
        for attempt in (
            backend.add(b"x"),
            backend.pin(cid),
            backend.unpin(cid),
            backend.provide(cid),
            backend.gc(),
            backend.import_car(backend.export_car(cid)),
        ):
            with pytest.raises(StorageReadOnly, match="read only"):
                await attempt
        with pytest.raises(StorageReadOnly):
            await collect(backend.list())  # type: ignore[arg-type]
        assert await backend.pins() == []


async def test_a_liar_is_banned_for_the_day_and_another_asked(
    serve: Serve, make_store: MakeStore
) -> None:
    root, blocks = file_blocks(DATA)
    liar, honest = Scripted(lambda cid, request: Response(b"wrong")), serving_blocks(blocks)
    urls = [serve(liar.app), serve(honest.app)]
    bans = make_store().store.index
    async with gateways(*urls, bans=bans) as backend:
        assert await collect(backend.open(root)) == DATA
        asked = len(liar.requests)
        assert asked >= 1
        assert await collect(backend.open(root)) == DATA
    assert len(liar.requests) == asked
    async with gateways(urls[0], bans=bans) as backend:
        with pytest.raises(StorageNotFound, match="banned"):
            await backend.get_block(root)


async def test_a_slow_gateway_is_overtaken_by_a_second(serve: Serve) -> None:
    root, blocks = file_blocks(DATA, TINY)

    async def never() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(60)

    slow = Scripted(
        lambda cid, request: StreamingResponse(
            never(), headers={"Content-Length": str(len(blocks[cid]))}
        )
    )
    fast = serving_blocks(blocks)
    # Only the hedge can win this: no time-out is short enough.
    patient = Timeouts(connect_s=5, read_s=100, block_s=100)
    rules = SwarmRules(hedge_s=0.05, per_peer=64)
    urls = serve(slow.app), serve(fast.app)
    async with gateways(*urls, timeouts=patient, rules=rules) as backend:
        assert await collect(backend.open(root)) == DATA
    assert slow.requests and len(fast.requests) >= len(blocks)


async def test_a_gateway_that_cuts_its_answers_is_dropped(serve: Serve) -> None:
    root, blocks = file_blocks(DATA)

    async def half(data: bytes) -> AsyncIterator[bytes]:
        yield data[: len(data) // 2]
        raise ConnectionResetError

    def answer(cid: Cid, request: Request) -> Response:
        headers = {"Content-Length": str(len(blocks[cid]))}
        return StreamingResponse(half(blocks[cid]), headers=headers)

    cutting, honest = Scripted(answer), serving_blocks(blocks)
    async with gateways(serve(cutting.app), serve(honest.app)) as backend:
        assert await collect(backend.open(root)) == DATA
    async with gateways(serve(cutting.app)) as backend:
        with pytest.raises(StorageNotFound, match=str(root)):
            await backend.get_block(root)


async def test_only_the_blocks_of_a_range_are_asked_for(serve: Serve) -> None:
    root, blocks = file_blocks(DATA, TINY)
    peer = serving_blocks(blocks)
    async with gateways(serve(peer.app)) as backend:
        assert await collect(backend.open(root, 100, 5)) == DATA[100:105]
    assert len(peer.requests) < 6


async def test_who_has_it_is_found(make_store: MakeStore, serve: Serve) -> None:
    store = make_store()
    cid = await store.add(F3)
    await store.provide(cid)
    url, other = serve(gateway_app(store)), serve(serving_blocks({}).app)
    async with gateways(other, url) as backend:
        assert list(await backend.find_providers(cid)) == [url]


def test_bad_addresses_are_refused_early_and_all_named() -> None:
    with pytest.raises(ConfigError) as caught:
        check_gateways(["ftp://x", "https://ok.example/", "http://127.0.0.1"], False)
    assert len(caught.value.context["faults"]) == 2
    assert check_gateways(["https://ok.example/", "https://ok.example"], False) == (
        "https://ok.example",
    )


async def test_a_directory_is_written_through_a_gateway(
    make_store: MakeStore, serve: Serve, tmp_path: Path
) -> None:
    store = make_store()
    (tmp_path / "in").mkdir()
    for index in range(40):
        (tmp_path / "in" / str(index)).write_bytes(b"same")
    cid = await store.add(tmp_path / "in")
    await store.provide(cid)
    async with gateways(serve(gateway_app(store))) as backend:
        await backend.fetch(cid, tmp_path / "out")
    assert len(list((tmp_path / "out").iterdir())) == 40
