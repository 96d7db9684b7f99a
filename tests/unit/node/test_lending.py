"""A volunteer works for one wei, for listed clients alone, and the chain shows every gift."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.unit.node.conftest import CLIENT, OTHER, POLICY, Station
from tests.unit.node.content import publish_certified
from tests.unit.node.test_agent import reached, running

from neurovoyance.node.execution_values import Phase, Terms
from neurovoyance.node.lending import VOLUNTEER_PRICE_WEI, Lend, Lending, credit_of
from neurovoyance.node.offering import QUEUE_DEPTH, PricePolicy, quote
from neurovoyance.node.standing import StandingDuty
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.offer_exchange import OfferRequest, Refusal, RefusalCause
from neurovoyance.protocol.units import UINT96_MAX, nvy

SPEC = JobSpec(model_id=bytes(32), input_cid=b"\x01\x55\x12\x20", max_runtime_s=60)
LISTED, STRANGER = Address(CLIENT.address), Address(OTHER.address)


def volunteer() -> PricePolicy:
    return replace(POLICY, lending=Lending(Lend.VOLUNTEER, frozenset({LISTED})))


def test_a_volunteer_asks_one_wei_and_locks_by_the_same_rule() -> None:
    assert quote(volunteer(), SPEC, 1, 0, LISTED) == Terms(1, POLICY.lock_multiple)


def test_nobody_else_is_served_whatever_they_pay() -> None:
    for client in (STRANGER, ZERO_ADDRESS):
        found = quote(volunteer(), SPEC, UINT96_MAX, 0, client)
        assert isinstance(found, Refusal)
        assert found.cause is RefusalCause.CLIENT


def test_switching_back_brings_the_price_list_back() -> None:
    policy = volunteer()
    policy.lending.mode = Lend.PAID
    terms = quote(policy, SPEC, nvy("1"), 0, STRANGER)
    assert isinstance(terms, Terms)
    assert terms.price_wei > VOLUNTEER_PRICE_WEI


async def test_a_gift_is_a_settled_job_that_anybody_can_look_up(station: Station) -> None:
    lending = station.desk.policy.lending
    assert lending is station.work.policy.lending, "one switch for every part"
    lending.public_clients = frozenset({LISTED})
    spec = await station.publish()
    held = await station.post(spec)
    try:
        async with running(station):
            # Checked at the paid price, then the owner changes their mind: not taken.
            station.desk.is_paused = True
            await reached(station, held, Phase.HELD)
            lending.mode = Lend.VOLUNTEER
            station.desk.is_paused = False
            given = await station.post(spec, max_price_wei=VOLUNTEER_PRICE_WEI)
            await reached(station, given, Phase.REVEALED)
            await station.control.increase_time(601)
            await reached(station, given, Phase.ENDED)
    finally:
        lending.mode, lending.public_clients = Lend.PAID, frozenset()
    assert await station.contracts.market.state_of(given) is JobState.SETTLED
    assert (await station.contracts.market.job(given)).price_wei == VOLUNTEER_PRICE_WEI
    assert await station.contracts.market.state_of(held) is JobState.OPEN
    credit = credit_of(station.journal.settled())
    assert credit.jobs == (given,)
    assert credit.allowed_s == spec.max_runtime_s


async def test_an_offer_to_a_listed_client_names_it(station: Station) -> None:
    station.desk.policy = volunteer()
    spec = await station.publish()
    request = OfferRequest(spec=spec, client=LISTED, max_price_wei=1, sources=[])
    reply = await station.desk.answer(request)
    assert reply.offer is not None
    assert (reply.offer.price_wei, reply.offer.client) == (1, LISTED)
    reply = await station.desk.answer(request.model_copy(update={"client": STRANGER}))
    assert reply.refusal is not None
    assert reply.refusal.cause is RefusalCause.CLIENT


async def test_while_the_owner_is_there_nothing_is_taken_and_after_it_is(station: Station) -> None:
    spec = await station.publish()
    station.agent.set_paused(True)
    async with running(station):
        job_id = await station.post(spec)
        block = await station.contracts.client.block_number()
        async with asyncio.timeout(60):
            while job_id not in station.watch._posted:
                await asyncio.sleep(0.02)
        assert job_id not in station.shell, f"posted by block {block}, seen, not begun"
        request = OfferRequest(spec=spec, client=LISTED, max_price_wei=nvy("1"), sources=[])
        reply = await station.desk.answer(request)
        assert reply.refusal is not None
        assert reply.refusal.cause is RefusalCause.BUSY
        station.agent.set_paused(False)
        async with asyncio.timeout(60):
            while job_id not in station.shell:
                await asyncio.sleep(0.02)
        await reached(station, job_id, Phase.REVEALED)


async def test_courts_take_a_gift_as_they_take_any_job(court_station: Station) -> None:
    spec = await publish_certified(court_station.storage)
    terms = quote(volunteer(), spec, 1, 0, LISTED)
    assert isinstance(terms, Terms)
    assert await court_station.chain.refusal_of_audit(spec, terms) is None


async def test_a_volunteer_announces_no_price_to_strangers(station: Station) -> None:
    duty = StandingDuty(station.chain, station.desk, endpoint="http://127.0.0.1:1")
    assert duty._facts()["occupied"] == 0
    station.desk.policy = volunteer()
    facts = duty._facts()
    assert facts["occupied"] >= QUEUE_DEPTH * facts["slots"], "matching leaves out who is full"
