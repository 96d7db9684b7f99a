"""The standing offer says what is so, signed by the operator; slow carriers delay nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.unit.client.providers import served
from tests.unit.node.conftest import CLIENT, OPERATOR, OWNER, POLICY, Station

from neurovoyance.matching.exchange import OfferDropped
from neurovoyance.matching.offer_book import OfferBook, Standing
from neurovoyance.node.standing import (
    CHANGE_MIN_S,
    STANDING_PATH,
    VALID_S,
    HttpSink,
    StandingDuty,
)
from neurovoyance.protocol.errors import NeurovoyanceError, Unreachable
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.offer_exchange import OfferRequest
from neurovoyance.protocol.standing_offers import SignedStandingOffer, parse_standing_offer
from neurovoyance.protocol.units import nvy

URL = "http://127.0.0.1:8420"


class Sink:
    """Keeps what it gets; ``error`` refuses it."""

    error: Exception | None = None

    def __init__(self) -> None:
        self.got: list[SignedStandingOffer] = []
        self.arrived = asyncio.Event()

    async def publish(self, signed: SignedStandingOffer) -> None:
        self.arrived.set()
        if self.error:
            raise self.error
        self.got.append(signed)


def duty_of(station: Station, *sinks: Sink) -> StandingDuty:
    return StandingDuty(station.chain, station.desk, endpoint=URL, sinks=sinks)


async def test_the_offer_says_what_is_so_and_a_book_takes_it(station: Station) -> None:
    duty, now_s = duty_of(station), await station.chain.time_s()
    station.desk.held.note(b"\x01" * 32, 55)
    await duty.sweep(now_s)
    assert duty.current is not None
    offer = duty.current.offer
    assert (offer.provider, offer.endpoint) == (OWNER.address, URL)
    assert offer.base_price_wei == POLICY.base_price_wei
    assert offer.devices[0].per_second_wei == POLICY.price_per_second_wei
    assert (offer.slots, offer.occupied, offer.held[0].load_ms) == (1, 0, 55)
    book = OfferBook(chain_id=station.chain.chain_id, market=station.chain.market, min_stake_wei=1)
    facts = Standing(Address(OPERATOR.address), 1, 1)
    assert book.admit(duty.current, facts, now_s) is None


async def test_it_is_renewed_when_it_changes_or_ages_and_not_more_often(station: Station) -> None:
    duty, now_s = duty_of(station), await station.chain.time_s()
    await duty.sweep(now_s)
    first = duty.current
    await duty.sweep(now_s + CHANGE_MIN_S)
    assert duty.current is first
    spec = await station.publish()
    station.shell.time_s = now_s
    request = OfferRequest(
        spec=spec, client=Address(CLIENT.address), max_price_wei=nvy("1"), sources=[]
    )
    assert (await station.desk.answer(request)).offer is not None
    await duty.sweep(now_s + CHANGE_MIN_S - 1)
    assert duty.current is first
    await duty.sweep(now_s + CHANGE_MIN_S)
    second = duty.current
    assert first is not None
    assert second is not None
    assert second.offer.occupied == 1
    assert [item.model_id for item in second.offer.held] == [spec.model_id]
    assert second.offer.seq > first.offer.seq
    await duty.sweep(now_s + CHANGE_MIN_S + VALID_S // 2)
    assert duty.current is not second


async def test_numbers_go_on_after_a_start_even_with_a_new_journal(station: Station) -> None:
    now_s = await station.chain.time_s()
    numbers = []
    for _ in range(2):
        duty = duty_of(station)
        await duty.sweep(now_s)
        assert duty.current is not None
        numbers.append(duty.current.offer.seq)
    assert numbers == [now_s, now_s + 1]


async def test_a_paused_node_says_that_it_is_full(station: Station) -> None:
    duty = duty_of(station)
    station.desk.is_paused = True
    await duty.sweep(await station.chain.time_s())
    assert duty.current is not None
    assert duty.current.offer.occupied == 2 * duty.current.offer.slots


async def test_a_stopping_node_offers_nothing(station: Station) -> None:
    duty = duty_of(station)
    await duty.sweep(await station.chain.time_s())
    assert duty.live() == 1
    station.desk.is_draining = True
    await duty.sweep(await station.chain.time_s())
    assert (duty.current, duty.live()) == (None, 0)


async def test_every_sink_gets_it_and_one_that_fails_harms_no_other(
    station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = Sink(), Sink()
    bad.error = Unreachable("away")
    duty, now_s = duty_of(station, bad, good), await station.chain.time_s()
    with caplog.at_level("INFO"):
        for turn in range(2):
            bad.arrived.clear()
            good.arrived.clear()
            await duty.sweep(now_s + turn * VALID_S)
            await asyncio.wait_for(asyncio.gather(bad.arrived.wait(), good.arrived.wait()), 5)
    assert len(good.got) == duty.published == 2
    assert sum("offer_not_published" in record.getMessage() for record in caplog.records) == 1
    await duty.close()


@pytest.fixture
async def service() -> AsyncIterator[tuple[list[bytes], list[int], str]]:
    bodies: list[bytes] = []
    status = [201]

    async def take(request: Request) -> Response:
        bodies.append(await request.body())
        return Response(status_code=status[0])

    route = Route(STANDING_PATH, take, methods=["POST"])
    async with served(Starlette(routes=[route])) as url:
        yield bodies, status, url


async def test_the_http_sink_posts_the_signed_bytes(
    station: Station, service: tuple[list[bytes], list[int], str]
) -> None:
    bodies, status, url = service
    duty = duty_of(station)
    await duty.sweep(await station.chain.time_s())
    assert duty.current is not None
    await HttpSink(url, True).publish(duty.current)
    assert parse_standing_offer(bodies[0]) == duty.current
    for code, error in ((422, OfferDropped), (500, Unreachable), (302, Unreachable)):
        status[0] = code
        with pytest.raises(error):
            await HttpSink(url, True).publish(duty.current)
    with pytest.raises(Unreachable, match="does not answer"):
        await HttpSink("http://127.0.0.1:9", True).publish(duty.current)
    count = len(bodies)
    with pytest.raises(NeurovoyanceError):
        await HttpSink(url, False).publish(duty.current)
    assert len(bodies) == count
