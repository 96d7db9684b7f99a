"""The route of binding offers. Place: thin; asking and ranking are ``asking``'s."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl

from neurovoyance.marketplace.api.parts import PartsNeeded, caller_of
from neurovoyance.marketplace.dapp.asking import AskingDesk
from neurovoyance.marketplace.errors import NoMatcher
from neurovoyance.matching.presets import Preset, preset_of
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.job_spec import JobSpec, WeiField
from neurovoyance.protocol.offer_exchange import OfferRequest
from neurovoyance.protocol.signing import AddressField

router = APIRouter(dependencies=[Depends(caller_of)], tags=["pages"])
PATH = "/api/offers"


def _url(text: str) -> str:
    HttpUrl(text)
    return text


SourceField = Annotated[str, Field(pattern=r"^https?://[^\s@]{1,400}$"), AfterValidator(_url)]


class AskRequest(BaseModel):
    """A job that wants binding offers.

    Attributes:
        spec: the job, as in docs/spec/job.md.
        client: who would take the offer.
        max_price_wei: most that it may cost.
        preset: ``cheapest``, ``fastest`` or ``reliable``.
        sources: base URLs where model and input can be fetched, beside this service itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    spec: JobSpec
    client: AddressField
    max_price_wei: WeiField
    preset: Annotated[str, Field(pattern="^[a-z-]{1,32}$")] = "cheapest"
    sources: Annotated[list[SourceField], Field(max_length=4)] = Field(default_factory=list)


class OfferLine(BaseModel):
    """One signed offer; ``offer`` and ``signature`` go into ``JobMarket.open`` as they are."""

    rank: int
    provider: str
    endpoint: str
    price_wei: str
    time_ms: int
    reasons: list[str]
    offer: dict[str, Any]
    signature: str


class RefusalLine(BaseModel):
    """One node that makes no offer, and why."""

    provider: str
    endpoint: str
    cause: str
    message: str


class AskReply(BaseModel):
    """Offers, best first, and refusals."""

    summary: str
    offers: list[OfferLine]
    refusals: list[RefusalLine]


def _desk_of(parts: PartsNeeded) -> AskingDesk:
    if parts.dapp.asking is None:
        raise NoMatcher("This service asks no nodes.")
    return parts.dapp.asking


@router.post(PATH)
async def ask(
    desk: Annotated[AskingDesk, Depends(_desk_of)],
    parts: PartsNeeded,
    request: Request,
    wanted: AskRequest,
) -> AskReply:
    """Ask every node for a binding offer; it costs nothing and binds the client to nothing."""
    preset: Preset = preset_of(wanted.preset)
    asked = await desk.ask(
        OfferRequest(
            spec=wanted.spec,
            client=wanted.client,
            max_price_wei=wanted.max_price_wei,
            sources=[str(request.base_url).rstrip("/"), *wanted.sources],
        ),
        preset,
        parts.chain_time_s(),
    )
    return AskReply(
        summary=asked.summary,
        offers=[
            OfferLine(
                rank=row.rank,
                provider=row.provider,
                endpoint=row.endpoint,
                price_wei=str(row.price_wei),
                time_ms=row.time_ms,
                reasons=list(row.reasons),
                offer=answer.offer.model_dump(mode="json"),
                signature=hex_of(answer.signature),
            )
            for row, answer in asked.offers
            if answer.offer
        ],
        refusals=[
            RefusalLine(
                provider=answer.node.provider,
                endpoint=answer.node.endpoint,
                cause=answer.refusal.cause.value,
                message=answer.refusal.message,
            )
            for answer in asked.refusals
            if answer.refusal
        ],
    )
