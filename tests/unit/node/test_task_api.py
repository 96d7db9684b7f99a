"""The routes of tasks over HTTP: frames in and out, errors as everywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from tests.unit.node.tasked import PRICE_WEI, Tasked

from neurovoyance.node.task_api import TaskApi
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.task_frames import FrameReader, Kind, TaskFrame, encode, encode_task
from neurovoyance.protocol.tasks import BatchRequest, Task


def client_of(tasked: Tasked) -> httpx.AsyncClient:
    app = Starlette(routes=TaskApi(tasked.desk).routes())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://node")


def body_of(request: BatchRequest, tasks: list[Task], given: list[bytes]) -> bytes:
    frames = [encode(Kind.REQUEST, request.model_dump_json().encode())]
    for task, data in zip(tasks, given, strict=True):
        frames.append(encode_task(TaskFrame(task.price_wei, task.spec.batch, data, True)))
    return b"".join([*frames, encode(Kind.END)])


async def test_a_batch_a_second_look_and_its_voucher(tasked: Tasked) -> None:
    request, tasks, given = await tasked.order(2)
    body = body_of(request, tasks, given)
    async with client_of(tasked) as http:
        found = await http.post("/v1/batches", content=body)
        assert found.status_code == 200, found.text
        frames = list(FrameReader().feed(found.content))
        kinds = [frame.kind for frame in frames if frame.kind is not Kind.PROGRESS]
        assert kinds == [Kind.COMMITMENT, Kind.OUTPUT, Kind.OUTPUT, Kind.END]
        order_hash = hex_of(request.order.hash(31337, tasked.desk.channels.address))
        again = await http.get(f"/v1/batches/{order_hash}")
        assert found.content.endswith(again.content)
        assert (await http.post("/v1/batches", content=body)).content == again.content
        voucher = await tasked.voucher(2 * PRICE_WEI)
        said = await http.post("/v1/vouchers", content=voucher.model_dump_json())
        assert said.json() == {"promised_wei": str(2 * PRICE_WEI)}
        terms = (await http.get(f"/v1/channels/{hex_of(tasked.channel_id)}")).json()
        assert (terms["owed_wei"], terms["exposed_wei"]) == (str(2 * PRICE_WEI), "0")


@pytest.mark.parametrize("size_bytes", [1_000, 1 << 20])
async def test_a_request_may_come_in_any_pieces(tasked: Tasked, size_bytes: int) -> None:
    body = body_of(*await tasked.order(5))

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), size_bytes):
            yield body[at : at + size_bytes]

    async with client_of(tasked) as http:
        found = await http.post("/v1/batches", content=pieces())
    kinds = [frame.kind for frame in FrameReader().feed(found.content)]
    assert kinds.count(Kind.OUTPUT) == 5


async def test_what_is_malformed_is_refused_and_leaves_nothing(tasked: Tasked) -> None:
    request, tasks, given = await tasked.order(2)
    whole = body_of(request, tasks, given)
    async with client_of(tasked) as http:
        for body, code in (
            (b"", "spec"),
            (encode(Kind.END), "spec"),
            (whole[:-5], "spec"),
            (whole[:-9], "spec"),
            (body_of(request, tasks[:1], given[:1]), "spec"),
            (b"\xff\xff\xff\xff\x01", "spec"),
        ):
            found = await http.post("/v1/batches", content=body)
            assert (found.status_code, found.json()["code"]) == (422, code), body[:20]
        unknown = await http.get("/v1/batches/0x" + "ab" * 32)
        assert (unknown.status_code, unknown.json()["code"]) == (404, "request.batch_unknown")
        assert (await http.get("/v1/batches/0x12")).status_code == 422
        assert (await http.post("/v1/vouchers", content=b"x" * 20_000)).status_code == 422
    assert list(tasked.desk.folder.iterdir()) == []


async def test_floods_are_refused(tasked: Tasked) -> None:
    codes: set[int] = set()
    async with client_of(tasked) as http:
        for _ in range(1_000):  # more than are allowed even where each takes 40 ms
            codes.add((await http.get("/v1/batches/0x12")).status_code)
            if 429 in codes:
                break
    assert 429 in codes
