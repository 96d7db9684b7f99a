"""The service takes in sound standing offers, ranks them, and ranks offers for one job."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.marketplace.conftest import JOBS
from tests.unit.protocol.made_offers import CHAIN_ID, MARKET, NOW_S, account, owner, signed

from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.api.quoting import QuoteRequest
from neurovoyance.marketplace.matching import (
    StandingMarket,
    rank_published,
    record_of,
    records_in,
    table,
)
from neurovoyance.matching.candidates import Cause, Wanted
from neurovoyance.matching.exchange import OfferDropped, OfferSink, OfferSource
from neurovoyance.matching.offer_book import OfferBook, Standing
from neurovoyance.matching.presets import Preset
from neurovoyance.matching.reliability import Record
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.units import nvy

SPEC = JobSpec(model_id=b"\x11" * 32, input_cid=b"\x01" * 36, job_class=JobClass.TENSOR)


def market(
    stake_wei: int = nvy("100"), index: dict[str, dict[str, int]] | None = None
) -> StandingMarket:
    operators = {owner(number): account(number).address for number in (1, 2, 3)}

    async def read_standing(provider: str) -> Standing:
        return Standing(Address(operators[provider]), stake_wei, stake_wei)

    book = OfferBook(chain_id=CHAIN_ID, market=MARKET, min_stake_wei=nvy("10"))
    index = index or {}

    def read_records() -> dict[str, Record]:
        return {name: record_of(counted) for name, counted in index.items()}

    return StandingMarket(book, read_standing, lambda: NOW_S, read_records, lambda: repr(index))


async def test_it_is_a_sink_and_a_source() -> None:
    made = market()
    sink: OfferSink = made
    source: OfferSource = made
    await sink.publish(signed(1))
    assert list(await source.offers()) == [signed(1)]


@pytest.mark.parametrize(
    ("raw", "stake_wei", "cause"),
    [
        (b"x" * 20_000, nvy("100"), "oversized"),
        (b"{}", nvy("100"), "malformed"),
        (signed(1, by=2).wire_bytes(), nvy("100"), "signature"),
        (signed(1).wire_bytes(), nvy("9"), "unstaked"),
    ],
)
async def test_what_is_dropped_says_why(raw: bytes, stake_wei: int, cause: str) -> None:
    made = market(stake_wei)
    with pytest.raises(OfferDropped) as caught:
        await made.take(raw)
    assert caught.value.context["cause"] == cause
    assert made.book.dropped.total() == 1


async def test_the_ranking_follows_the_newest_offers() -> None:
    made = market()
    wanted = Wanted.of(SPEC, nvy("1"))
    assert (await made.rank(wanted, Preset.CHEAPEST)).best is None
    for number in (1, 2, 3):
        await made.publish(signed(number, base_price_wei=str(nvy("0.01") * number)))
    first = (await made.rank(wanted, Preset.CHEAPEST)).ranked
    assert [one.provider for one in first] == [owner(1), owner(2), owner(3)]
    await made.publish(signed(3, seq=2, base_price_wei="1"))
    best = (await made.rank(wanted, Preset.CHEAPEST)).best
    assert best is not None
    assert best.provider == owner(3)
    dear = await made.rank(Wanted.of(SPEC, 1), Preset.CHEAPEST)
    assert dear.counts == {Cause.PRICE: 3}
    assert table(dear)["summary"] == "0 of 3: 3 price"
    assert len(table(dear)["rows"]) == 3


def published(number: int, price: str, client: str = ZERO_ADDRESS) -> dict[str, Any]:
    return {
        "offer_id": f"0x{number:064x}",
        "provider": owner(number),
        "client": client,
        "price_wei": str(nvy(price)),
        "lock_wei": str(20 * nvy(price)),
    }


def request(preset: str = "cheapest") -> QuoteRequest:
    return QuoteRequest(spec=SPEC, client=owner(9), max_price_wei=nvy("1"), preset=preset)


def test_published_offers_are_ranked_with_reasons() -> None:
    offers = [
        published(1, "0.5"),
        published(2, "0.4", owner(9)),
        published(3, "2"),
        published(4, "0.1", owner(8)),
    ]
    reply = rank_published(request(), offers, {})
    assert [item["provider"] for item in reply.ranked] == [owner(2), owner(1)]
    assert reply.ranked[0]["rank"] == 1
    assert "0.1 NVY cheaper" in reply.ranked[0]["reasons"][0]
    assert reply.refused == {
        offers[2]["offer_id"]: "asks 2 NVY, at most 1 NVY is paid",
        offers[3]["offer_id"]: "is made to another client",
    }


def test_the_index_tells_the_record() -> None:
    offers = [published(1, "0.5"), published(2, "0.5")]
    known = {owner(2): {"jobs_settled": 90, "jobs_failed": 1}}
    reply = rank_published(request("reliable"), offers, known)
    assert reply.ranked[0]["provider"] == owner(2)
    with pytest.raises(SpecError, match="preset"):
        rank_published(request("best"), offers, known)


CLEAN = {"jobs_settled": 90}
STAINED = {"jobs_settled": 90, "jobs_failed": 2, "jobs_missed": 1, "slashes": 3}
TOLD = "90 of 92 jobs delivered, 1 deadline missed, slashed 3 times"


def test_slashes_and_missed_jobs_of_the_index_put_a_published_offer_behind() -> None:
    known = {owner(1): STAINED, owner(2): CLEAN}
    # The stained one is a little cheaper, which counts little where reliability counts most.
    reply = rank_published(request("reliable"), [published(1, "0.49"), published(2, "0.5")], known)
    assert [item["provider"] for item in reply.ranked] == [owner(2), owner(1)]
    assert any(TOLD in reason for reason in reply.ranked[1]["reasons"])


async def test_standing_offers_are_ranked_by_the_records_of_the_index() -> None:
    index = {owner(1): CLEAN, owner(2): CLEAN, owner(3): CLEAN}
    made, wanted = market(index=index), Wanted.of(SPEC, nvy("1"))
    for number in (1, 2, 3):
        await made.publish(signed(number))
    assert len((await made.table(wanted, Preset.RELIABLE))["rows"]) == 3
    for number in (1, 2, 3):  # whoever it is, and without a new offer
        others = [owner(other) for other in (1, 2, 3) if other != number]
        index.update({owner(number): STAINED} | dict.fromkeys(others, CLEAN))
        last = (await made.table(wanted, Preset.RELIABLE))["rows"][-1]
        assert last["provider"] == owner(number)
        assert any(TOLD in reason for reason in last["reasons"])


async def test_changes_of_offers_outlive_an_index_that_cannot_be_read() -> None:
    made, wanted = market(), Wanted.of(SPEC, nvy("1"))
    await made.publish(signed(1))
    readable, made._read_records = made._read_records, lambda: {}["gone"]
    with pytest.raises(KeyError):
        await made.rank(wanted, Preset.CHEAPEST)
    made._read_records = readable
    best = (await made.rank(wanted, Preset.CHEAPEST)).best
    assert best is not None
    assert best.provider == owner(1)


async def test_the_listing_is_kept_until_an_offer_changes() -> None:
    made = market()
    assert json.loads((await made.listing()).body) == {"offers": []}
    await made.publish(signed(1))
    first = await made.listing()
    assert await made.listing() is first
    await made.publish(signed(2))
    told = json.loads((await made.listing()).body)["offers"]
    assert sorted(item["offer"]["provider"] for item in told) == sorted([owner(1), owner(2)])


def test_an_index_tells_the_record_of_everybody(parts: Parts) -> None:
    records = records_in(parts.reading)()
    assert sum(record.ok for record in records.values()) == JOBS
    assert {record.faults for record in records.values()} == {0}
