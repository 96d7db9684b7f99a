"""The trustless gateway and delegated routing: read-only HTTP routes over what is provided.

Place: mounted by the node beside its own API, or served alone with :func:`gateway_app`. Raw
blocks and CAR streams; nothing is deserialised, so a client can verify every byte. Never: fetch
on behalf of a peer, serve what was not offered with ``provide``, or open a socket.

Source: https://specs.ipfs.tech/http-gateways/trustless-gateway/ and
https://specs.ipfs.tech/routing/http-routing-v1/
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from neurovoyance.ipfs.car import CAR_TYPE, encode_header, section_pieces
from neurovoyance.ipfs.cid import IDENTITY, PROBE, Cid
from neurovoyance.ipfs.negotiation import RAW_TYPE, Wanted, negotiate
from neurovoyance.ipfs.peers import multiaddr_of_url
from neurovoyance.ipfs.rate import RateLimit, RateLimiter
from neurovoyance.ipfs.selection import resolve, select
from neurovoyance.protocol.errors import InvalidCid, NeurovoyanceError, SpecError, StorageNotFound

_FOREVER = "public, max-age=29030400, immutable"


class ServesBlocks(Protocol):
    """What the gateway needs of a back-end."""

    async def served_block(self, cid: Cid) -> bytes | None:
        """Return a block if it is offered to peers and held."""
        ...


def gateway_app(
    backend: ServesBlocks,
    *,
    rate_limit: RateLimit | None = None,
    public_urls: Sequence[str] = (),
    peer_id: str | None = None,
) -> Starlette:
    """Return an ASGI application with nothing but the routes of :func:`gateway_routes`."""
    return Starlette(
        routes=gateway_routes(
            backend, rate_limit=rate_limit, public_urls=public_urls, peer_id=peer_id
        )
    )


def gateway_routes(
    backend: ServesBlocks,
    *,
    rate_limit: RateLimit | None = None,
    public_urls: Sequence[str] = (),
    peer_id: str | None = None,
) -> list[Route]:
    """Return the routes ``/ipfs/{cid}`` and ``/routing/v1/providers/{cid}``.

    Args:
        backend: where blocks come from; only offered ones are asked for.
        rate_limit: requests a second for each client address.
        public_urls: base URLs of this gateway for routing answers; by default the URL that the
            asking peer used.
        peer_id: identity shown in routing answers.
    """
    gateway = _Gateway(backend, RateLimiter(rate_limit or RateLimit()), public_urls, peer_id)
    methods = ["GET", "HEAD"]
    return [
        Route("/ipfs/{cid}", gateway.content, methods=methods),
        Route("/ipfs/{cid}/{path:path}", gateway.content, methods=methods),
        Route("/routing/v1/providers/{cid}", gateway.providers, methods=["GET"]),
    ]


class _Gateway:
    def __init__(
        self,
        backend: ServesBlocks,
        limiter: RateLimiter,
        public_urls: Sequence[str],
        peer_id: str | None,
    ) -> None:
        self._backend = backend
        self._limiter = limiter
        self._public_urls = tuple(public_urls)
        self._peer_id = peer_id

    async def content(self, request: Request) -> Response:
        """Answer ``/ipfs/{cid}[/{path}]``."""
        if refusal := self._refuse_flood(request):
            return refusal
        text = request.path_params["cid"]
        path = [part for part in request.path_params.get("path", "").split("/") if part]
        try:
            cid = Cid.from_text(text)
            wanted = negotiate(request.headers.get("accept"), request.query_params)
            if isinstance(wanted, Response):
                return wanted
            if path and wanted.content_type == RAW_TYPE:
                raise SpecError("A raw block is asked for by its CID, without a path.")
            return await self._answer(request, cid, path, wanted)
        except StorageNotFound as error:
            is_cached_only = "only-if-cached" in request.headers.get("cache-control", "")
            return PlainTextResponse(error.message, 412 if is_cached_only else 404)
        except InvalidCid as error:
            return PlainTextResponse(error.message, 400)
        except SpecError as error:
            return PlainTextResponse(error.message, 400)
        except NeurovoyanceError as error:
            return PlainTextResponse(error.message, 500)

    async def _answer(
        self, request: Request, cid: Cid, path: list[str], wanted: Wanted
    ) -> Response:
        end, passed, heads = await resolve(self._read, cid, path)
        headers = _headers(cid, end, path, wanted)
        headers["X-Ipfs-Roots"] = ",".join(map(str, heads))
        if name := _plain_name(request.query_params.get("filename", "")):
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        if _matches(request.headers.get("if-none-match"), headers["Etag"]):
            return Response(status_code=304, headers=headers)
        if wanted.content_type == RAW_TYPE:
            return Response(passed[-1][1], headers=headers)
        if request.method == "HEAD":
            return Response(headers=headers)
        return StreamingResponse(self._car(end, passed, wanted), headers=headers)

    async def _car(
        self, end: Cid, passed: list[tuple[Cid, bytes]], wanted: Wanted
    ) -> AsyncIterator[bytes | memoryview]:
        yield encode_header([end])
        async with aclosing(select(self._read, passed, wanted.scope, wanted.byte_range)) as blocks:
            async for cid, data in blocks:
                if cid.hash_code != IDENTITY:  # such a CID is its own content, never a block
                    for piece in section_pieces(cid, data):
                        yield piece

    async def _read(self, cid: Cid) -> bytes | None:
        return b"" if cid == PROBE else await self._backend.served_block(cid)

    async def providers(self, request: Request) -> Response:
        """Answer ``/routing/v1/providers/{cid}``: this gateway, if it offers the CID."""
        if refusal := self._refuse_flood(request):
            return refusal
        try:
            cid = Cid.from_text(request.path_params["cid"])
        except InvalidCid as error:
            return PlainTextResponse(error.message, 400)
        records = []
        if await self._read(cid) is not None:
            urls = self._public_urls or (str(request.base_url).rstrip("/"),)
            record: dict[str, object] = {
                "Schema": "peer",
                "Addrs": [multiaddr_of_url(url) for url in urls],
                "Protocols": ["transport-ipfs-gateway-http"],
            }
            if self._peer_id is not None:
                record["ID"] = self._peer_id
            records.append(record)
        return JSONResponse({"Providers": records}, headers={"Cache-Control": "public, max-age=15"})

    def _refuse_flood(self, request: Request) -> Response | None:
        peer = request.client.host if request.client else "unknown"
        wait_s = self._limiter.wait_s(peer)
        if wait_s == 0:
            return None
        return PlainTextResponse(
            "Too many requests; ask again later.",
            429,
            headers={"Retry-After": str(math.ceil(wait_s))},
        )


def _headers(cid: Cid, end: Cid, path: list[str], wanted: Wanted) -> dict[str, str]:
    """Return the headers of an answer.

    The path is percent-free ASCII only when it can be; otherwise it is left out of X-Ipfs-Path.
    """
    is_raw = wanted.content_type == RAW_TYPE
    if is_raw:
        etag = f'"{cid}.raw"'
    else:
        key = "/".join([str(cid), *path]) + wanted.signature
        etag = f'W/"{end}.car.{hashlib.sha256(key.encode()).hexdigest()[:16]}"'
    shown = "/".join(["/ipfs", str(cid), *path])
    headers = {
        "Content-Type": RAW_TYPE if is_raw else f"{CAR_TYPE}; version=1; order=dfs; dups=n",
        "Content-Disposition": f'attachment; filename="{cid}.{"bin" if is_raw else "car"}"',
        "Etag": etag,
        "Cache-Control": _FOREVER,
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept",
        "Access-Control-Allow-Origin": "*",
    }
    if shown.isascii() and shown.isprintable():
        headers["X-Ipfs-Path"] = shown
    if not is_raw:
        headers["Accept-Ranges"] = "none"
    return headers


def _plain_name(name: str) -> str:
    """Return a file name that can stand in a header, or nothing."""
    is_plain = name.isascii() and name.isprintable() and not set(name) & set('"\\/;')
    return name if is_plain and len(name) <= 255 else ""


def _matches(header: str | None, etag: str) -> bool:
    """Return whether If-None-Match names ``etag`` (weak comparison) or anything."""
    if header is None:
        return False
    named = {item.strip().removeprefix("W/") for item in header.split(",")}
    return "*" in named or etag.removeprefix("W/") in named
