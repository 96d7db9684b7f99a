"""Callers that never finish are cut off, slow ones that go on are served."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from uvicorn.server import ServerState

from neurovoyance.ipfs.patience import Patience, impatient

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
GET = b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"
LARGE_BYTES = 64 << 20
WAIT_S = 90.0


async def _count(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def _large(request: Request) -> Response:
    return PlainTextResponse(b"x" * LARGE_BYTES)


APP = Starlette(routes=[Route("/", _count, methods=["POST"]), Route("/large", _large)])


def _config(patience: Patience) -> uvicorn.Config:
    return uvicorn.Config(
        APP, http=impatient(patience), ws="none", lifespan="off", log_config=None, access_log=False
    )


@asynccontextmanager
async def served(patience: Patience) -> AsyncIterator[tuple[str, int]]:
    server = uvicorn.Server(_config(patience))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server._serve([listener]))  # without handlers of signals
        while not server.started:
            await asyncio.sleep(0.005)
        yield listener.getsockname()
        server.should_exit = True
        await task


async def said(address: tuple[str, int], text: bytes) -> bytes:
    """Say something, then nothing more; return what comes until the server closes."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(text)
    try:
        return await asyncio.wait_for(reader.read(), WAIT_S)
    finally:
        writer.close()


@pytest.mark.parametrize("text", [b"", b"GET / HT", HEAD, HEAD + b"x" * 100])
async def test_a_request_that_never_ends_is_cut_off(text: bytes) -> None:
    async with served(Patience(head_s=0.1, stall_s=0.1)) as address:
        assert await said(address, text) == b""


async def test_an_answer_that_nobody_reads_is_given_up() -> None:
    async with served(Patience(stall_s=0.1)) as address:
        reader, writer = await asyncio.open_connection(*address, limit=1024)
        writer.write(GET)
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        # The server's end of the connection is gone when saying something fails.
        with pytest.raises(ConnectionError):
            async with asyncio.timeout(WAIT_S):
                while True:
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(0.01)


async def test_one_address_holds_a_bounded_number_of_connections() -> None:
    free = frozenset({"127.0.0.1"})
    async with served(Patience(per_peer=2, uncounted=free)) as address:
        held = [
            await asyncio.open_connection(*address, local_addr=("127.0.0.2", 0)) for _ in range(3)
        ]
        assert await asyncio.wait_for(held[2][0].read(), WAIT_S) == b""
        others = [
            await asyncio.open_connection(*address, local_addr=(host, 0))
            for host in ("127.0.0.3", "127.0.0.1", "127.0.0.1", "127.0.0.1")
        ]
        for _, writer in (held[0], held[2]):
            writer.close()
            await writer.wait_closed()
        for reader, writer in (*held[1:2], *others):
            writer.write(HEAD + b"x" * 100_000)
            assert await asyncio.wait_for(reader.readline(), WAIT_S) == b"HTTP/1.1 200 OK\r\n"
            writer.close()


@dataclass
class Timer:
    """What a loop promised to call."""

    call: Callable[[], object]
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


@dataclass
class Loop:
    """A loop whose time passes by hand."""

    timers: list[Timer] = field(default_factory=list)

    def call_later(self, _: float, call: Callable[[], object]) -> Timer:
        self.timers.append(Timer(call))
        return self.timers[-1]

    def create_task(self, work: Any, **_: Any) -> asyncio.Future[None]:
        work.close()
        return asyncio.get_running_loop().create_future()

    def pass_time(self) -> None:
        due, self.timers = self.timers, []
        for timer in due:
            if not timer.is_cancelled:
                timer.call()


class Wire(asyncio.Transport):
    """A transport of which only its end is of interest."""

    def __init__(self) -> None:
        super().__init__()
        self.is_aborted = False

    def abort(self) -> None:
        self.is_aborted = True

    def is_closing(self) -> bool:
        return self.is_aborted

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


@pytest.fixture
async def connection() -> tuple[Any, Wire, Loop]:
    config = _config(Patience(stall_bytes=10))
    loop, wire = Loop(), Wire()
    made: Any = impatient(Patience(stall_bytes=10))
    protocol = made(config, ServerState(), {}, _loop=loop)
    protocol.connection_made(wire)
    return protocol, wire, loop


async def test_a_body_that_keeps_coming_may_take_long(
    connection: tuple[Any, Wire, Loop],
) -> None:
    protocol, wire, loop = connection
    protocol.data_received(HEAD)
    for _ in range(5):
        protocol.data_received(b"x" * 10)
        loop.pass_time()
        assert not wire.is_aborted
    protocol.data_received(b"x" * 9)
    loop.pass_time()
    assert wire.is_aborted


async def test_a_body_that_this_side_does_not_take_is_not_late(
    connection: tuple[Any, Wire, Loop],
) -> None:
    protocol, wire, loop = connection
    protocol.data_received(HEAD + b"x" * 80_000)
    protocol.flow.pause_reading()
    loop.pass_time()
    loop.pass_time()
    assert not wire.is_aborted


async def test_a_complete_request_has_no_clock_and_an_answer_that_is_read_neither(
    connection: tuple[Any, Wire, Loop],
) -> None:
    protocol, wire, loop = connection
    protocol.data_received(GET)
    protocol.pause_writing()
    protocol.resume_writing()
    loop.pass_time()
    assert not wire.is_aborted
    protocol.pause_writing()
    loop.pass_time()
    assert wire.is_aborted
