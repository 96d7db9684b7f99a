"""The route of wallets: JSON-RPC of the chain on the pages' own origin.

Place: thin; rules are ``rpc_rules``', passing on is ``relay``'s.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from neurovoyance.marketplace.api.parts import PartsNeeded
from neurovoyance.marketplace.dapp.relay import relay
from neurovoyance.marketplace.dapp.rpc_rules import CALLS_MAX, parse_body
from neurovoyance.marketplace.errors import ChainAway, RequestTooLarge

router = APIRouter(tags=["pages"])
PATH = "/api/rpc"
_CALL: dict[str, Any] = {
    "type": "object",
    "required": ["jsonrpc", "id", "method"],
    "properties": {
        "jsonrpc": {"const": "2.0"},
        "id": {"type": ["string", "number"]},
        "method": {"type": "string"},
        "params": {"type": "array"},
    },
}
_BATCH: dict[str, Any] = {"type": "array", "items": _CALL, "minItems": 1, "maxItems": CALLS_MAX}
_SCHEMA: dict[str, Any] = {"title": "JSON-RPC 2.0", "anyOf": [_CALL, _BATCH]}
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": _SCHEMA}}}
}


@router.post(PATH, openapi_extra=_BODY, response_model=dict[str, Any] | list[dict[str, Any]])
async def rpc(parts: PartsNeeded, request: Request) -> JSONResponse:
    """Pass reads, and signed transactions, on to the chain; refusals are JSON-RPC errors."""
    side = parts.dapp
    who = request.client.host if request.client else "unknown"
    body = parse_body(await request.body(), parts.progress.block)
    if len(body.items) > CALLS_MAX:
        raise RequestTooLarge(
            f"The batch has {len(body.items)} calls; {CALLS_MAX} are the most.",
            hint="Send smaller batches; nothing was passed on.",
        )
    side.calls.take(who, len(body.items))
    if side.upstream is None:
        raise ChainAway("This service knows no endpoint of the chain.")
    return JSONResponse(await relay(side.upstream, body), headers={"Cache-Control": "no-store"})
