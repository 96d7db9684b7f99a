"""A real node as its own process on a devnet: from a posted job to settlement."""

from __future__ import annotations

import asyncio
import signal

import aiohttp
from tests.unit.node.content import publish, tiny_model
from tests.worlds import (
    FUNDS_WEI,
    WAIT_S,
    Start,
    World,
    check_result,
    finish,
    free_port,
    nodes,
    world,
)

from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.offer_exchange import OfferReply, OfferRequest
from neurovoyance.protocol.units import nvy

__all__ = ["nodes", "world"]


async def test_a_posted_job_is_computed_revealed_and_settled(world: World, nodes: Start) -> None:
    world.settings["metrics_port"] = metrics_port = free_port()
    spec = await publish(world.storage)
    process = await nodes()
    job_id = await world.post(spec)
    await world.wait_for(job_id, JobState.REVEALED, process=process)
    await check_result(world, job_id)
    await finish(world, job_id, process)
    await check_metrics(f"http://127.0.0.1:{metrics_port}/metrics")

    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), WAIT_S) == 0, world.log()
    owner = world.devnet.wallet(1).address
    price_wei = 10**16 + 60 * 10**15
    assert await world.contracts.token.balance_of_wei(owner) == price_wei, "harvested on stop"
    assert (await world.contracts.stakes.stake_of(owner)).locked_wei == 0
    for secret in (bytes(world.devnet.wallet(2).account.key).hex(), "result_key"):
        assert secret not in world.log()


async def check_metrics(url: str) -> None:
    """The node tells of its job: settled, paid, and how long it computed."""
    async with asyncio.timeout(WAIT_S), aiohttp.ClientSession() as session:
        text = ""
        # The node reads the settlement of the chain a moment later.
        while 'jobs_ended{outcome="settled"} 1.0' not in text:
            async with session.get(url) as response:
                text = await response.text()
    for line in (
        'neurovoyance_node_income_nvy{reason="job"} 0.07',
        'neurovoyance_node_phase_seconds_count{phase="running"} 1.0',
        'neurovoyance_node_device_executions{device="cpu"} 0.0',
        'neurovoyance_node_paused{device="cpu",reason="paused by hand"} 0.0',
    ):
        assert line in text.splitlines(), line


async def test_a_job_opened_with_a_signed_offer_is_settled(world: World, nodes: Start) -> None:
    spec = await publish(world.storage)
    process = await nodes()
    status = await world.wait_until_answering()
    assert status["chain_id"] == 31337
    client = world.devnet.wallet(3)
    request = OfferRequest(
        spec=spec, client=client.address, max_price_wei=nvy("1"), sources=[world.source]
    )
    async with aiohttp.ClientSession() as session:
        replies = []
        for _ in range(2):
            async with session.post(
                f"{world.node_url}/v1/offers", data=request.model_dump_json()
            ) as response:
                replies.append(OfferReply.model_validate_json(await response.read()))
    assert replies[0] == replies[1], "asking twice promises once"
    reply = replies[0]
    assert reply.offer is not None, reply.refusal
    salt = b"\x05" * 32
    await world.contracts.market.open(client, spec, salt, reply.offer, reply.signature or b"")
    job_id = await world.contracts.market.job_id_of(client.address, salt, spec.spec_hash())
    await world.wait_for(job_id, JobState.REVEALED, process=process)
    await check_result(world, job_id)
    await world.contracts.market.confirm(client, job_id)
    await world.wait_for(job_id, JobState.SETTLED, process=process)


async def test_a_non_finite_output_is_declared_invalid_and_refunded(
    world: World, nodes: Start
) -> None:
    spec = await publish(world.storage, model=tiny_model(log=True))
    process = await nodes()
    job_id = await world.post(spec)
    await world.wait_for(job_id, JobState.INVALID, process=process)
    client = world.devnet.wallet(3).address
    assert await world.contracts.market.free_of_wei(client) == FUNDS_WEI
