"""A real HTTP proxy in front of a chain that can be told to misbehave, on a loopback port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp import web

from neurovoyance.cli.local_ports import free_port

Hook = Callable[[str, bytes], Awaitable[bytes | None]]


class RpcProxy:
    """Forwards JSON-RPC; ``hook(method, body)`` may answer in place of the chain.

    ``calls`` lists the methods that arrived.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._runner: web.AppRunner | None = None
        self._http: aiohttp.ClientSession | None = None
        self.port = 0
        self.hook: Hook | None = None
        self.calls: list[str] = []
        self.arrived = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self.port = self.port or free_port()  # held, so that nobody is given it while this is away
        app = web.Application(client_max_size=8 * 2**20)
        app.router.add_post("/", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self._http = aiohttp.ClientSession()

    async def stop(self) -> None:
        """Close the port at once, as a dying process would; ``start`` opens the same one again."""
        if self._http is not None:
            await self._http.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> RpcProxy:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        method = str(json.loads(body).get("method"))
        self.calls.append(method)
        self.arrived.set()
        if self.hook is not None:
            answer = await self.hook(method, body)
            if answer is not None:
                return web.Response(body=answer, content_type="application/json")
        return web.Response(body=await self.forward(body), content_type="application/json")

    async def forward(self, body: bytes) -> bytes:
        assert self._http is not None
        headers = {"content-type": "application/json"}
        async with self._http.post(self._upstream, data=body, headers=headers) as response:
            return await response.read()


def answer(body: bytes, **members: Any) -> bytes:
    """Return a JSON-RPC answer to a request with ``result=`` or ``error=``."""
    return json.dumps({"jsonrpc": "2.0", "id": json.loads(body)["id"], **members}).encode()
