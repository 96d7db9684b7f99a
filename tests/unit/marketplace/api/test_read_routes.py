"""Every list answers a page, every single thing a row or 404."""

from __future__ import annotations

import httpx
import pytest
from tests.unit.marketplace.market_events import address

LISTS = (
    "/v1/jobs", "/v1/events", "/v1/providers", "/v1/prices", "/v1/disputes", "/v1/audits",
    "/v1/rewards", "/v1/governance/proposals", "/v1/governance/votes", "/v1/governance/parameters",
)  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
async def test_lists_answer_pages(service: httpx.AsyncClient, path: str) -> None:
    page = (await service.get(path, params={"limit": 2})).json()
    assert set(page) == {"items", "next"}
    assert len(page["items"]) <= 2


@pytest.mark.parametrize(
    "path", ["/v1/disputes/9", "/v1/governance/proposals/9", f"/v1/vesting/{address(1)}"]
)
async def test_what_is_not_there_is_404(service: httpx.AsyncClient, path: str) -> None:
    assert (await service.get(path)).json()["code"] == "request.market.not_found"


async def test_an_address_is_found_in_any_case(service: httpx.AsyncClient) -> None:
    lower = (await service.get(f"/v1/providers/{address(200).lower()}")).json()
    assert lower["provider"] == address(200)
    assert (await service.get("/v1/me")).json() == {"address": None, "kind": None}
