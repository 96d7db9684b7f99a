"""Sums of the index are those of the events, money to the wei, and empty where nothing was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.marketplace.market_events import (
    PRICE_WEI,
    SPEC,
    Maker,
    address,
    index_blocks,
    job_id,
    refund,
    settle,
    start,
    take,
)

from neurovoyance.chain import events as on_chain
from neurovoyance.marketplace.dapp.overview import DAY_S, Band, Overview, band_of
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.ids import hex_of

MODEL = hex_of(SPEC.model_id)
SETTLED_S = 1_000_000 + 12 * 3
"""When the third block of ``market_events`` is."""
ONE_PRICE = {key: str(PRICE_WEI) for key in ("p10_wei", "median_wei", "p90_wei")}
NOT_MEASURED = {"latency_s": None, "latency_p90_s": None, "latency_jobs": 0}
NO_PRICE = dict.fromkeys(ONE_PRICE)


@pytest.fixture
def overview(store: IndexStore, database: Database) -> Overview:
    """Five jobs of two providers: three settled, one refunded, one that nobody took."""
    first, taken, ended = (Maker("a", number) for number in (1, 2, 3))
    for who in range(2):
        start(first, who)
    for number in range(4):
        take(taken, number, number % 2)
    posted = (job_id(9), address(100), SPEC, b"\0" * 32, 10**18, 0, 9_000, "")
    taken.add(on_chain.JobPosted, *posted)
    for number in range(3):
        settle(ended, number, number % 2)
    refund(ended, 3, 1)
    index_blocks(store, [first.made, taken.made, ended.made], "a", 3)
    return Overview(database)


@given(st.lists(st.integers(0, 10**30), min_size=1))
def test_a_band_is_of_prices_that_were_paid_in_order(prices: list[int]) -> None:
    band = band_of(prices)
    assert band is not None
    assert {band.p10_wei, band.median_wei, band.p90_wei} <= set(prices)
    assert min(prices) <= band.p10_wei <= band.median_wei <= band.p90_wei <= max(prices)


def test_no_price_is_no_band() -> None:
    assert band_of([]) is None
    assert band_of(range(1, 102)) == Band(11, 51, 91)


def test_totals_count_the_last_day_by_the_clock_that_is_given(overview: Overview) -> None:
    totals = overview.totals(SETTLED_S + DAY_S - 1)
    assert (totals["providers"], totals["jobs"]) == (2, 5)
    assert (totals["jobs_live"], totals["jobs_settled"]) == (1, 3)
    assert totals["day"] == {"jobs_settled": 3, "paid_wei": str(3 * PRICE_WEI), **ONE_PRICE}
    later = overview.totals(SETTLED_S + DAY_S)
    assert later["jobs_settled"] == 3
    assert later["day"] == {"jobs_settled": 0, "paid_wei": "0", **NO_PRICE}


def test_a_model_counts_each_provider_once_and_no_absent_one(overview: Overview) -> None:
    (model,) = overview.models()
    assert model == {
        "model_id": MODEL,
        "jobs": 5,
        "jobs_settled": 3,
        "last_at_s": 1_000_000 + 12 * 2,
        "providers": 2,
        **ONE_PRICE,
        **NOT_MEASURED,
    }


def test_days_are_whole_and_without_gaps(overview: Overview) -> None:
    days = overview.days(SETTLED_S + 2 * DAY_S, 4)
    assert [day["day_s"] % DAY_S for day in days] == [0] * 4
    assert [day["jobs_posted"] for day in days] == [0, 5, 0, 0]
    assert [day["paid_wei"] for day in days] == ["0", str(3 * PRICE_WEI), "0", "0"]
    assert days[1]["jobs_settled"] == 3
    assert days[1]["median_wei"] == str(PRICE_WEI)
    assert days[2]["median_wei"] is None


def test_days_of_another_model_are_empty(overview: Overview) -> None:
    assert sum(day["jobs_posted"] for day in overview.days(SETTLED_S, 2, MODEL)) == 5
    assert sum(day["jobs_posted"] for day in overview.days(SETTLED_S, 2, "0x" + "ff" * 32)) == 0


def test_an_empty_index_has_zeros_and_no_prices(store: IndexStore, database: Database) -> None:
    overview = Overview(database)
    assert overview.totals(5)["day"] == {"jobs_settled": 0, "paid_wei": "0", **NO_PRICE}
    assert overview.models() == []
    assert [day["jobs_posted"] for day in overview.days(5 * DAY_S, 3)] == [0, 0, 0]
