"""Routes about the service itself: progress as a stream, health, metrics.

Place: thin; the stream is ``stream``'s.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import JSONResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from neurovoyance.marketplace.api.parts import PartsNeeded, caller_of
from neurovoyance.marketplace.api.stream import Mark, Stream

router = APIRouter(tags=["service"])


async def _admitted(
    parts: PartsNeeded,
    subject: Annotated[str | None, Query(max_length=80)] = None,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> Stream:
    """Refuse before the answer begins: afterwards no status can be told."""
    mark = None if last_event_id is None else Mark.parse(last_event_id)
    parts.changes.admit()
    return Stream(parts.reading.database, parts.changes, subject, mark)


@router.get(
    "/v1/stream",
    response_class=EventSourceResponse,
    dependencies=[Depends(caller_of)],
)
async def stream(
    wanted: Annotated[Stream, Depends(_admitted)],
) -> AsyncIterator[ServerSentEvent]:
    """Follow the chain: every event once, ``rollback`` when blocks were replaced, pings."""
    async for mark, kind, data in wanted:
        yield ServerSentEvent(data=data, event=kind, id=mark)


@router.get("/v1/health", dependencies=[Depends(caller_of)])
async def health(parts: PartsNeeded) -> Response:
    """Tell how far the index is and who follows; 503 while it cannot follow the chain."""
    progress = parts.progress
    body: dict[str, Any] = {
        "status": "failing" if progress.last_error else "ok",
        "block": progress.block,
        "follower": progress.follower or None,
        "chain_id": parts.deployment.chain_id,
        "market": parts.deployment.market,
        "error": progress.last_error,
    }
    return JSONResponse(body, 503 if progress.last_error else 200)


@router.get("/metrics", include_in_schema=False)
def metrics(parts: PartsNeeded) -> Response:
    """Show counters for Prometheus."""
    return Response(parts.metrics.text(), media_type="text/plain; version=0.0.4")
