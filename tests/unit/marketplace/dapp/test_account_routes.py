"""Any well-formed address has a history, which may be empty; others are refused."""

from __future__ import annotations

import httpx
from tests.unit.marketplace.market_events import Maker, address, busy_market, harvest, index_blocks

from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.indexer.store import IndexStore


async def test_history_of_an_account_in_any_case(
    service: httpx.AsyncClient, store: IndexStore
) -> None:
    index_blocks(store, busy_market(2), "a", 3)
    path = f"/api/accounts/{address(100).lower()}"
    page = (await service.get(f"{path}/events?limit=2")).json()
    assert (len(page["items"]), page["next"] is None) == (2, False)
    assert page["items"][0]["time_s"] == 1_000_036
    assert (await service.get(f"{path}/delegations")).json() == {"items": []}


async def test_a_stranger_has_an_empty_history(service: httpx.AsyncClient) -> None:
    answer = await service.get(f"/api/accounts/{address(9_999)}/events")
    assert answer.json() == {"items": [], "next": None}
    assert (await service.get("/api/accounts/0x12/events")).status_code == 422


async def test_every_movement_is_a_download(service: httpx.AsyncClient, store: IndexStore) -> None:
    index_blocks(store, busy_market(2), "a", 3)
    answer = await service.get(f"/api/accounts/{address(100).lower()}/movements.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"movements-{address(100)}.csv" in answer.headers["content-disposition"]
    assert answer.text.startswith("time_utc,event,place,amount_nvy,")
    assert len(answer.text.splitlines()) > 3


async def test_books_that_do_not_balance_give_no_file(
    service: httpx.AsyncClient, store: IndexStore
) -> None:
    maker = Maker("a", 1)
    harvest(maker, 0, 5)  # nothing was earned
    index_blocks(store, [maker.made], "a", 1)
    answer = await service.get(f"/api/accounts/{address(200)}/movements.csv")
    assert answer.json()["code"] == "internal.market.books"


async def test_spending_is_by_the_clock_of_the_chain(
    service: httpx.AsyncClient, store: IndexStore, parts: Parts
) -> None:
    index_blocks(store, busy_market(2), "a", 3)
    parts.chain_time_s = lambda: 1_000_036 + 2 * 86_400
    answer = (await service.get(f"/api/accounts/{address(100).lower()}/spending")).json()
    assert set(answer) == {"day_wei", "week_wei", "live_jobs", "open_channels", "time_s"}
    assert answer["day_wei"] == "0" != answer["week_wei"], "it was two days ago"
    assert (await service.get("/api/accounts/0x12/spending")).status_code == 422
