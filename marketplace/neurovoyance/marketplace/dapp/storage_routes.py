"""Routes of files: upload, fetch by CID, and the trustless gateway on the pages' own origin.

Place: thin; keeping is ``storage``'s, the gateway ``ipfs.gateway``'s. An upload is a raw body of
type ``application/octet-stream``, which no page of another origin can send. Never: an uploaded
file as anything but a download.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.gateway import gateway_routes
from neurovoyance.ipfs.rate import RateLimit
from neurovoyance.ipfs.unixfs import DEFAULT_PROFILE
from neurovoyance.marketplace.api.parts import PartsNeeded, caller_of
from neurovoyance.marketplace.dapp.storage import FileDesk, Uploaded
from neurovoyance.marketplace.errors import NoStorage, TookTooLong
from neurovoyance.protocol.errors import RequestError, SpecError
from neurovoyance.protocol.ids import hex_of

router = APIRouter(dependencies=[Depends(caller_of)], tags=["storage"])
PATH = "/api/storage"
MODEL_PATH = PATH + "/model"
UPLOADS = (PATH, MODEL_PATH)
BINARY = "application/octet-stream"
# Nodes fetch a model's blocks in bursts of hundreds.
_GATEWAY_LIMIT = RateLimit(2_000, 4_000)
_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {BINARY: _BYTES}}}


class UploadReply(BaseModel):
    """One file that was taken in, and how its CID is computed again.

    Attributes:
        cid: base32 CIDv1; leaves are raw blocks of ``chunk_bytes``, SHA-256, ``max_links`` children
            of an inner dag-pb node; a file of one chunk is one raw block.
        source: base URL under which nodes can fetch it; goes into the job's ``source``.
        expires_at_s: until when it is kept, unix seconds.
    """

    cid: str
    cid_hex: str
    size_bytes: int
    profile: str = DEFAULT_PROFILE.name
    chunk_bytes: int = DEFAULT_PROFILE.chunk_bytes
    max_links: int = DEFAULT_PROFILE.max_links
    source: str
    expires_at_s: int


class ModelReply(UploadReply):
    """A model that jobs can name by ``model_id``; ``manifest`` lists its inputs and outputs."""

    model_id: str
    manifest: dict[str, Any]


def _desk_of(parts: PartsNeeded) -> FileDesk:
    if parts.dapp.storage is None:
        raise NoStorage("This service keeps no files.")
    return parts.dapp.storage


Desk = Annotated[FileDesk, Depends(_desk_of)]


@router.post(PATH, status_code=201, openapi_extra=_BODY)
async def upload(desk: Desk, parts: PartsNeeded, request: Request) -> UploadReply:
    """Keep a file and offer it to nodes: the body is the file."""
    taken = await desk.take_file(_body(request, parts.settings.request_timeout_s))
    return UploadReply(**_said(taken, request))


@router.post(MODEL_PATH, status_code=201, openapi_extra=_BODY)
async def upload_model(
    desk: Desk,
    parts: PartsNeeded,
    request: Request,
    name: Annotated[str, Query(pattern=r"^[\x20-\x7e]{1,128}$")] = "model",
) -> ModelReply:
    """Keep an ONNX model, make its manifest, and offer both to nodes: the body is the file."""
    pieces = _body(request, parts.settings.request_timeout_s)
    taken, model = await desk.take_model(pieces, name)
    return ModelReply(
        **_said(taken, request),
        model_id=hex_of(model.model_id),
        manifest=model.manifest.model_dump(mode="json"),
    )


@router.get(
    PATH + "/{cid}",
    response_class=Response,
    responses={200: {"description": "The file.", "content": {BINARY: _BYTES}}},
)
async def download(
    desk: Desk, cid: Annotated[str, Path(pattern="^[A-Za-z0-9]{8,256}$")]
) -> Response:
    """Fetch a whole file by its CID; whoever needs proof computes the CID again."""
    parsed = Cid.from_text(cid)
    size_bytes, pieces = await desk.open(parsed)
    headers = {
        "Content-Length": str(size_bytes),
        "Content-Disposition": f'attachment; filename="{parsed}.bin"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, max-age=31536000, immutable",
        "Etag": f'"{parsed}"',
    }
    return StreamingResponse(pieces, media_type=BINARY, headers=headers)


def gateway(desk: FileDesk) -> list[BaseRoute]:
    """Return the routes ``/ipfs/{cid}``: raw blocks and CAR, for this origin alone."""
    routes = [
        route
        for route in gateway_routes(desk, rate_limit=_GATEWAY_LIMIT)
        if route.path.startswith("/ipfs/")
    ]
    for route in routes:
        route.app = _SameOrigin(route.app)
    return list(routes)


class _SameOrigin:
    """Takes back the gateway's permission for pages of every origin."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def kept(message: Message) -> None:
            if message["type"] == "http.response.start":
                del MutableHeaders(scope=message)["Access-Control-Allow-Origin"]
            await send(message)

        await self._app(scope, receive, kept)


async def _body(request: Request, patience_s: float) -> AsyncIterator[bytes]:
    """Yield a body as it arrives; a sender that falls silent is given up."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != BINARY:
        raise SpecError(
            f"Content-Type: {BINARY} is needed; the body is the file itself.",
            hint="Send the file as it is, not as a form.",
        )
    pieces = aiter(request.stream())
    try:
        while True:
            async with asyncio.timeout(patience_s):
                piece = await anext(pieces)
            if piece:
                yield piece
    except StopAsyncIteration:
        return
    except TimeoutError as error:
        raise TookTooLong("The upload fell silent and was given up; nothing was kept.") from error
    except ClientDisconnect as error:
        raise RequestError("The upload ended before it was complete.") from error


def _said(taken: Uploaded, request: Request) -> dict[str, Any]:
    return {
        "cid": str(taken.cid),
        "cid_hex": hex_of(taken.cid.binary),
        "size_bytes": taken.size_bytes,
        "source": str(request.base_url).rstrip("/"),
        "expires_at_s": taken.expires_s,
    }
