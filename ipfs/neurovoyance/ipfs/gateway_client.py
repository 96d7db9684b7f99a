"""Asks peers' trustless gateways for blocks and for providers; knows HTTP and nothing of DAGs.

Place: between :mod:`.fetcher` and aiohttp. Every wait has a time-out and every body a limit that
holds before the bytes are taken in. Never: judge content; bytes are unverified here.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from types import TracebackType

import aiohttp

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.peers import PolicyResolver, check_url, provider_urls
from neurovoyance.protocol.errors import NeurovoyanceError

RAW_TYPE = "application/vnd.ipld.raw"
_MAX_ROUTING_BYTES = 64 * 1024
_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds until a peer counts as failed: to connect, between reads, for a whole block."""

    connect_s: float = 5.0
    read_s: float = 10.0
    block_s: float = 30.0


class PeerLacksBlock(Exception):
    """The peer answered that it does not have the block."""


class PeerIsBusy(Exception):
    """The peer asked to be left alone for ``wait_s`` seconds."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"busy for {wait_s:g} s")
        self.wait_s = wait_s


class BlockIsLarger(Exception):
    """The peer sends more bytes than the block may have."""


class PeerFailed(Exception):
    """The peer did not answer, or not as a gateway does; the text says how."""


class GatewayClient:
    """One HTTP session towards many gateways; use as an asynchronous context manager."""

    def __init__(self, allow_private: bool, timeouts: Timeouts) -> None:
        self._allow_private = allow_private
        self._timeouts = timeouts
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> GatewayClient:
        connector = aiohttp.TCPConnector(resolver=PolicyResolver(self._allow_private), limit=0)
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=_READ_BYTES,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=self._timeouts.connect_s, sock_read=self._timeouts.read_s
            ),
            headers={"Accept-Encoding": "identity", "User-Agent": "neurovoyance"},
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

    async def block(self, base_url: str, cid: Cid, limit_bytes: int) -> bytes:
        """Return the unverified bytes that a peer calls ``cid``, at most ``limit_bytes``."""
        url = f"{base_url}/ipfs/{cid}?format=raw"
        async with asyncio.timeout(self._timeouts.block_s):
            status, data = await self._get(url, RAW_TYPE, limit_bytes)
        if status == 200:
            return data
        if status in (404, 410, 451):
            raise PeerLacksBlock(f"HTTP {status}")
        raise PeerFailed(f"HTTP {status}")

    async def has(self, base_url: str, cid: Cid) -> bool:
        """Return whether a peer says that it has ``cid``; ``False`` when it cannot be asked."""
        try:
            async with (
                asyncio.timeout(self._timeouts.read_s),
                self._open().head(
                    f"{base_url}/ipfs/{cid}?format=raw",
                    headers={"Accept": RAW_TYPE},
                    allow_redirects=False,
                ) as response,
            ):
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return False

    async def providers(self, base_url: str, cid: Cid) -> list[str]:
        """Return the base URLs that a peer's delegated routing names and the policy allows."""
        try:
            async with asyncio.timeout(self._timeouts.read_s):
                status, data = await self._get(
                    f"{base_url}/routing/v1/providers/{cid}", "application/json", _MAX_ROUTING_BYTES
                )
            answer = json.loads(data) if status == 200 else None
        except (PeerFailed, PeerIsBusy, BlockIsLarger, TimeoutError, ValueError, RecursionError):
            return []
        urls = []
        for url in provider_urls(answer):
            try:
                urls.append(check_url(url, self._allow_private))
            except NeurovoyanceError:
                continue
        return urls

    async def _get(self, url: str, accept: str, limit_bytes: int) -> tuple[int, bytes]:
        try:
            async with self._open().get(
                url, headers={"Accept": accept}, allow_redirects=False
            ) as response:
                if response.status in (429, 503):
                    raise PeerIsBusy(wait_s(response.headers.get("Retry-After")))
                if response.status != 200:
                    return response.status, b""
                if (response.content_length or 0) > limit_bytes:
                    raise BlockIsLarger(f"states {response.content_length} bytes")
                pieces: list[bytes] = []
                size_bytes = 0
                while True:
                    # Piece by piece as received: reading whatever is there would copy it once more.
                    piece, is_chunk_end = await response.content.readchunk()
                    if not piece and not is_chunk_end:
                        break
                    pieces.append(piece)
                    size_bytes += len(piece)
                    if size_bytes > limit_bytes:
                        raise BlockIsLarger(f"sends more than {limit_bytes} bytes")
                return 200, b"".join(pieces)
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise PeerFailed(f"{type(error).__name__}: {error}"[:200]) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the gateway client is used outside its context")
        return self._session


def wait_s(header: str | None) -> float:
    """Return the seconds of a Retry-After header, between 0.1 and 30; one when it has none."""
    if header is None or not header.isdigit():
        return 1.0
    return min(max(float(header), 0.1), 30.0)
