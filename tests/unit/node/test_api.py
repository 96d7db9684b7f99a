"""The node's API over real HTTP: facts, offers, limits, and the content gateway beside it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.unit.node.conftest import CLIENT, OPERATOR, OWNER, Station

from neurovoyance.ipfs.cid import Cid
from neurovoyance.node.api import OFFER_LIMIT, node_app
from neurovoyance.node.process import CONNECTIONS_MAX, PATIENCE, served
from neurovoyance.node.standing import StandingDuty
from neurovoyance.protocol.ids import Address, hex_of
from neurovoyance.protocol.offer_exchange import REQUEST_MAX_BYTES, OfferReply, OfferRequest
from neurovoyance.protocol.standing_offers import parse_standing_offer
from neurovoyance.protocol.units import nvy

BODY = b"Host: localhost\r\nContent-Length: 9\r\n\r\n{"


@pytest.fixture
async def url(station: Station) -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = node_app(
            station.agent,
            OPERATOR.address,
            station.storage,
            endpoint="http://node.example:8420",
            allowed_hosts=["other.example"],
            numeric_class=b"\x0c" * 32,
        )
        async with served(app, listener):
            yield base


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_status_tells_public_facts(
    station: Station, url: str, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{url}/v1/status") as response:
        assert response.status == 200
        text = await response.text()
    status = json.loads(text)
    assert status["provider"] == OWNER.address
    assert status["operator"] == OPERATOR.address
    assert (status["chain_id"], status["market"]) == (31337, station.chain.market)
    assert status["prices"]["base_price_wei"] == str(10**16)
    assert status["capabilities"]["job_classes"] == ["EXACT", "TENSOR"]
    assert status["stake"] == {
        "own_wei": str(nvy("5000")),
        "locked_wei": "0",
        "seats": 0,
    }
    assert status["jobs"] == {"live": 0, "occupied": 0, "promised": 0}
    assert status["duties"] == {"occupied": 0, "due": 0, "live": {}}
    assert status["capabilities"]["numeric_class"] == "0x" + "0c" * 32
    assert bytes(OPERATOR.account.key).hex() not in text


async def test_an_offer_is_made_over_http(
    station: Station, url: str, http: aiohttp.ClientSession
) -> None:
    spec = await station.publish()
    request = OfferRequest(
        spec=spec, client=Address(CLIENT.address), max_price_wei=nvy("1"), sources=[]
    )
    async with http.post(f"{url}/v1/offers", data=request.model_dump_json()) as response:
        assert (response.status, response.content_type) == (200, "application/json")
        reply = OfferReply.model_validate_json(await response.read())
    assert reply.offer is not None
    assert reply.offer.spec_hash == spec.spec_hash()
    cheap = request.model_copy(update={"max_price_wei": 1})
    async with http.post(f"{url}/v1/offers", data=cheap.model_dump_json()) as response:
        reply = OfferReply.model_validate_json(await response.read())
    assert reply.refusal is not None
    assert reply.refusal.cause == "price"


async def test_the_standing_offer_is_told_while_there_is_one(
    station: Station, url: str, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{url}/v1/offers/standing") as response:
        assert response.status == 404
        assert (await response.json())["code"] == "request.nothing_offered"
    duty = StandingDuty(station.chain, station.desk, endpoint=url)
    station.desk.standing = lambda: duty.current
    await duty.sweep(await station.chain.time_s())
    async with http.get(f"{url}/v1/offers/standing") as response:
        assert response.status == 200
        assert parse_standing_offer(await response.read()) == duty.current


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'{"spec": {}}', b"[" * 60_000, b'{"spec": 1, "x": 2}']
)
async def test_a_malformed_request_is_told_what_is_wrong(
    url: str, http: aiohttp.ClientSession, body: bytes
) -> None:
    async with http.post(f"{url}/v1/offers", data=body) as response:
        assert response.status == 422
        wire = await response.json()
    assert wire["code"] == "spec"
    assert wire["context"]["faults"]


async def test_a_body_over_the_limit_is_cut_off(url: str, http: aiohttp.ClientSession) -> None:
    async with http.post(f"{url}/v1/offers", data=b"x" * (REQUEST_MAX_BYTES + 1)) as response:
        assert response.status == 413
        assert (await response.json())["code"] == "request.too_large"


async def test_a_request_under_a_foreign_host_name_is_refused(
    url: str, http: aiohttp.ClientSession
) -> None:
    statuses = {}
    for host in ("evil.example", "[", "node.example:8420", "other.example", "localhost:1"):
        async with http.get(f"{url}/v1/status", headers={"Host": host}) as response:
            statuses[host] = response.status
    assert statuses == {
        "evil.example": 403,
        "[": 403,
        "node.example:8420": 200,
        "other.example": 200,
        "localhost:1": 200,
    }


async def test_too_many_requests_are_told_when_to_come_back(
    url: str, http: aiohttp.ClientSession
) -> None:
    async def ask() -> tuple[int, str | None]:
        async with http.post(f"{url}/v1/offers", data=b"{}") as response:
            return response.status, response.headers.get("Retry-After")

    answers = await asyncio.gather(*(ask() for _ in range(OFFER_LIMIT.burst * 2)))
    assert (429, "1") in answers
    assert {status for status, _ in answers} == {422, 429}


async def test_executions_show_phase_and_outcome_and_no_input(
    station: Station, url: str, http: aiohttp.ClientSession
) -> None:
    job_id = await station.post(await station.publish())
    await station.handle_events()
    async with http.get(f"{url}/v1/executions") as response:
        listed = (await response.json())["executions"]
    assert [item["job_id"] for item in listed] == [hex_of(job_id)]
    assert listed[0]["phase"] in ("seen", "held")
    assert listed[0]["client"] == CLIENT.address
    assert "input_cid" not in listed[0]


async def test_the_gateway_serves_what_the_node_offers_and_nothing_else(
    station: Station, url: str, http: aiohttp.ClientSession
) -> None:
    spec = await station.publish()
    offered = Cid.from_bytes(spec.input_cid)
    private = await station.storage.add(b"not offered")
    headers = {"Accept": "application/vnd.ipld.raw"}
    async with http.get(f"{url}/ipfs/{offered}", headers=headers) as response:
        assert response.status == 200
        assert offered.is_hash_of(await response.read())
    async with http.get(f"{url}/ipfs/{private}", headers=headers) as response:
        assert response.status == 404


async def test_other_paths_and_methods_are_not_there(url: str, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{url}/v1/offers") as response:
        assert response.status == 405
    async with http.get(f"{url}/admin") as response:
        assert response.status == 404


@pytest.mark.parametrize("words", [b"", b"GET /v1/sta", b"POST / HTTP/1.1\r\n" + BODY])
async def test_a_request_that_never_ends_is_cut_off(words: bytes) -> None:
    async def take(request: Request) -> Response:
        return Response(await request.body())

    app = Starlette(routes=[Route("/", take, methods=["POST"])])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        hasty = replace(PATIENCE, head_s=0.1, stall_s=0.1)
        async with served(app, listener, hasty):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            writer.write(words)
            assert await asyncio.wait_for(reader.read(), 60) == b""
            writer.close()


def test_a_node_is_not_more_patient_than_strangers_need() -> None:
    assert PATIENCE.head_s <= 10
    assert PATIENCE.per_peer is not None
    assert PATIENCE.per_peer <= CONNECTIONS_MAX // 4
