"""Routes about one provider, for its page. Place: thin; see ``provider_record``."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from neurovoyance.marketplace.api.parts import PartsNeeded, caller_of
from neurovoyance.marketplace.dapp.account_routes import AddressPath
from neurovoyance.marketplace.dapp.provider_record import ProviderRecord
from neurovoyance.protocol.ids import parse_address

router = APIRouter(dependencies=[Depends(caller_of)], tags=["pages"])
WEEKS_MAX = 52


def _record(parts: PartsNeeded) -> ProviderRecord:
    return ProviderRecord(parts.reading.database)


RecordNeeded = Annotated[ProviderRecord, Depends(_record)]


@router.get("/api/providers/{account}/delegators")
def delegators(record: RecordNeeded, parts: PartsNeeded, account: AddressPath) -> dict[str, Any]:
    """List who has tokens behind a provider, the largest first."""
    parts.reading.totals()  # refuses while the books do not balance: amounts would not hold
    return {"items": record.delegators(parse_address(account))}


@router.get("/api/providers/{account}/record")
def kept(
    record: RecordNeeded,
    parts: PartsNeeded,
    account: AddressPath,
    weeks: Annotated[int, Query(ge=1, le=WEEKS_MAX)] = 12,
) -> dict[str, Any]:
    """Show how a provider kept the deadlines of its jobs by week, and its newest score."""
    provider = parse_address(account)
    return {
        "weeks": record.weeks(provider, parts.chain_time_s(), weeks),
        "score": record.score(provider),
    }
