"""Routes of published offers and quotes.

Place: thin; checks are ``offers``'s, the ranking is a :class:`.Matcher`'s.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response

from neurovoyance.marketplace.api.offers import SignedOffer
from neurovoyance.marketplace.api.parts import (
    AnyCaller,
    Hash32,
    IdempotencyKey,
    Limit,
    PartsNeeded,
    address_or_none,
    caller_of,
)
from neurovoyance.marketplace.api.quoting import QuoteReply, QuoteRequest
from neurovoyance.marketplace.api.read_routes import AddressQuery
from neurovoyance.marketplace.errors import NoMatcher
from neurovoyance.protocol.ids import hex_of

router = APIRouter(dependencies=[Depends(caller_of)], tags=["offers"])
_QUOTED_MAX = 1_000


@router.get("/v1/offers")
def offers(
    parts: PartsNeeded,
    spec_hash: Hash32 | None = None,
    provider: AddressQuery = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """List offers that can still be taken, cheapest first."""
    filters = {
        "spec_hash": spec_hash and spec_hash.lower(),
        "provider": address_or_none(provider, "provider"),
    }
    return {"items": parts.offers.listed(filters, limit)}


@router.post("/v1/offers", status_code=201, response_model=dict[str, Any])
def publish(
    parts: PartsNeeded,
    caller: AnyCaller,
    signed: SignedOffer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Publish a signed offer; the provider's signature is the permission."""
    if idempotency_key is None:
        return JSONResponse(parts.offers.publish(signed), 201)
    who = caller.address if caller else signed.offer.provider
    place = f"offers {who} {idempotency_key}"
    before = parts.accounts.begin_once(place, signed.model_dump_json())
    if before is not None:
        return Response(before[1], before[0], media_type="application/json")
    try:
        answer = JSONResponse(parts.offers.publish(signed), 201)
    except BaseException:
        # A refusal changed nothing: it may be tried again. So may whatever else ended it: its key
        # would be "still running" for a day. Publishing twice lists once. Nothing is swallowed.
        parts.accounts.end_once(place, 0, "")
        raise
    parts.accounts.end_once(place, 201, bytes(answer.body).decode())
    return answer


@router.post("/v1/quotes")
def quote(parts: PartsNeeded, wanted: QuoteRequest) -> QuoteReply:
    """Rank published offers for a job."""
    if parts.matcher is None:
        raise NoMatcher("This service ranks no offers.")
    spec_hash = hex_of(wanted.spec.spec_hash())
    found = parts.offers.listed({"spec_hash": spec_hash}, _QUOTED_MAX)
    # Who is not found registered in a block that a reorganisation took back.
    known = parts.reading.providers({offer["provider"] for offer in found})
    return parts.matcher(wanted, found, known)
