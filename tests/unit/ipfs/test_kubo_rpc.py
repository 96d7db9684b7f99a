"""Requests and answers of a daemon's RPC, over a real connection."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from tests.unit.ipfs.conftest import Serve

from neurovoyance.ipfs.kubo_rpc import KuboRpc, KuboTimeouts, rpc_url
from neurovoyance.protocol.errors import (
    SpecError,
    StorageError,
    StorageNotFound,
    StorageRefused,
    StorageTooLarge,
)

FAST = KuboTimeouts(connect_s=2, read_s=2, network_s=1, away_s=0.1)
SEEN: list[Request] = []
Make = Callable[[Starlette], Awaitable[KuboRpc]]


def answering(body: bytes | str, status: int = 200) -> Starlette:
    async def answer(request: Request) -> Response:
        SEEN.append(request)
        return Response(body, status)

    return Starlette(routes=[Route("/api/v0/{name:path}", answer, methods=["POST"])])


@pytest.fixture
async def rpc_of(serve: Serve) -> AsyncIterator[Make]:
    made: list[KuboRpc] = []

    async def make(app: Starlette) -> KuboRpc:
        rpc = KuboRpc(serve(app), timeouts=FAST)
        made.append(await rpc.__aenter__())
        return rpc

    yield make
    for rpc in made:
        await rpc.__aexit__(None, None, None)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:5001", "http://127.0.0.1:5001"),
        ("http://127.0.0.1:5001/", "http://127.0.0.1:5001"),
        ("https://node.example/api/v0", "https://node.example"),
        ("/ip4/127.0.0.1/tcp/5001", "http://127.0.0.1:5001"),
        ("/dns4/kubo/tcp/5001", "http://kubo:5001"),
    ],
)
def test_addresses_in_every_usual_form(text: str, url: str) -> None:
    assert rpc_url(text) == url


@pytest.mark.parametrize(
    "text", ["", "localhost:5001", "/ip4/127.0.0.1", "http://u:p@h:1", "ftp://h"]
)
def test_what_is_no_address_is_refused_by_name(text: str) -> None:
    with pytest.raises(SpecError, match="kubo_rpc_url"):
        rpc_url(text)


async def test_options_are_written_as_the_daemon_reads_them(rpc_of: Make) -> None:
    rpc = await rpc_of(answering("{}"))
    SEEN.clear()
    await rpc.call("dag/import", "bafy", pin_roots=True, num_providers=3)
    query = SEEN[0].query_params
    assert dict(query) == {"arg": "bafy", "pin-roots": "true", "num-providers": "3"}
    assert SEEN[0].headers["user-agent"] == "neurovoyance"


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (500, {"Message": "ipld: could not find bafy", "Type": "error"}, StorageNotFound, "bafy"),
        (500, {"Message": "context deadline exceeded"}, StorageNotFound, "deadline"),
        (500, {"Message": "merkledag: boom"}, StorageError, "boom"),
        (403, "403 - Forbidden", StorageRefused, "Forbidden"),
        (404, "404 page not found", StorageRefused, "not Kubo's RPC"),
        (405, "", StorageRefused, "not Kubo's RPC"),
        (302, "", StorageRefused, "not Kubo's RPC"),
        (502, "<html>bad gateway", StorageError, "bad gateway"),
        (200, "<html>", StorageError, "not JSON"),
    ],
)
async def test_complaints_become_errors_that_say_what_to_do(
    rpc_of: Make, status: int, body: object, kind: type[StorageError], words: str
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    rpc = await rpc_of(answering(text, status))
    with pytest.raises(kind, match=words) as caught:
        await rpc.call("id")
    assert type(caught.value) is kind


async def test_an_answer_above_its_limit_is_not_taken_in(rpc_of: Make) -> None:
    rpc = await rpc_of(answering(b"x" * 1001))
    assert len(await rpc.read("block/get", limit_bytes=1001)) == 1001
    with pytest.raises(StorageTooLarge):
        await rpc.read("block/get", limit_bytes=1000)


async def test_an_error_in_the_middle_of_lines_is_raised(rpc_of: Make) -> None:
    body = '{"Ref": "a"}\n\n{"Message": "disk", "Code": 0, "Type": "error"}\n'
    rpc = await rpc_of(answering(body))
    got = []
    with pytest.raises(StorageError, match="disk"):
        async for line in rpc.lines("refs/local"):
            got.append(line)
    assert got == [{"Ref": "a"}]


async def test_lines_need_no_last_line_end_and_must_be_objects(rpc_of: Make) -> None:
    rpc = await rpc_of(answering('{"Ref": "a"}\n{"Ref": "b"}'))
    assert [line["Ref"] async for line in rpc.lines("refs/local")] == ["a", "b"]
    for body in ("[1]\n", "{}x\n", "x" * 300_000):
        rpc = await rpc_of(answering(body))
        with pytest.raises(StorageError):
            await rpc.write("refs/local")


async def test_a_gateway_is_told_from_a_daemon(serve: Serve) -> None:
    app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("gateway"))])
    async with KuboRpc(serve(app), timeouts=FAST) as rpc:
        with pytest.raises(StorageRefused, match="not Kubo's RPC") as caught:
            await rpc.call("id")
    assert "5001" in caught.value.hint
