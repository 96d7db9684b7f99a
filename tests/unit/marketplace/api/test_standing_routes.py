"""The routes of standing offers answer with what the market holds, or say that it keeps none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx
from fastapi import FastAPI
from tests.unit.protocol.made_offers import NOW_S, account, owner, signed

from neurovoyance.marketplace.api import standing_routes
from neurovoyance.marketplace.api.problems import answer_problems
from neurovoyance.marketplace.matching import StandingMarket
from neurovoyance.matching.offer_book import OfferBook, Standing
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.standing_offers import SignedStandingOffer

SPEC = JobSpec(model_id=b"\x11" * 32, input_cid=b"\x01" * 36, job_class=JobClass.TENSOR)


def client_of(standing: StandingMarket | None) -> httpx.AsyncClient:
    app = FastAPI()
    limiter = SimpleNamespace(count=lambda *who: None)
    app.state.parts = SimpleNamespace(standing=standing, limiter=limiter)
    answer_problems(app)
    app.include_router(standing_routes.router)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://market")


def market() -> StandingMarket:
    async def read_standing(provider: str) -> Standing:
        return Standing(Address(account(1).address), 10**20, 10**20)

    book = OfferBook(
        chain_id=31337, market="0x00000000000000000000000000000000000000AA", min_stake_wei=1
    )
    return StandingMarket(book, read_standing, lambda: NOW_S)


def wanted(price_wei: str, preset: str = "fastest") -> dict[str, Any]:
    return {"spec": SPEC.model_dump(mode="json"), "max_price_wei": price_wei, "preset": preset}


async def test_an_offer_is_published_listed_and_matched() -> None:
    async with client_of(market()) as client:
        answer = await client.post("/v1/offers/standing", content=signed(1).wire_bytes())
        assert (answer.status_code, answer.json()) == (201, {"provider": owner(1), "seq": 1})
        [item] = (await client.get("/v1/offers/standing")).json()["offers"]
        assert SignedStandingOffer.model_validate(item) == signed(1)
        found = (await client.post("/v1/matches", json=wanted(str(10**18)))).json()
        assert found["rows"][0]["rank"] == 1
        found = (await client.post("/v1/matches", json=wanted("1"))).json()
        assert found["summary"] == "0 of 1: 1 price"


async def test_what_is_dropped_is_answered_with_its_cause_and_counted() -> None:
    async with client_of(market()) as client:
        answer = await client.post("/v1/offers/standing", content=signed(1, by=2).wire_bytes())
        assert answer.status_code == 422
        assert answer.json()["context"]["cause"] == "signature"
        assert (await client.get("/v1/matches/dropped")).json() == {"signature": 1}
        answer = await client.post("/v1/matches", json=wanted("1", "best"))
        assert answer.status_code == 422


async def test_a_service_without_standing_offers_says_so() -> None:
    async with client_of(None) as client:
        assert (await client.get("/v1/offers/standing")).status_code == 501
