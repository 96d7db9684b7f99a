"""Routes that read the index: jobs, providers, prices, money, disputes, rewards, governance.

Place: thin; queries are ``reading``'s. Amounts are decimal text of wei, times unix seconds of the
chain. Lists are newest first and go on with ``cursor=<next>``.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from neurovoyance.marketplace.api.parts import (
    AnyCaller,
    Cursor,
    Hash32,
    Limit,
    PartsNeeded,
    address_or_none,
    caller_of,
)
from neurovoyance.marketplace.indexer import schema
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import parse_address
from neurovoyance.protocol.lifecycle import JobState

router = APIRouter(dependencies=[Depends(caller_of)])
Page = dict[str, Any]
_STATES = {state.label: state for state in JobState}
AddressPath = Annotated[str, Path(pattern="^0x[0-9a-fA-F]{40}$")]
AddressQuery = Annotated[str | None, Query(pattern="^0x[0-9a-fA-F]{40}$")]
HashPath = Annotated[str, Path(pattern="^0x[0-9a-fA-F]{64}$")]
NumberPath = Annotated[str, Path(pattern="^[0-9]{1,78}$")]


def _labelled(job: dict[str, Any]) -> dict[str, Any]:
    return {**job, "state": JobState(job["state"]).label}


@router.get("/v1/jobs", tags=["jobs"])
def jobs(
    parts: PartsNeeded,
    client: AddressQuery = None,
    provider: AddressQuery = None,
    model_id: Hash32 | None = None,
    state: Annotated[str | None, Query(max_length=32, description="As in a job's answer.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page:
    """List jobs."""
    if state is not None and state not in _STATES:
        raise SpecError(f"state: {state!r} is none of {', '.join(_STATES)}.")
    filters = {
        "client": address_or_none(client, "client"),
        "provider": address_or_none(provider, "provider"),
        "model_id": model_id and model_id.lower(),
        "state": None if state is None else int(_STATES[state]),
    }
    page = parts.reading.page(schema.JOB, filters, cursor, limit)
    return {**page, "items": [_labelled(item) for item in page["items"]]}


@router.get("/v1/jobs/{job_id}", tags=["jobs"])
def job(parts: PartsNeeded, job_id: HashPath) -> dict[str, Any]:
    """Show one job."""
    return _labelled(parts.reading.one(schema.JOB, job_id.lower()))


@router.get("/v1/events", tags=["chain"])
def events(
    parts: PartsNeeded,
    subject: Annotated[str | None, Query(max_length=80)] = None,
    name: Annotated[str | None, Query(pattern="^[A-Za-z0-9_]{1,64}$")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page:
    """List events of the contracts; ``subject`` is a job, dispute, proposal or party."""
    filters = {"subject": subject and subject.replace("\0", ""), "name": name}
    return parts.reading.page(schema.EVENT, filters, cursor, limit)


@router.get("/v1/providers", tags=["providers"])
def providers(parts: PartsNeeded, cursor: Cursor = None, limit: Limit = 50) -> Page:
    """List providers."""
    return parts.reading.page(schema.PROVIDER, {}, cursor, limit)


@router.get("/v1/providers/{provider}", tags=["providers"])
def provider(parts: PartsNeeded, provider: AddressPath) -> dict[str, Any]:
    """Show one provider."""
    return parts.reading.one(schema.PROVIDER, parse_address(provider))


@router.get("/v1/prices", tags=["prices"])
def prices(
    parts: PartsNeeded,
    model_id: Hash32 | None = None,
    provider: AddressQuery = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page:
    """List agreed prices."""
    filters = {
        "model_id": model_id and model_id.lower(),
        "provider": address_or_none(provider, "provider"),
    }
    return parts.reading.page(schema.PRICE, filters, cursor, limit)


@router.get("/v1/prices/{model_id}", tags=["prices"])
def price_summary(parts: PartsNeeded, model_id: HashPath) -> dict[str, Any]:
    """Show lowest, median and highest of a model's recent prices."""
    return parts.reading.price_summary(model_id.lower())


@router.get("/v1/money/{party}", tags=["money"])
def money(parts: PartsNeeded, party: AddressPath) -> dict[str, Any]:
    """Show where every wei of a party is, by the books."""
    totals = parts.reading.totals()
    return {**parts.reading.one(schema.BALANCE, parse_address(party)), "market": totals}


@router.get("/v1/disputes", tags=["disputes"])
def disputes(
    parts: PartsNeeded, job_id: Hash32 | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page:
    """List disputes."""
    filters = {"job_id": job_id and job_id.lower()}
    return parts.reading.page(schema.DISPUTE, filters, cursor, limit)


@router.get("/v1/disputes/{dispute_id}", tags=["disputes"])
def dispute(parts: PartsNeeded, dispute_id: NumberPath) -> dict[str, Any]:
    """Show one dispute."""
    return parts.reading.one(schema.DISPUTE, dispute_id)


@router.get("/v1/audits", tags=["disputes"])
def audits(
    parts: PartsNeeded,
    job_id: Hash32 | None = None,
    auditor: AddressQuery = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page:
    """List the slots of audits."""
    filters = {
        "job_id": job_id and job_id.lower(),
        "auditor": address_or_none(auditor, "auditor"),
    }
    return parts.reading.page(schema.AUDIT, filters, cursor, limit)


@router.get("/v1/vesting/{account}", tags=["rewards"])
def vesting(parts: PartsNeeded, account: AddressPath) -> dict[str, Any]:
    """Show what an account put into vesting and took out."""
    return parts.reading.one(schema.VESTING, parse_address(account))


@router.get("/v1/rewards", tags=["rewards"])
def rewards(
    parts: PartsNeeded, provider: AddressQuery = None, cursor: Cursor = None, limit: Limit = 50
) -> Page:
    """List fees and emission by provider and epoch."""
    filters = {"provider": address_or_none(provider, "provider")}
    return parts.reading.page(schema.REWARD, filters, cursor, limit)


@router.get("/v1/governance/proposals", tags=["governance"])
def proposals(parts: PartsNeeded, cursor: Cursor = None, limit: Limit = 50) -> Page:
    """List proposals."""
    return parts.reading.page(schema.PROPOSAL, {}, cursor, limit)


@router.get("/v1/governance/proposals/{proposal_id}", tags=["governance"])
def proposal(parts: PartsNeeded, proposal_id: NumberPath) -> dict[str, Any]:
    """Show one proposal."""
    return parts.reading.one(schema.PROPOSAL, proposal_id)


@router.get("/v1/governance/votes", tags=["governance"])
def votes(
    parts: PartsNeeded,
    proposal_id: Annotated[str | None, Query(pattern="^[0-9]{1,78}$")] = None,
    voter: AddressQuery = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page:
    """List votes."""
    filters = {"proposal_id": proposal_id, "voter": address_or_none(voter, "voter")}
    return parts.reading.page(schema.VOTE, filters, cursor, limit)


@router.get("/v1/governance/parameters", tags=["governance"])
def parameters(parts: PartsNeeded, cursor: Cursor = None, limit: Limit = 50) -> Page:
    """List parameters that votes have moved."""
    return parts.reading.page(schema.PARAMETER, {}, cursor, limit)


@router.get("/v1/me", tags=["sign-in"])
def me(caller: AnyCaller) -> dict[str, Any]:
    """Tell who the session or key belongs to, if there is one."""
    return {"address": caller.address if caller else None, "kind": caller.kind if caller else None}
