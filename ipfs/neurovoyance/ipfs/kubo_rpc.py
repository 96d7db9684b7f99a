"""The RPC of an IPFS daemon (Kubo): requests, time-outs, retries, errors; knows HTTP, not DAGs.

Place: under :mod:`.kubo`. Every command is a POST to ``/api/v0/``; answers are JSON, lines of JSON
or bytes. A read that met a daemon that was away is repeated for a few seconds, so that a restart
goes by unnoticed; a write is not. Never: judge content; bytes are unverified here. Never: log the
authorisation header.

Source: https://docs.ipfs.tech/reference/kubo/rpc/
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import aiohttp
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_exponential

from neurovoyance.ipfs.dagpb import MAX_BLOCK_BYTES
from neurovoyance.ipfs.peers import check_url, url_of_multiaddr
from neurovoyance.protocol.errors import (
    SpecError,
    StorageError,
    StorageNotFound,
    StorageRefused,
    StorageTooLarge,
    StorageUnreachable,
)

MAX_ANSWER_BYTES = 16 * 1024 * 1024
MAX_LINE_BYTES = 256 * 1024
_READ_BYTES = 1 << 20
_ABSENT = ("could not find", "not found", "deadline exceeded", "no providers", "not have")
_AWAY = (aiohttp.ClientConnectionError, ConnectionError)
Options = Mapping[str, str | int | bool]


@dataclass(frozen=True, slots=True)
class KuboTimeouts:
    """Seconds: to connect, between reads, for the daemon to search the network, of a restart."""

    connect_s: float = 5.0
    read_s: float = 30.0
    network_s: float = 60.0
    away_s: float = 10.0


def rpc_url(text: str) -> str:
    """Return the base URL of a daemon from a URL or a multiaddr such as /ip4/127.0.0.1/tcp/5001.

    Raises:
        SpecError: neither.
    """
    url = (url_of_multiaddr(text.rstrip("/") + "/http") if text.startswith("/") else text) or text
    try:
        return check_url(url, allow_private=True).removesuffix("/api/v0")
    except SpecError as error:
        raise SpecError(
            f"kubo_rpc_url is {text[:200]!r}, which is not the address of a daemon.",
            hint="It looks like http://127.0.0.1:5001, without user name or password.",
        ) from error


class KuboRpc:
    """One HTTP session to one daemon; use as an asynchronous context manager.

    Args:
        url: base URL or multiaddr.
        authorization: value of the Authorization header, as ``API.Authorizations`` demands it.
        timeouts: see :class:`KuboTimeouts`.
    """

    def __init__(
        self, url: str, *, authorization: str | None = None, timeouts: KuboTimeouts | None = None
    ) -> None:
        self.url = rpc_url(url)
        self.timeouts = timeouts or KuboTimeouts()
        self._headers = {"Authorization": authorization} if authorization else {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> KuboRpc:
        self._session = aiohttp.ClientSession(
            auto_decompress=False,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=_READ_BYTES,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=self.timeouts.connect_s, sock_read=self.timeouts.read_s
            ),
            headers={"Accept-Encoding": "identity", "User-Agent": "neurovoyance", **self._headers},
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(self, command: str, *args: str, **options: str | int | bool) -> Any:
        """Return the JSON answer of a read, repeated while the daemon is away."""
        return _parsed(await self.read(command, *args, limit_bytes=MAX_ANSWER_BYTES, **options))

    async def read(
        self,
        command: str,
        *args: str,
        limit_bytes: int = MAX_BLOCK_BYTES,
        **options: str | int | bool,
    ) -> bytes:
        """Return the bytes of a read, at most ``limit_bytes``, repeated while the daemon is away.

        Raises:
            StorageUnreachable: no answer in time.
            StorageNotFound: the daemon says that it cannot find it.
            StorageRefused: the authorisation is missing or wrong, or this is not Kubo's RPC.
            StorageTooLarge: the answer is larger.
            StorageError: what else the daemon complains of.
        """
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(StorageUnreachable),
            stop=stop_after_delay(self.timeouts.away_s),
            wait=wait_exponential(multiplier=0.1, max=1.0),
            reraise=True,
        ):
            with attempt:
                pieces: list[bytes] = []
                size_bytes = 0
                async with aclosing(self._stream(command, args, options, None)) as stream:
                    async for piece in stream:
                        pieces.append(piece)
                        size_bytes += len(piece)
                        if size_bytes > limit_bytes:
                            raise StorageTooLarge(
                                f"The daemon at {self.url} sends more than {limit_bytes} bytes "
                                f"in answer to {command}.",
                                limit_bytes=limit_bytes,
                            )
                return b"".join(pieces)
        raise AssertionError("unreachable: tenacity returns or raises")

    async def write(
        self,
        command: str,
        *args: str,
        body: AsyncIterable[bytes] | None = None,
        **options: str | int | bool,
    ) -> list[dict[str, Any]]:
        """Send a command that changes something, once; return its lines of JSON."""
        lines = self.lines(command, *args, body=body, **options)
        async with aclosing(lines) as found:
            return [line async for line in found]

    async def lines(
        self,
        command: str,
        *args: str,
        body: AsyncIterable[bytes] | None = None,
        **options: str | int | bool,
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the lines of JSON of an answer; an error that comes in the middle is raised."""
        held = b""
        async with aclosing(self._stream(command, args, options, body)) as stream:
            async for piece in stream:
                *complete, held = (held + piece).split(b"\n")
                if len(held) > MAX_LINE_BYTES:
                    raise StorageError(f"The daemon at {self.url} sends a line without an end.")
                for text in complete:
                    if text.strip():
                        yield self._line(command, text)
        if held.strip():
            yield self._line(command, held)

    def stream(
        self, command: str, *args: str, **options: str | int | bool
    ) -> AsyncGenerator[bytes, None]:
        """Yield the pieces of an answer as they come."""
        return self._stream(command, args, options, None)

    async def _stream(
        self,
        command: str,
        args: tuple[str, ...],
        options: Options,
        body: AsyncIterable[bytes] | None,
    ) -> AsyncGenerator[bytes, None]:
        async with self._answer(command, args, options, body) as response:
            while piece := await response.content.readany():
                yield piece

    @asynccontextmanager
    async def _answer(
        self,
        command: str,
        args: tuple[str, ...],
        options: Options,
        body: AsyncIterable[bytes] | None,
    ) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        if self._session is None:
            raise RuntimeError("the daemon's client is used outside its context")
        query = [("arg", arg) for arg in args]
        query += [(name.replace("_", "-"), _text(value)) for name, value in options.items()]
        form = None
        if body is not None:
            form = aiohttp.FormData(quote_fields=False)
            form.add_field("path", body, filename="content.car")
        try:
            async with self._session.post(
                f"{self.url}/api/v0/{command}", params=query, data=form, allow_redirects=False
            ) as response:
                if response.status != 200:
                    text = await response.content.read(MAX_LINE_BYTES)
                    raise self._complaint(command, response.status, text)
                yield response
        except (TimeoutError, *_AWAY, aiohttp.ClientPayloadError) as error:
            raise self._away(command, error) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise StorageError(
                f"The daemon at {self.url} gave no usable answer to {command}: "
                f"{type(error).__name__}.",
                hint="Check that the address is the RPC of Kubo, not its gateway.",
            ) from error

    def _away(self, command: str, error: Exception) -> StorageUnreachable:
        is_late = isinstance(error, TimeoutError | asyncio.TimeoutError)
        what = "did not answer in time" if is_late else "cannot be reached, or broke off"
        return StorageUnreachable(
            f"The IPFS daemon at {self.url} {what} ({command}).",
            hint="Start it with `ipfs daemon`, check the address, and try again.",
            url=self.url,
        )

    def _line(self, command: str, text: bytes) -> dict[str, Any]:
        line = _parsed(text)
        if not isinstance(line, dict):
            raise StorageError(f"The daemon at {self.url} answers {command} with no JSON object.")
        if line.get("Type") == "error" and "Message" in line:
            raise self._complaint(command, 500, text)
        return line

    def _complaint(self, command: str, status: int, body: bytes) -> StorageError:
        """Return the error that an answer of another status than 200 means."""
        try:
            said = json.loads(body)
            message = str(said["Message"]) if isinstance(said, dict) else ""
        except (ValueError, KeyError):
            message = body[:200].decode("utf-8", "replace").strip()
        message = message[:400]
        if status in (401, 403):
            return StorageRefused(
                f"The IPFS daemon at {self.url} refuses {command}: {message or status}.",
                hint="Set kubo_authorization to what the daemon's API.Authorizations expects.",
                url=self.url,
            )
        if status in (404, 405) or 300 <= status < 400:
            return StorageRefused(
                f"{self.url} does not know {command} (HTTP {status}); it is not Kubo's RPC.",
                hint="The RPC is by default at http://127.0.0.1:5001; 8080 is the gateway.",
                url=self.url,
            )
        if any(words in message for words in _ABSENT):
            return StorageNotFound(
                f"The IPFS daemon at {self.url} does not have it: {message}.",
                hint="Connect the daemon to a node that has the content, or name another source.",
                providers={self.url: message},
            )
        return StorageError(
            f"The IPFS daemon at {self.url} could not do {command}: {message or status}.",
            hint="Its log says more; `ipfs version` should be 0.22 or later.",
            url=self.url,
        )


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise StorageError("The daemon's answer is not JSON.") from error


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
