"""Routes that read the index: jobs, providers, prices, money, disputes, rewards, governance.

Place: thin; queries are ``reading``'s, which writes JSON itself: what comes from our own tables is
described to callers, not validated again. All are :class:`.IndexRoute`. Amounts are decimal text of
wei, times unix seconds of the chain. Lists are newest first and go on with ``cursor=<next>``.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response
from sqlalchemy import Table

from neurovoyance.marketplace.api.answering import UNCHANGED
from neurovoyance.marketplace.api.index_route import IndexRoute
from neurovoyance.marketplace.api.parts import (
    Cursor,
    Hash32,
    Limit,
    Parts,
    PartsNeeded,
    address_or_none,
    caller_of,
)
from neurovoyance.marketplace.indexer import schema
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import parse_address
from neurovoyance.protocol.lifecycle import JobState

router = APIRouter(dependencies=[Depends(caller_of)], route_class=IndexRoute, responses=UNCHANGED)
Page = dict[str, Any]
_STATES = {state.label: state for state in JobState}
AddressPath = Annotated[str, Path(pattern="^0x[0-9a-fA-F]{40}$")]
AddressQuery = Annotated[str | None, Query(pattern="^0x[0-9a-fA-F]{40}$")]
HashPath = Annotated[str, Path(pattern="^0x[0-9a-fA-F]{64}$")]
NumberPath = Annotated[str, Path(pattern="^[0-9]{1,78}$")]


async def _listed(
    parts: Parts, table: Table, filters: dict[str, Any], cursor: str | None, limit: int
) -> Response:
    reading = parts.reading
    return _json(await reading.aside(reading.page, table, filters, cursor, limit))


async def _shown(parts: Parts, table: Table, key: str) -> Response:
    return _json(await parts.reading.aside(parts.reading.one, table, key))


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


@router.get("/v1/jobs", tags=["jobs"], response_model=Page)
async def jobs(
    parts: PartsNeeded,
    client: AddressQuery = None,
    provider: AddressQuery = None,
    model_id: Hash32 | None = None,
    state: Annotated[str | None, Query(max_length=32, description="As in a job's answer.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List jobs."""
    if state is not None and state not in _STATES:
        raise SpecError(f"state: {state!r} is none of {', '.join(_STATES)}.")
    filters = {
        "client": address_or_none(client, "client"),
        "provider": address_or_none(provider, "provider"),
        "model_id": model_id and model_id.lower(),
        "state": None if state is None else int(_STATES[state]),
    }
    return await _listed(parts, schema.JOB, filters, cursor, limit)


@router.get("/v1/jobs/{job_id}", tags=["jobs"], response_model=Page)
async def job(parts: PartsNeeded, job_id: HashPath) -> Response:
    """Show one job."""
    return await _shown(parts, schema.JOB, job_id.lower())


@router.get("/v1/events", tags=["chain"], response_model=Page)
async def events(
    parts: PartsNeeded,
    subject: Annotated[str | None, Query(max_length=80)] = None,
    name: Annotated[str | None, Query(pattern="^[A-Za-z0-9_]{1,64}$")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List events of the contracts; ``subject`` is a job, dispute, proposal or party."""
    filters = {"subject": subject and subject.replace("\0", ""), "name": name}
    return await _listed(parts, schema.EVENT, filters, cursor, limit)


@router.get("/v1/providers", tags=["providers"], response_model=Page)
async def providers(parts: PartsNeeded, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """List providers."""
    return await _listed(parts, schema.PROVIDER, {}, cursor, limit)


@router.get("/v1/providers/{provider}", tags=["providers"], response_model=Page)
async def provider(parts: PartsNeeded, provider: AddressPath) -> Response:
    """Show one provider."""
    return await _shown(parts, schema.PROVIDER, parse_address(provider))


@router.get("/v1/prices", tags=["prices"], response_model=Page)
async def prices(
    parts: PartsNeeded,
    model_id: Hash32 | None = None,
    provider: AddressQuery = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List agreed prices."""
    filters = {
        "model_id": model_id and model_id.lower(),
        "provider": address_or_none(provider, "provider"),
    }
    return await _listed(parts, schema.PRICE, filters, cursor, limit)


@router.get("/v1/prices/{model_id}", tags=["prices"], response_model=Page)
async def price_summary(parts: PartsNeeded, model_id: HashPath) -> Response:
    """Show lowest, median and highest of a model's recent prices."""
    return _json(await parts.reading.aside(parts.reading.price_summary, model_id.lower()))


@router.get("/v1/money/{party}", tags=["money"], response_model=Page)
async def money(parts: PartsNeeded, party: AddressPath) -> Response:
    """Show where every wei of a party is, by the books."""
    return _json(await parts.reading.aside(parts.reading.money, parse_address(party)))


@router.get("/v1/channels", tags=["money"], response_model=Page)
async def channels(
    parts: PartsNeeded,
    client: AddressQuery = None,
    payee: AddressQuery = None,
    is_spent: Annotated[bool | None, Query(description="Whether nothing is left.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List what payment channels reserve, a row for each payee of a channel."""
    filters = {
        "client": address_or_none(client, "client"),
        "payee": address_or_none(payee, "payee"),
        "is_spent": is_spent,
    }
    return await _listed(parts, schema.SIDE, filters, cursor, limit)


@router.get("/v1/disputes", tags=["disputes"], response_model=Page)
async def disputes(
    parts: PartsNeeded, job_id: Hash32 | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """List disputes."""
    filters = {"job_id": job_id and job_id.lower()}
    return await _listed(parts, schema.DISPUTE, filters, cursor, limit)


@router.get("/v1/disputes/{dispute_id}", tags=["disputes"], response_model=Page)
async def dispute(parts: PartsNeeded, dispute_id: NumberPath) -> Response:
    """Show one dispute."""
    return await _shown(parts, schema.DISPUTE, dispute_id)


@router.get("/v1/audits", tags=["disputes"], response_model=Page)
async def audits(
    parts: PartsNeeded,
    job_id: Hash32 | None = None,
    auditor: AddressQuery = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List the slots of audits."""
    filters = {
        "job_id": job_id and job_id.lower(),
        "auditor": address_or_none(auditor, "auditor"),
    }
    return await _listed(parts, schema.AUDIT, filters, cursor, limit)


@router.get("/v1/vesting/{account}", tags=["rewards"], response_model=Page)
async def vesting(parts: PartsNeeded, account: AddressPath) -> Response:
    """Show what an account put into vesting and took out."""
    reading, party = parts.reading, parse_address(account)
    return _json(await reading.aside(reading.amounts, schema.VESTING, party))


@router.get("/v1/rewards", tags=["rewards"], response_model=Page)
async def rewards(
    parts: PartsNeeded, provider: AddressQuery = None, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """List fees and emission by provider and epoch."""
    filters = {"provider": address_or_none(provider, "provider")}
    return await _listed(parts, schema.REWARD, filters, cursor, limit)


@router.get("/v1/governance/proposals", tags=["governance"], response_model=Page)
async def proposals(parts: PartsNeeded, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """List proposals."""
    return await _listed(parts, schema.PROPOSAL, {}, cursor, limit)


@router.get("/v1/governance/proposals/{proposal_id}", tags=["governance"], response_model=Page)
async def proposal(parts: PartsNeeded, proposal_id: NumberPath) -> Response:
    """Show one proposal."""
    return await _shown(parts, schema.PROPOSAL, proposal_id)


@router.get("/v1/governance/votes", tags=["governance"], response_model=Page)
async def votes(
    parts: PartsNeeded,
    proposal_id: Annotated[str | None, Query(pattern="^[0-9]{1,78}$")] = None,
    voter: AddressQuery = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List votes."""
    filters = {"proposal_id": proposal_id, "voter": address_or_none(voter, "voter")}
    return await _listed(parts, schema.VOTE, filters, cursor, limit)


@router.get("/v1/governance/delegations", tags=["governance"], response_model=Page)
async def delegations(
    parts: PartsNeeded, to: AddressQuery = None, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """List who casts whose votes; ``to`` casts them, the zero address is nobody."""
    filters = {"delegate": address_or_none(to, "to")}
    return await _listed(parts, schema.DELEGATION, filters, cursor, limit)


@router.get("/v1/governance/parameters", tags=["governance"], response_model=Page)
async def parameters(parts: PartsNeeded, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """List parameters that votes have moved."""
    return await _listed(parts, schema.PARAMETER, {}, cursor, limit)
