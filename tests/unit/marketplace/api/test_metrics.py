"""Counters are by route, never by what a caller wrote."""

from __future__ import annotations

import httpx

from neurovoyance.marketplace.api.metrics import Metrics
from neurovoyance.marketplace.indexer.loop import Progress


def test_the_index_is_measured_live() -> None:
    progress = Progress()
    metrics = Metrics(progress)
    progress.block, progress.last_error = 7, "down"
    text = metrics.text().decode()
    assert "market_index_block 7.0" in text
    assert "market_index_failing 1.0" in text


async def test_routes_are_counted_by_their_template(service: httpx.AsyncClient) -> None:
    for path in ("/v1/jobs/0x" + "ab" * 32, "/v1/jobs/0x" + "cd" * 32, "/v1/secret-word"):
        await service.get(path)
    text = (await service.get("/metrics")).text
    assert 'market_requests_total{route="/v1/jobs/{job_id}",status="404"} 2.0' in text
    assert "secret-word" not in text
