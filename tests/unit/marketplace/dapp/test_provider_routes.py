"""Any well-formed address has a record, which may be empty; others are refused."""

from __future__ import annotations

import httpx
import pytest
from tests.unit.marketplace.market_events import Maker, address, busy_market, harvest, index_blocks

from neurovoyance.marketplace.indexer.store import IndexStore


async def test_a_record_in_any_case(service: httpx.AsyncClient, store: IndexStore) -> None:
    index_blocks(store, busy_market(2), "a", 3)
    path = f"/api/providers/{address(200).lower()}"
    answer = (await service.get(f"{path}/record?weeks=2")).json()
    assert (len(answer["weeks"]), answer["score"]) == (2, None)
    assert (await service.get(f"{path}/delegators")).json() == {"items": []}


@pytest.mark.parametrize("query", ["weeks=0", "weeks=53", "weeks=x"])
async def test_a_question_out_of_bounds_is_refused(service: httpx.AsyncClient, query: str) -> None:
    answer = await service.get(f"/api/providers/{address(200)}/record?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "spec")
    assert (await service.get("/api/providers/0x12/record")).status_code == 422


async def test_books_that_do_not_balance_name_no_amounts(
    service: httpx.AsyncClient, store: IndexStore
) -> None:
    maker = Maker("a", 1)
    harvest(maker, 0, 5)  # nothing was earned
    index_blocks(store, [maker.made], "a", 1)
    answer = await service.get(f"/api/providers/{address(200)}/delegators")
    assert answer.json()["code"] == "internal.market.books"
