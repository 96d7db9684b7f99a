"""What stands before every route: which host is meant, how long, how large, how often.

Place: ASGI layers and the rate limiter. A request that is not complete, or not being answered, in
time is given up, so that slow senders hold nothing for long.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neurovoyance.marketplace.api.problems import problem
from neurovoyance.marketplace.errors import RequestTooLarge, TookTooLong, UnknownHost
from neurovoyance.protocol.errors import RateLimited

_MINUTE_MS = 60_000


class Deadline:
    """Gives a request up when its answer has not begun in time; a begun answer may take longer.

    Requests of ``patient`` paths are left alone: their routes watch how the body arrives.
    """

    def __init__(self, app: ASGIApp, seconds: float, patient: Collection[str] = ()) -> None:
        self._app = app
        self._seconds = seconds
        self._patient = patient

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in self._patient:
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
                error = UnknownHost("This service does not answer to the host name of the request.")
                await problem(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyLimit:
    """Refuses a body that announces to be too long, and cuts off one that lied.

    Paths in ``larger`` have limits of their own.
    """

    def __init__(
        self, app: ASGIApp, max_bytes: int, larger: Mapping[str, int] | None = None
    ) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        max_bytes = self._larger.get(scope["path"], self._max_bytes)
        words = f"The body of the request is longer than {max_bytes} bytes"
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced[:20]) > max_bytes:
            await problem(RequestTooLarge(f"{words}."))(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > max_bytes:
                raise HTTPException(413, words)  # the one kind that parsers of bodies let through
            return message

        await self._app(scope, counted, send)


class Limiter:
    """Counts requests by who asks, in a moving minute; in memory, so by process.

    A request of the minute before counts by the part of that minute which the moving one still
    covers, rounded up (a sliding window counter). Only two tables of counts are kept: the memory
    storage of the library ``limits`` starts a thread up to a hundred times a second, which walks
    through all names and all requests of a minute while others wait for the interpreter.
    """

    def __init__(
        self,
        reads_per_minute: int,
        writes_per_minute: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = {"read": reads_per_minute, "write": writes_per_minute}
        self._clock = clock
        self._minute = 0
        self._now: Counter[tuple[str, str]] = Counter()
        self._before: Counter[tuple[str, str]] = Counter()

    def count(self, connection: HTTPConnection, who: str | None = None) -> None:
        """Count one request; call it in the loop's own thread.

        Args:
            connection: the request.
            who: the address that signed in; the network address if None.

        Raises:
            RateLimited: there were too many; those that were refused do not count.
        """
        kind = "read" if connection.scope.get("method") in ("GET", "HEAD") else "write"
        host = connection.client.host if connection.client else "unknown"
        key, most = (kind, who or host), self._most[kind]
        left_ms = _MINUTE_MS - self._follow()
        if self._now[key] - (-self._before[key] * left_ms // _MINUTE_MS) >= most:
            raise RateLimited(
                f"More than {most} requests came within a minute.",
                hint="Wait a minute; sign in to be counted by key and not by network address.",
                retry_after_s=60,
            )
        self._now[key] += 1

    def _follow(self) -> int:
        """Begin a new minute if it is time; return how far into it we are, ms."""
        minute, into_ms = divmod(int(self._clock() * 1_000), _MINUTE_MS)
        if minute != self._minute:
            self._before = self._now if minute == self._minute + 1 else Counter()
            self._minute, self._now = minute, Counter()
        return into_ms
