"""Watching needs nothing, steering the owner's token; a page is told plainly what is missing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from neurovoyance.marketplace.api.guarding import Limiter
from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.dapp.nodes import Nodes
from neurovoyance.marketplace.errors import ControlTokenNeeded

OWNER = {"Authorization": "Bearer owner"}


class Spy(Nodes):
    """Two nodes that answer what they were asked."""

    def __init__(self) -> None:
        super().__init__(["http://127.0.0.1:1"] * 2)

    async def _ask(self, number: int, method: str, path: str, **more: Any) -> dict[str, Any]:
        self._url(number)
        if more.get("headers", OWNER) != OWNER:
            raise ControlTokenNeeded("Not this one.")
        return {"asked": [number, method, path, more.get("body")]}


@pytest.fixture
def spy(parts: Parts) -> Spy:
    parts.dapp.nodes = spy = Spy()
    return spy


@pytest.mark.parametrize("view", ["status", "health", "executions", "prices", "earnings"])
async def test_watching_needs_no_token(service: httpx.AsyncClient, spy: Spy, view: str) -> None:
    answer = await service.get(f"/api/node/2/{view}")
    assert answer.status_code == 200
    assert (await service.get(f"/api/node/3/{view}")).status_code == 404


@pytest.mark.parametrize(
    ("word", "body", "wish"),
    [
        ("pause", None, {"rest": True}),
        ("resume", None, {"rest": False}),
        ("snooze", {"seconds": 60}, {"rest": True, "rest_s": 60}),
        ("lend", {"lend": "volunteer"}, {"lend": "volunteer"}),
    ],
)
async def test_the_owner_steers(
    service: httpx.AsyncClient, spy: Spy, word: str, body: Any, wish: Any
) -> None:
    url = f"/api/node/1/{word}"
    answer = await service.post(url, json=body, headers=OWNER)
    assert answer.json() == {"asked": [1, "POST", "/v1/control", wish]}
    for headers in ({}, {"Authorization": "Bearer other"}):
        refused = await service.post(url, json=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (
            401,
            "request.market.control_token",
        )


async def test_the_owner_sees_how_the_node_is_set(service: httpx.AsyncClient, spy: Spy) -> None:
    answer = await service.get("/api/node/1/control", headers=OWNER)
    assert answer.json()["asked"] == [1, "GET", "/v1/control", None]
    assert (await service.get("/api/node/1/control")).status_code == 401


@pytest.mark.parametrize(
    ("word", "body"),
    [("snooze", {"seconds": 0}), ("snooze", {}), ("lend", {"lend": "free"}), ("lend", None)],
)
async def test_a_bad_wish_is_refused_before_the_node(
    service: httpx.AsyncClient, spy: Spy, word: str, body: Any
) -> None:
    answer = await service.post(f"/api/node/1/{word}", json=body, headers=OWNER)
    assert (answer.status_code, answer.json()["code"]) == (422, "spec")


async def test_a_service_without_nodes_lists_none(service: httpx.AsyncClient) -> None:
    assert (await service.get("/api/node")).json() == {"items": []}
    answer = await service.get("/api/node/1/status")
    assert answer.status_code == 404
    assert "--node" in answer.json()["hint"]


async def test_guessing_a_token_costs_the_guesser(
    service: httpx.AsyncClient, parts: Parts, spy: Spy
) -> None:
    parts.limiter = Limiter(100, 2)
    tried = [
        (await service.post("/api/node/1/pause", headers={"Authorization": "Bearer x"})).status_code
        for _ in range(3)
    ]
    assert tried == [401, 401, 429]
