"""Events lead to executions for the jobs that concern this node, and to none for the others."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from tests.unit.node.conftest import CLIENT, OWNER, Station

from neurovoyance.chain.reverts import JobMarketJobExists
from neurovoyance.node.execution_values import Outcome, Phase
from neurovoyance.node.journal import OfferRecord
from neurovoyance.node.offering import OfferSigner
from neurovoyance.protocol.ids import Address, JobId
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.lifecycle import JobState

WAIT_S = 90.0


async def until(station: Station, job_id: JobId, phase: Phase) -> None:
    live = next(item for item in station.shell if item.job.job_id == job_id)
    async with asyncio.timeout(WAIT_S):
        await station.shell.wait_until(lambda: live.execution.phase is phase)


async def opened(station: Station, spec: JobSpec) -> JobId:
    """Take a signed offer as the client does."""
    signer = OfferSigner(
        Address(OWNER.address),
        station.chain.wallet.account,
        station.chain.chain_id,
        station.chain.market,
        station.journal,
    )
    terms = station.desk.policy.terms(spec)
    time_s = await station.chain.time_s()
    offer, signature = signer.sign(spec, Address(CLIENT.address), terms, time_s)
    market = station.contracts.market
    await market.open(CLIENT, spec, b"\x07" * 32, offer, signature)
    return await market.job_id_of(CLIENT.address, b"\x07" * 32, spec.spec_hash())


async def test_a_listing_that_pays_enough_becomes_an_execution(station: Station) -> None:
    job_id = await station.post(await station.publish())
    await station.handle_events()
    assert job_id in station.shell


async def test_a_listing_that_pays_too_little_is_counted_and_left(station: Station) -> None:
    job_id = await station.post(await station.publish(), max_price_wei=1)
    await station.handle_events()
    assert job_id not in station.shell
    assert station.watch.refused == {"price": 1}


async def test_a_draining_node_looks_at_no_new_listing(station: Station) -> None:
    station.watch.is_draining = True
    job_id = await station.post(await station.publish())
    await station.handle_events()
    assert job_id not in station.shell


async def test_a_listing_cancelled_before_it_was_read_is_left(station: Station) -> None:
    job_id = await station.post(await station.publish())
    await station.contracts.market.cancel(CLIENT, job_id)
    await station.handle_events()
    assert job_id not in station.shell


async def test_a_taken_offer_is_run_and_stops_counting_as_a_promise(station: Station) -> None:
    job_id = await opened(station, await station.publish())
    assert len(station.journal.live_offers(station.shell.time_s)) == 1
    await station.handle_events()
    assert station.journal.live_offers(station.shell.time_s) == []
    await until(station, job_id, Phase.COMMITTED)


async def test_our_own_acceptance_of_a_listing_uses_up_no_offer(station: Station) -> None:
    spec = await station.publish()
    terms = station.desk.policy.terms(spec)
    job_id = await station.post(spec)
    record = OfferRecord(1, CLIENT.address, spec.spec_hash(), 1, terms.lock_wei, 2**40)
    station.journal.add_offer(record)
    await station.contracts.market.accept(
        station.chain.wallet,
        job_id,
        spec,
        station.posted[job_id].salt,
        OWNER.address,
        price_wei=1,
        lock_wei=terms.lock_wei,
    )
    await station.handle_events()
    assert job_id in station.shell, "accepted by another process of this provider"
    assert station.journal.live_offers(0) == [record]


async def test_a_batch_handled_twice_changes_nothing_more(station: Station) -> None:
    job_id = await opened(station, await station.publish())
    station.shell.time_s = await station.chain.time_s()
    batch = await station.cursor.read()
    await station.watch.handle(batch.items)
    await station.watch.handle(batch.items)
    await until(station, job_id, Phase.COMMITTED)
    runs = [line.action.value for line in station.journal.instructions(job_id)]
    assert runs == ["run", "commit"]


async def test_a_drawn_seed_is_remembered(station: Station) -> None:
    job_id = await opened(station, await station.publish())
    await station.handle_events()
    await until(station, job_id, Phase.COMMITTED)
    await station.control.mine(3)
    await station.contracts.market.draw(CLIENT, job_id)
    await station.handle_events()
    assert len(station.journal.seeds(job_id)) == 1
    await until(station, job_id, Phase.REVEALED)


async def test_a_reorganisation_that_takes_a_listing_back_ends_it_and_it_may_return(
    station: Station,
) -> None:
    spec = await station.publish()
    await station.handle_events()
    snapshot = await station.control.snapshot()
    job_id = await station.post(spec)
    await station.handle_events()
    await until(station, job_id, Phase.HELD)
    height = await station.contracts.client.block_number()
    await station.control.revert(snapshot)
    # Longer than the chain that it replaces: the devnet mines by the clock, and a shorter one is
    # taken for an endpoint that lags.
    await station.control.mine(2 + height - await station.contracts.client.block_number())
    await station.handle_events()
    live = next(iter(station.shell))
    assert live.execution.outcome is Outcome.VANISHED

    station.salt -= 1
    with suppress(JobMarketJobExists):
        # The client's own sender puts back what was undone, before or instead of this.
        await station.post(spec)
    await station.handle_events()
    await until(station, job_id, Phase.HELD)
    assert live.execution.view.stored is JobState.OPEN


async def test_a_spec_that_this_software_refuses_is_ignored(station: Station) -> None:
    spec = await station.publish()
    # The contract takes any class number below four and any CID bytes; so do posts by strangers.
    odd = spec.model_copy(update={"input_cid": b"\x01\x02\x03\x04"})
    job_id = await station.post(odd)
    await station.handle_events()
    await until(station, job_id, Phase.ENDED)
    live = next(iter(station.shell))
    assert live.execution.outcome is Outcome.DECLINED
    assert live.execution.refusal is not None
    assert live.execution.refusal.cause.value == "spec"
