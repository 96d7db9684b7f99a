"""What nodes say reaches the pages; what nodes refuse does so in our words; silence is named."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from neurovoyance.marketplace.dapp.nodes import ANSWER_MAX_BYTES, Nodes
from neurovoyance.marketplace.errors import (
    ControlTokenNeeded,
    MarketNotFound,
    NodeAway,
    NodeRefused,
)
from neurovoyance.protocol.errors import NeurovoyanceError, RateLimited

TOKEN, NOBODY = "Bearer " + "t" * 64, "http://127.0.0.1:1"
STATUS: dict[str, Any] = {
    "provider": "0x" + "11" * 20,
    "is_paused": False,
    "is_draining": False,
    "lend": "paid",
    "prices": {"base_price_wei": "10"},
    "jobs": {"live": 2},
    "duties": {},
    "stake": {"own_wei": "5"},
    "earned_wei": "7",
    "failed_turns": 0,
    "chain_time_s": 9,
    "operator": "0x" + "22" * 20,
}


class FakeNode:
    """Answers as a node's API does; ``next_reply`` comes before the usual."""

    def __init__(self) -> None:
        self.next_reply: tuple[int, bytes] | None = None
        self.wishes: list[Any] = []

    async def answer(self, request: web.Request) -> web.Response:
        if self.next_reply is not None:
            (status, body), self.next_reply = self.next_reply, None
            return web.Response(status=status, body=body)
        if request.path == "/v1/status":
            return web.json_response(STATUS)
        if request.headers.get("Authorization") != TOKEN:
            wire = {"code": "request.denied", "message": "Only the owner.", "hint": ""}
            return web.json_response(wire, status=403)
        if request.method == "POST":
            self.wishes.append(await request.json())
        return web.json_response({"wishes": len(self.wishes)})


@pytest.fixture
def fake() -> FakeNode:
    return FakeNode()


@pytest.fixture
async def nodes(fake: FakeNode) -> AsyncIterator[Nodes]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", fake.answer)
    async with TestServer(app) as server:
        made = Nodes([str(server.make_url("/")), NOBODY])
        yield made
        await made.close()


async def test_every_node_is_listed_also_one_that_is_away(nodes: Nodes) -> None:
    first, second = await nodes.listed()
    assert (first["node"], first["is_up"], first["provider"]) == (1, True, STATUS["provider"])
    assert (second["node"], second["is_up"], second["url"]) == (2, False, NOBODY)
    assert second["reason"]


async def test_views_are_parts_of_the_status(nodes: Nodes, fake: FakeNode) -> None:
    assert (await nodes.status(1))["operator"] == STATUS["operator"]
    assert await nodes.prices(1) == {"node": 1, "base_price_wei": "10"}
    earned = await nodes.earnings(1)
    assert (earned["earned_wei"], earned["stake"]) == ("7", {"own_wei": "5"})
    assert (await nodes.health(1))["takes_jobs"]
    fake.next_reply = 200, json.dumps({**STATUS, "is_paused": True}).encode()
    assert not (await nodes.health(1))["takes_jobs"]


@pytest.mark.parametrize("number", [0, 3, -1])
async def test_an_unknown_number_is_not_found(nodes: Nodes, number: int) -> None:
    with pytest.raises(MarketNotFound):
        await nodes.status(number)
    with pytest.raises(MarketNotFound):
        await nodes.control(number, TOKEN)


async def test_only_the_token_steers_and_it_is_passed_on(nodes: Nodes, fake: FakeNode) -> None:
    for wrong in (None, "", "t" * 64, "Basic x", "Bearer wrong"):
        with pytest.raises(ControlTokenNeeded):
            await nodes.control(1, wrong, {"rest": True})
    assert fake.wishes == []
    assert await nodes.control(1, TOKEN, {"rest": True}) == {"wishes": 1}
    assert await nodes.control(1, TOKEN) == {"wishes": 1}
    assert fake.wishes == [{"rest": True}]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ((200, b"nonsense"), NodeAway),
        ((200, b"[]"), NodeAway),
        ((200, b" " * (ANSWER_MAX_BYTES + 1)), NodeAway),
        ((302, b"{}"), NodeRefused),
        ((429, b"{}"), RateLimited),
        ((500, b'{"code": "config", "message": "No."}'), NodeRefused),
    ],
)
async def test_a_bad_answer_is_an_error_of_ours(
    nodes: Nodes, fake: FakeNode, reply: tuple[int, bytes], kind: type[NeurovoyanceError]
) -> None:
    fake.next_reply = reply
    with pytest.raises(kind) as caught:
        await nodes.status(1)
    if reply[0] == 500:
        assert (caught.value.message, caught.value.context["cause"]) == ("No.", "config")


async def test_silence_is_named(nodes: Nodes) -> None:
    with pytest.raises(NodeAway, match="Node 2"):
        await nodes.status(2)
