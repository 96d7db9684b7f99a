"""Health tells the truth; a stream is refused before it begins."""

from __future__ import annotations

import httpx

from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.api.stream import STREAMS_MAX


async def test_health_is_503_while_the_chain_cannot_be_followed(
    service: httpx.AsyncClient, parts: Parts
) -> None:
    assert (await service.get("/v1/health")).json()["status"] == "ok"
    parts.progress.last_error = "No endpoint answers."
    answer = await service.get("/v1/health")
    assert (answer.status_code, answer.json()["error"]) == (503, "No endpoint answers.")


async def test_streams_are_refused_with_a_problem(service: httpx.AsyncClient, parts: Parts) -> None:
    wrong = await service.get("/v1/stream", headers={"Last-Event-ID": "x"})
    assert wrong.status_code == 422
    parts.changes.streams = STREAMS_MAX
    full = await service.get("/v1/stream")
    assert (full.status_code, full.json()["code"]) == (429, "request.rate")
