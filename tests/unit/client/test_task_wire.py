"""What a node says is bounded, kept whole or not at all, and a refusal keeps its reason."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from neurovoyance.client.errors import TasksRefused
from neurovoyance.client.task_wire import TaskWire, read_reply
from neurovoyance.protocol.errors import SpecError, Unreachable
from neurovoyance.protocol.task_frames import Kind, encode, encode_output, encode_progress
from neurovoyance.protocol.tasks import BatchCommitment, SignedCommitment

SIGNED = SignedCommitment(
    commitment=BatchCommitment(
        order_hash=bytes(32), root=bytes(32), count=1, start_wei=0, end_wei=1
    ),
    signature=b"1",
)
COMMITMENT = encode(Kind.COMMITMENT, SIGNED.model_dump_json().encode())
WHOLE = encode_progress(1) + COMMITMENT + encode_output(0, b"out") + encode(Kind.END)
REFUSAL = {"code": "request.batch_unknown", "message": "No such batch.", "hint": "Order again."}
ASKER: Any = SimpleNamespace(
    url=lambda endpoint, path: endpoint + path, http=lambda _: aiohttp.ClientSession()
)


@pytest.fixture
async def node() -> AsyncIterator[tuple[TaskWire, dict[str, Any]]]:
    said: dict[str, Any] = {"status": 200, "body": WHOLE}

    async def answer(request: web.Request) -> web.Response:
        said["sent"] = await request.read()
        return web.Response(status=said["status"], body=said["body"])

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield TaskWire(ASKER, f"http://127.0.0.1:{port}"), said
    await runner.cleanup()


async def test_a_reply_lies_whole_on_disk(
    node: tuple[TaskWire, dict[str, Any]], tmp_path: Path
) -> None:
    wire, said = node
    (tmp_path / "request").write_bytes(b"frames")
    told: list[int] = []
    await wire.order(tmp_path / "request", tmp_path / "reply", 30, told.append)
    assert (said["sent"], told) == (b"frames", [1])
    assert read_reply(tmp_path / "reply") == (SIGNED, [b"out"])


async def test_what_is_not_whole_is_not_kept(
    node: tuple[TaskWire, dict[str, Any]], tmp_path: Path
) -> None:
    wire, said = node
    failure = encode(Kind.FAILURE, json.dumps(REFUSAL).encode())
    for body, kind in (
        (WHOLE[:-5], Unreachable),
        (b"", Unreachable),
        (b"\xff\xff\xff\xff\1", SpecError),
        (failure, TasksRefused),
    ):
        said["body"] = body
        with pytest.raises(kind):
            await wire.order(_file(tmp_path), tmp_path / "reply", 30, print)
        assert not (tmp_path / "reply").exists()


def _file(folder: Path) -> Path:
    (folder / "request").write_bytes(b"frames")
    return folder / "request"


async def test_a_batch_that_is_not_known_is_no_error(
    node: tuple[TaskWire, dict[str, Any]], tmp_path: Path
) -> None:
    wire, said = node
    said |= {"status": 404, "body": json.dumps(REFUSAL).encode()}
    assert not await wire.again(b"1" * 32, tmp_path / "reply", 30, print)
    with pytest.raises(TasksRefused, match="No such batch") as caught:
        await wire.terms(bytes(32))
    assert caught.value.hint == "Order again."
    said |= {"status": 500, "body": b"nothing"}
    with pytest.raises(TasksRefused, match="500"):
        await wire.terms(bytes(32))
    said |= {"status": 200, "body": b"x" * 70_000}
    with pytest.raises(TasksRefused, match="longer"):
        await wire.terms(bytes(32))


async def test_a_node_that_is_gone_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="did not answer"):
        await TaskWire(ASKER, "http://127.0.0.1:1").terms(bytes(32))


@pytest.mark.parametrize(
    "body",
    [COMMITMENT + encode_output(0, b""), encode(Kind.END), COMMITMENT + encode_output(1, b"")],
)
def test_a_file_that_is_no_reply_is_refused(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "reply").write_bytes(body)
    with pytest.raises(SpecError):
        read_reply(tmp_path / "reply")
