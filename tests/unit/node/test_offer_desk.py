"""Requests for a price are answered by an offer that the chain takes, or by the reason for none."""

from __future__ import annotations

import asyncio

from tests.unit.node.conftest import CLIENT, OPERATOR, Station

from neurovoyance.protocol.ids import ZERO_ADDRESS, Address
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.offer_exchange import OfferReply, OfferRequest, RefusalCause
from neurovoyance.protocol.signing import recover_offer_signer
from neurovoyance.protocol.units import nvy


async def ask(
    station: Station, spec: JobSpec, *, client: str = CLIENT.address, price: str = "1"
) -> OfferReply:
    station.shell.time_s = await station.chain.time_s()
    request = OfferRequest(spec=spec, client=Address(client), max_price_wei=nvy(price), sources=[])
    return await station.desk.answer(request)


def cause_of(reply: OfferReply) -> RefusalCause | None:
    return reply.refusal.cause if reply.refusal else None


async def test_the_offer_is_signed_by_the_operator_and_taken_by_the_chain(
    station: Station,
) -> None:
    spec = await station.publish()
    reply = await ask(station, spec)
    assert reply.offer is not None, reply.refusal
    assert reply.signature is not None
    signer = recover_offer_signer(
        reply.offer,
        reply.signature,
        chain_id=station.chain.chain_id,
        market=station.chain.market,
    )
    assert signer == OPERATOR.address
    market = station.contracts.market
    await market.open(CLIENT, spec, bytes(32), reply.offer, reply.signature)
    job_id = await market.job_id_of(CLIENT.address, bytes(32), spec.spec_hash())
    assert await market.state_of(job_id) is JobState.ASSIGNED


async def test_asking_twice_promises_once_and_after_taking_promises_anew(station: Station) -> None:
    spec = await station.publish()
    first, second = await ask(station, spec), await ask(station, spec)
    assert first == second
    assert first.offer is not None
    await station.contracts.market.open(
        CLIENT, spec, bytes(32), first.offer, first.signature or b""
    )
    third = await ask(station, spec)
    assert third.offer is not None
    assert third.offer.nonce != first.offer.nonce


async def test_requests_at_once_share_no_room(station: Station) -> None:
    spec = await station.publish()
    clients = ["0x" + f"{number:02x}" * 20 for number in range(1, 6)]
    replies = await asyncio.gather(*(ask(station, spec, client=client) for client in clients))
    offers = [reply for reply in replies if reply.offer]
    assert len(offers) == 2, "one slot, and its commit deadline is twice the longest runtime"
    assert {cause_of(reply) for reply in replies if reply.refusal} == {RefusalCause.BUSY}


async def test_an_offer_to_anyone_is_not_handed_to_two(station: Station) -> None:
    spec = await station.publish()
    one = await ask(station, spec, client=ZERO_ADDRESS)
    two = await ask(station, spec, client=ZERO_ADDRESS)
    assert one.offer is not None
    assert two.offer is not None
    assert one.offer.nonce != two.offer.nonce


async def test_refusals_say_why(station: Station) -> None:
    spec = await station.publish()
    assert cause_of(await ask(station, spec, price="0.001")) is RefusalCause.PRICE
    long = spec.model_copy(update={"max_runtime_s": 14_000})
    assert cause_of(await ask(station, long)) is RefusalCause.TIME
    gone = spec.model_copy(update={"model_id": b"\x11" * 32})
    assert cause_of(await ask(station, gone)) is RefusalCause.UNREACHABLE
    other = await station.publish(model=b"\x00" * 99)
    assert cause_of(await ask(station, other)) is RefusalCause.MODEL
    assert station.journal.live_offers(0) == []


async def test_a_draining_node_promises_nothing(station: Station) -> None:
    spec = await station.publish()
    station.desk.is_draining = True
    assert cause_of(await ask(station, spec)) is RefusalCause.BUSY


async def test_room_counts_stake_and_live_promises(station: Station) -> None:
    spec = await station.publish()
    before = await station.desk.room()
    reply = await ask(station, spec)
    assert reply.offer is not None
    after = await station.desk.room()
    assert (before.promised, after.promised) == (0, 1)
    assert after.promised_wei == reply.offer.lock_wei
    assert before.free_stake_wei == after.free_stake_wei == before.own_stake_wei
