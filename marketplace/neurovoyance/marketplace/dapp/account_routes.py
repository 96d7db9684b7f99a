"""Routes about one account. Place: thin; see ``account_history`` and ``statement``."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from fastapi.responses import StreamingResponse

from neurovoyance.marketplace.api.parts import Cursor, Limit, PartsNeeded, caller_of
from neurovoyance.marketplace.dapp.account_history import AccountHistory
from neurovoyance.marketplace.dapp.spending import spending_of
from neurovoyance.marketplace.dapp.statement import Statement
from neurovoyance.protocol.ids import parse_address

router = APIRouter(dependencies=[Depends(caller_of)], tags=["pages"])
AddressPath = Annotated[str, Path(pattern="^0x[0-9a-fA-F]{40}$")]


def _history(parts: PartsNeeded) -> AccountHistory:
    return AccountHistory(parts.reading.database)


HistoryNeeded = Annotated[AccountHistory, Depends(_history)]


@router.get("/api/accounts/{account}/events")
def events(
    history: HistoryNeeded, account: AddressPath, cursor: Cursor = None, limit: Limit = 50
) -> dict[str, Any]:
    """List what happened to an account, its jobs and its delegations, newest first, with times."""
    return history.events(parse_address(account), cursor, limit)


@router.get(
    "/api/accounts/{account}/movements.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}}},
)
def movements(parts: PartsNeeded, account: AddressPath) -> StreamingResponse:
    """Write every movement of an account's money as CSV, the oldest first."""
    known = parse_address(account)
    parts.reading.totals()  # refuses while the books do not balance: sums would not hold
    return StreamingResponse(
        Statement(parts.reading.database, known).csv(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="movements-{known}.csv"'},
    )


@router.get("/api/accounts/{account}/delegations")
def delegations(history: HistoryNeeded, account: AddressPath) -> dict[str, Any]:
    """List the providers that an account has or had tokens behind."""
    providers = history.delegations(parse_address(account))
    return {"items": [{"provider": provider} for provider in providers]}


@router.get("/api/accounts/{account}/spending")
def spending(parts: PartsNeeded, account: AddressPath) -> dict[str, Any]:
    """Show what an account spent in the last day and week, and how much is under way."""
    parts.reading.totals()  # refuses while the books do not balance: sums would not hold
    return spending_of(parts.reading.database, parse_address(account), parts.chain_time_s())
