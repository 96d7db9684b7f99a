"""What stands before every route: which host is meant, how long, how large, how often.

Place: ASGI layers and the rate limiter. A request that is not complete, or not being answered, in
time is given up, so that slow senders hold nothing for long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from urllib.parse import urlsplit

import h11
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from neurovoyance.marketplace.api.problems import problem
from neurovoyance.marketplace.errors import RequestTooLarge, TookTooLong
from neurovoyance.protocol.errors import AccessDenied, RateLimited


class Deadline:
    """Gives a request up when its answer has not begun in time; a begun answer may take longer."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                limit.reschedule(None)
            await send(message)

        try:
            async with asyncio.timeout(self._seconds) as limit:
                await self._app(scope, receive, watched)
        except TimeoutError:
            if has_begun:
                raise
            error = TookTooLong("The request was not complete or not answered in time.")
            answer = problem(error)
            answer.headers["Connection"] = "close"
            await answer(scope, receive, send)


class KnownHosts:
    """Refuses requests for other host names: a page on the web that resolves to this machine."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._names = {urlsplit(f"//{host}").hostname for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            try:
                named = urlsplit("//" + Headers(scope=scope).get("host", "")).hostname
            except ValueError:
                named = None
            if named not in self._names:
                error = AccessDenied(
                    "This service does not answer to the host name of the request.",
                    hint="Its owner can allow the name with --public-domain.",
                )
                await problem(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyLimit:
    """Refuses a body that announces to be too long, and cuts off one that lied."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        words = f"The body of the request is longer than {self._max_bytes} bytes"
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced[:20]) > self._max_bytes:
            await problem(RequestTooLarge(f"{words}."))(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise HTTPException(413, words)  # the one kind that parsers of bodies let through
            return message

        await self._app(scope, counted, send)


class Limiter:
    """Counts requests by who asks, in a moving minute; in memory, so by process."""

    def __init__(self, reads_per_minute: int, writes_per_minute: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._reads = RateLimitItemPerMinute(reads_per_minute)
        self._writes = RateLimitItemPerMinute(writes_per_minute)

    def count(self, connection: HTTPConnection, who: str | None = None) -> None:
        """Count one request.

        Args:
            connection: the request.
            who: the address that signed in; the network address if None.

        Raises:
            RateLimited: there were too many.
        """
        is_read = connection.scope.get("method") in ("GET", "HEAD")
        item: RateLimitItem = self._reads if is_read else self._writes
        host = connection.client.host if connection.client else "unknown"
        if not self._limiter.hit(item, "read" if is_read else "write", who or host):
            raise RateLimited(
                f"More than {item.amount} requests came within a minute.",
                hint="Wait a minute; sign in to be counted by key and not by network address.",
                retry_after_s=60,
            )


def impatient(header_timeout_s: float) -> type[H11Protocol]:
    """Return uvicorn's HTTP protocol, closing connections that do not complete a request's head."""

    class Impatient(H11Protocol):
        """Counts from a connection's first moment, and from the first byte of a later request."""

        _patience: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._patience = self.loop.call_later(header_timeout_s, transport.close)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.conn.their_state is not h11.IDLE:
                self._relax()
            elif self._patience is None:
                self._patience = self.loop.call_later(header_timeout_s, self.transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            self._relax()
            super().connection_lost(exc)

        def _relax(self) -> None:
            if self._patience is not None:
                self._patience.cancel()
                self._patience = None

    return Impatient
