"""Kept answers cost what new ones cost the asker: an allowance, and a key that is valid."""

from __future__ import annotations

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import delete
from tests.unit.marketplace.api.test_app import sign_in
from tests.unit.marketplace.market_events import address

from neurovoyance.marketplace.api import account_routes, offer_routes, read_routes, standing_routes
from neurovoyance.marketplace.api.index_route import IndexRoute
from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.indexer.schema import JOB
from neurovoyance.marketplace.service_tables import CREDENTIAL

FOUR_READS = {"reads_per_minute": 4}


def forget_all(parts: Parts) -> None:
    """Take jobs and keys from under the service, whose index does not know."""
    with parts.reading.database.writer.begin() as connection:
        connection.execute(delete(JOB))
        connection.execute(delete(CREDENTIAL))


async def test_an_answer_is_kept_until_the_index_moves(
    service: httpx.AsyncClient, parts: Parts
) -> None:
    first = await service.get("/v1/jobs?limit=3&state=Settled")
    forget_all(parts)
    again = await service.get("/v1/jobs?state=Settled&limit=3")
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    named = {"If-None-Match": first.headers["etag"]}
    assert (await service.get("/v1/jobs?limit=3&state=Settled", headers=named)).status_code == 304
    parts.progress.batches += 1
    after = await service.get("/v1/jobs?limit=3&state=Settled", headers=named)
    assert (after.status_code, after.json()) == (200, {"items": [], "next": None})


async def test_failures_are_not_kept(service: httpx.AsyncClient, parts: Parts) -> None:
    for path in ("/v1/jobs/0x" + "ab" * 32, "/v1/jobs?limit=0"):
        assert (await service.get(path)).is_client_error
    assert len(parts.answers) == 0


async def test_a_key_that_ended_is_refused_before_a_kept_answer_is_found(
    service: httpx.AsyncClient, parts: Parts
) -> None:
    session = {"Authorization": f"Bearer {(await sign_in(service))[0].json()['token']}"}
    assert (await service.get("/v1/jobs", headers=session)).status_code == 200
    forget_all(parts)
    assert (await service.get("/v1/jobs")).status_code == 200
    assert (await service.get("/v1/jobs", headers=session)).status_code == 401


class TestWithFewReads:
    @pytest.fixture
    def settings_given(self, settings_given: dict[str, object]) -> dict[str, object]:
        return {**settings_given, **FOUR_READS}

    async def test_kept_answers_are_counted_once_each(self, service: httpx.AsyncClient) -> None:
        path = f"/v1/money/{address(200)}"
        answers = [(await service.get(path)).status_code for _ in range(6)]
        assert answers == [200, 200, 200, 200, 429, 429]


def test_only_routes_of_the_index_are_kept() -> None:
    kept = [route for route in read_routes.router.routes if isinstance(route, APIRoute)]
    assert kept
    assert all(isinstance(route, IndexRoute) and route.methods == {"GET"} for route in kept)
    for module in (account_routes, offer_routes, standing_routes):
        assert not any(isinstance(route, IndexRoute) for route in module.router.routes)
