"""Publishing twice with one key is publishing once; a refusal may be tried again."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.unit.marketplace.api.test_offers import signed

from neurovoyance.marketplace.api.offers import OfferBoard
from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.api.quoting import QuoteReply, QuoteRequest
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.job_spec import JobSpec

BODY = signed().model_dump(mode="json") | {"signature": hex_of(signed().signature)}


async def test_a_key_repeats_the_answer_and_not_the_effect(
    service: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def publish(self: OfferBoard, offer: Any) -> dict[str, Any]:
        calls.append("published")
        if len(calls) == 1:
            raise SpecError("Not yet.")
        return {"number": len(calls)}

    monkeypatch.setattr(OfferBoard, "publish", publish)
    headers = {"Idempotency-Key": "k"}
    answers = [await service.post("/v1/offers", json=BODY, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [422, 201, 201]
    assert answers[1].json() == answers[2].json() == {"number": 2}
    other = {**BODY, "signature": "0x" + "11" * 65}
    conflict = await service.post("/v1/offers", json=other, headers=headers)
    assert (conflict.status_code, conflict.json()["code"]) == (409, "request.market.idempotency")
    assert len(calls) == 2


async def test_quotes_are_the_matchers(service: httpx.AsyncClient, parts: Parts) -> None:
    spec = JobSpec(model_id=b"\1" * 32, input_cid=b"\x01\x55\x1e\x20" + b"\2" * 32)
    body = {"spec": spec.model_dump(mode="json"), "max_price_wei": "5"}
    assert (await service.post("/v1/quotes", json=body)).status_code == 501

    def matcher(request: QuoteRequest, offers: Any, providers: Any) -> QuoteReply:
        return QuoteReply(ranked=[{"preset": request.preset}], refused={})

    parts.matcher = matcher
    answer = await service.post("/v1/quotes", json=body)
    assert answer.json() == {"ranked": [{"preset": "cheapest"}], "refused": {}}
