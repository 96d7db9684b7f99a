"""Routes of standing offers: publish, list, rank for a job.

Place: thin; checks and ranking are :mod:`neurovoyance.marketplace.matching`'s.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from neurovoyance.marketplace.api.answering import UNCHANGED
from neurovoyance.marketplace.api.parts import PartsNeeded, caller_of
from neurovoyance.marketplace.api.quoting import QuoteRequest
from neurovoyance.marketplace.errors import NoMatcher
from neurovoyance.marketplace.matching import StandingMarket
from neurovoyance.matching.candidates import Wanted
from neurovoyance.matching.presets import preset_of

router = APIRouter(dependencies=[Depends(caller_of)], tags=["offers"])


def _market(parts: PartsNeeded) -> StandingMarket:
    if parts.standing is None:
        raise NoMatcher("This service keeps no standing offers.")
    return parts.standing


@router.get("/v1/offers/standing", response_model=dict[str, Any], responses=UNCHANGED)
async def standing(parts: PartsNeeded, request: Request) -> Response:
    """List the newest standing offer of each provider, signed."""
    return (await _market(parts).listing()).to(request)


@router.post("/v1/offers/standing", status_code=201)
async def publish_standing(parts: PartsNeeded, request: Request) -> dict[str, Any]:
    """Publish a signed standing offer; the operator's signature is the permission."""
    signed = await _market(parts).take(await request.body())
    return {"provider": signed.offer.provider, "seq": signed.offer.seq}


@router.post("/v1/matches")
async def match(parts: PartsNeeded, wanted: QuoteRequest) -> dict[str, Any]:
    """Rank standing offers for a job, with the reason for every place."""
    job = Wanted.of(wanted.spec, wanted.max_price_wei)
    return await _market(parts).table(job, preset_of(wanted.preset))


@router.get("/v1/matches/dropped")
async def dropped(parts: PartsNeeded) -> dict[str, int]:
    """Count standing offers that were not taken in, by cause."""
    return {cause.value: count for cause, count in _market(parts).book.dropped.items()}
