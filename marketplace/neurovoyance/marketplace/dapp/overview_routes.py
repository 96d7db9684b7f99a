"""Routes about the network as a whole, and samples. Place: thin; see ``overview``."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from neurovoyance.marketplace.api.parts import Hash32, PartsNeeded, caller_of
from neurovoyance.marketplace.dapp.overview import DAYS_MAX, Overview
from neurovoyance.marketplace.dapp.samples import Sample
from neurovoyance.marketplace.dapp.weeks import WEEKS_MAX, weeks_of
from neurovoyance.marketplace.errors import BooksUnavailable

router = APIRouter(dependencies=[Depends(caller_of)], tags=["pages"])


def _overview(parts: PartsNeeded) -> Overview:
    return Overview(parts.reading.database)


OverviewNeeded = Annotated[Overview, Depends(_overview)]


@router.get("/api/overview")
def totals(overview: OverviewNeeded, parts: PartsNeeded) -> dict[str, Any]:
    """Count providers and jobs; the last day is rolling, by the chain's clock."""
    return {**overview.totals(parts.chain_time_s()), "time_s": parts.chain_time_s()}


@router.get("/api/models")
def models(overview: OverviewNeeded) -> dict[str, Any]:
    """List models that jobs were posted for, with what was paid."""
    return {"items": overview.models()}


@router.get("/api/days")
def days(
    overview: OverviewNeeded,
    parts: PartsNeeded,
    days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = 30,
    model_id: Hash32 | None = None,
) -> dict[str, Any]:
    """Show each of the last days: jobs, money, price band."""
    wanted = model_id and model_id.lower()
    return {"items": overview.days(parts.chain_time_s(), days, wanted)}


@router.get("/api/weeks")
def weeks(
    parts: PartsNeeded, weeks: Annotated[int, Query(ge=1, le=WEEKS_MAX)] = 26
) -> dict[str, Any]:
    """Show fees, emission and burn by week of the economy, and of all time."""
    try:
        burned_wei = parts.reading.totals()["burned_wei"]
    except BooksUnavailable:
        burned_wei = None
    sums = weeks_of(parts.reading.database, parts.chain_time_s(), weeks)
    return {**sums, "burned_wei": burned_wei}


@router.get("/api/samples")
def samples(parts: PartsNeeded) -> dict[str, list[Sample]]:
    """List ready-made models for a first try."""
    return {"samples": parts.dapp.samples}
