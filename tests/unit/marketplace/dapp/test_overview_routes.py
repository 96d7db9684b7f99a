"""The routes about the whole network answer what is summed, and refuse what is no question."""

from __future__ import annotations

import httpx
import pytest
from tests.unit.marketplace.conftest import NOW_S
from tests.unit.marketplace.market_events import (
    SPEC,
    Maker,
    busy_market,
    harvest,
    index_blocks,
)

from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.dapp.samples import Sample
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.ids import hex_of

MODEL = hex_of(SPEC.model_id)
NOTHING_PAID = {"p10_wei": None, "median_wei": None, "p90_wei": None}


async def test_totals_tell_the_time_of_the_chain(
    service: httpx.AsyncClient, store: IndexStore, parts: Parts
) -> None:
    index_blocks(store, busy_market(3), "a", 3)
    parts.chain_time_s = lambda: NOW_S
    answer = (await service.get("/api/overview")).json()
    assert (answer["jobs"], answer["jobs_settled"], answer["time_s"]) == (3, 3, NOW_S)
    assert answer["day"] == {"jobs_settled": 0, "paid_wei": "0", **NOTHING_PAID}


async def test_models_and_days_are_lists(service: httpx.AsyncClient, store: IndexStore) -> None:
    index_blocks(store, busy_market(3), "a", 3)
    (model,) = (await service.get("/api/models")).json()["items"]
    assert (model["model_id"], model["jobs"], model["providers"]) == (MODEL, 3, 3)
    days = (await service.get("/api/days")).json()["items"]
    assert len(days) == 30
    asked: dict[str, str | int] = {"days": 2, "model_id": "0x" + MODEL[2:].upper()}
    assert len((await service.get("/api/days", params=asked)).json()["items"]) == 2


@pytest.mark.parametrize("query", ["days=0", "days=91", "days=many", "model_id=0x12", "model_id=x"])
async def test_a_question_out_of_bounds_names_its_field(
    service: httpx.AsyncClient, query: str
) -> None:
    answer = await service.get(f"/api/days?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "spec")
    assert query.split("=")[0] in str(answer.json())


async def test_samples_are_those_of_the_service(service: httpx.AsyncClient, parts: Parts) -> None:
    assert (await service.get("/api/samples")).json() == {"samples": []}
    one = Sample(
        model_id=MODEL, name="n", title="Try", about="", file_types=None, inputs={"x": "[1]"}
    )
    parts.dapp.samples = [one]
    assert (await service.get("/api/samples")).json() == {"samples": [one.model_dump()]}


async def test_weeks_name_what_was_burned_unless_the_books_stopped(
    service: httpx.AsyncClient, store: IndexStore, parts: Parts
) -> None:
    parts.chain_time_s = lambda: 40 * 604_800
    answer = (await service.get("/api/weeks?weeks=3")).json()
    assert (len(answer["items"]), answer["emission_wei"], answer["burned_wei"]) == (3, "0", "0")
    assert (await service.get("/api/weeks?weeks=105")).status_code == 422
    maker = Maker("a", 1)
    harvest(maker, 0, 5)  # nothing was earned
    index_blocks(store, [maker.made], "a", 1)
    assert (await service.get("/api/weeks")).json()["burned_wei"] is None
