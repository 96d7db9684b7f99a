"""Slow, foreign and frequent requests; the whole server is tests/integration."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from neurovoyance.marketplace.api.guarding import Deadline, KnownHosts, Limiter
from neurovoyance.protocol.errors import RateLimited


async def endless(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.Event().wait()


async def slowly(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await asyncio.sleep(0.05)
    await send({"type": "http.response.body", "body": b"done"})


async def get(app: object, host: str = "localhost") -> httpx.Response:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        return await client.get("/")


async def test_an_answer_that_does_not_begin_is_given_up() -> None:
    answer = await get(Deadline(endless, 0.01))
    assert (answer.status_code, answer.json()["code"]) == (503, "request.market.timeout")
    assert answer.headers["connection"] == "close"


async def test_an_answer_that_began_may_take_longer() -> None:
    assert (await get(Deadline(slowly, 0.02))).text == "done"


@pytest.mark.parametrize(("host", "status"), [("localhost", 200), ("evil.example", 421)])
async def test_only_known_names_are_answered(host: str, status: int) -> None:
    assert (await get(KnownHosts(slowly, ["localhost:8650"]), host)).status_code == status


def request(host: str, method: str = "GET") -> Request:
    return Request({"type": "http", "method": method, "client": (host, 1), "headers": []})


def test_each_asker_has_an_allowance_of_its_own() -> None:
    limiter = Limiter(2, 1, lambda: 1_000.0)
    limiter.count(request("a"))
    limiter.count(request("a"))
    with pytest.raises(RateLimited):
        limiter.count(request("a"))
    limiter.count(request("b"))
    limiter.count(request("a"), "0xsomebody")
    limiter.count(request("a", "POST"))
    with pytest.raises(RateLimited):
        limiter.count(request("a", "POST"))


def test_the_minute_moves_and_forgets() -> None:
    now_s = [1_000.0]
    limiter = Limiter(4, 1, lambda: now_s[0])
    for _ in range(4):
        limiter.count(request("a"))
    with pytest.raises(RateLimited):
        limiter.count(request("a"))
    now_s[0] = 1_050.0  # the next minute began at 1,020 and covers half of the one before
    limiter.count(request("a"))
    limiter.count(request("a"))
    with pytest.raises(RateLimited):
        limiter.count(request("a"))
    now_s[0] = 1_200.0
    for _ in range(4):
        limiter.count(request("a"))
