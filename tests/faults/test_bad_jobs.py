"""Jobs that no careful node takes: each is refused with its cause before any stake is locked."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import aiohttp
import numpy as np
import pytest
from safetensors.numpy import save
from tests.faults.accounts import CLIENT, OWNER, assert_balanced, everybody_leaves
from tests.unit.node.content import publish, tiny_model
from tests.worlds import STAKE_WEI, World, nodes, world

from neurovoyance.chain.reverts import (
    JobMarketInsufficientFree,
    JobMarketNonceUsed,
    JobMarketOfferExpired,
    StakeManagerInsufficientFree,
)
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.offer_exchange import OfferReply, OfferRequest, RefusalCause
from neurovoyance.protocol.units import nvy

__all__ = ["nodes", "world"]


async def ask(world: World, spec: JobSpec, *, max_price: str = "1") -> OfferReply:
    request = OfferRequest(
        spec=spec,
        client=world.devnet.wallet(CLIENT).address,
        max_price_wei=nvy(max_price),
        sources=[world.source],
    )
    url = f"{world.node_url}/v1/offers"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=request.model_dump_json()) as response,
    ):
        return OfferReply.model_validate_json(await response.read())


async def with_input(world: World, spec: JobSpec, content: bytes) -> JobSpec:
    cid = await world.storage.add(content)
    await world.storage.pin(cid)
    await world.storage.provide(cid)
    return spec.model_copy(update={"input_cid": cid.to_bytes()})


def tensor(shape: tuple[int, ...], dtype: Any = np.float32, name: str = "x") -> bytes:
    return save({name: np.ones(shape, dtype)})


async def test_bad_models_and_inputs_are_refused_by_cause_and_lock_nothing(
    world: World, nodes: Callable
) -> None:
    await nodes()
    await world.wait_until_answering()
    good = await publish(world.storage)
    nobody_has = good.model_copy(update={"input_cid": b"\x01\x55\x12\x20" + b"\x77" * 32})
    cases: list[tuple[str, JobSpec, set[RefusalCause]]] = [
        ("garbage", await publish(world.storage, model=b"\x00garbage" * 999), {RefusalCause.MODEL}),
        ("truncated", await publish(world.storage, model=tiny_model()[:-40]), {RefusalCause.MODEL}),
        ("empty", await publish(world.storage, model=b""), {RefusalCause.MODEL}),
        ("shape", await with_input(world, good, tensor((2, 4))), {RefusalCause.INPUT}),
        ("dtype", await with_input(world, good, tensor((2, 3), np.float64)), {RefusalCause.INPUT}),
        ("name", await with_input(world, good, tensor((2, 3), name="z")), {RefusalCause.INPUT}),
        ("not tensors", await with_input(world, good, b"hello"), {RefusalCause.INPUT}),
        ("nobody has it", nobody_has, {RefusalCause.INPUT, RefusalCause.UNREACHABLE}),
        (
            "no manifest",
            good.model_copy(update={"model_id": b"\x66" * 32}),
            {RefusalCause.MODEL, RefusalCause.UNREACHABLE},
        ),
        (
            "not a CID",
            good.model_copy(update={"input_cid": b"\xff\xff\xff\xff\xff"}),
            {RefusalCause.SPEC, RefusalCause.INPUT},
        ),
    ]
    for name, spec, causes in cases:
        reply = await ask(world, spec)
        assert reply.refusal is not None, name
        assert reply.refusal.cause in causes, (name, reply.refusal)
        assert reply.refusal.message.endswith("."), name
    assert (await ask(world, good, max_price="0.000001")).refusal.cause is RefusalCause.PRICE  # type: ignore[union-attr]
    assert (await ask(world, good)).offer is not None, "the node still works"
    owner = world.devnet.wallet(OWNER).address
    assert (await world.contracts.stakes.stake_of(owner)).locked_wei == 0
    await everybody_leaves(world)


async def test_a_listing_whose_input_nobody_has_is_refunded(world: World, nodes: Callable) -> None:
    world.settings["fetch_timeout_s"] = 5.0
    process = await nodes()
    spec = await publish(world.storage)
    job_id = await world.post(
        spec.model_copy(update={"input_cid": b"\x01\x55\x12\x20" + b"\x77" * 32})
    )
    other = await world.post(spec)
    await world.wait_for(other, JobState.REVEALED, process=process)
    assert (await world.contracts.market.job(job_id)).state is JobState.OPEN
    await world.contracts.market.cancel(world.devnet.wallet(CLIENT), job_id)
    books = await everybody_leaves(world)
    assert books.jobs[job_id].refunded_wei == nvy("1")


async def test_offers_are_taken_once_and_in_time(world: World, nodes: Callable) -> None:
    await nodes()
    await world.wait_until_answering()
    client, market = world.devnet.wallet(CLIENT), world.contracts.market
    first = await publish(world.storage)
    reply = await ask(world, first)
    assert reply.offer is not None
    signature = reply.signature or b""
    await market.open(client, first, b"\1" * 32, reply.offer, signature)
    with pytest.raises(JobMarketNonceUsed) as used:
        await market.open(client, first, b"\2" * 32, reply.offer, signature)
    assert used.value.nonce == reply.offer.nonce

    second = first.model_copy(update={"max_runtime_s": 61})
    reply = await ask(world, second)
    assert reply.offer is not None
    await world.control.increase_time(700)
    with pytest.raises(JobMarketOfferExpired):
        await market.open(client, second, b"\3" * 32, reply.offer, reply.signature or b"")
    await everybody_leaves(world)


async def test_insufficient_balance_and_stake_are_refused_with_the_amounts(
    world: World, nodes: Callable
) -> None:
    market, client = world.contracts.market, world.devnet.wallet(CLIENT)
    spec = await publish(world.storage)
    free_wei = await market.free_of_wei(client.address)
    with pytest.raises(JobMarketInsufficientFree) as poor:
        await market.post(
            client,
            spec,
            bytes(32),
            max_price_wei=free_wei + 1,
            min_lock_wei=0,
            deadline_s=await world.chain.time_s() + 60,
        )
    assert (poor.value.free, poor.value.needed) == (free_wei, free_wei + 1)
    owner, operator = world.devnet.wallet(OWNER), world.devnet.wallet(2)
    job_id = await world.post(spec)
    with pytest.raises(StakeManagerInsufficientFree):
        await market.accept(
            operator,
            job_id,
            spec,
            world.salt.to_bytes(32, "big"),
            owner.address,
            price_wei=nvy("1"),
            lock_wei=STAKE_WEI + 1,
        )
    await world.contracts.stakes.request_unbonding(owner, STAKE_WEI - nvy("10"))
    await nodes()
    await world.wait_until_answering()
    reply = await ask(world, spec)
    assert reply.refusal is not None
    assert reply.refusal.cause is RefusalCause.STAKE
    assert (await market.job(job_id)).state is JobState.OPEN
    await assert_balanced(world)


async def test_a_full_disk_is_a_refusal_not_a_lost_job(world: World, nodes: Callable) -> None:
    world.settings["storage_bytes"] = 64 << 20
    await nodes()
    await world.wait_until_answering()
    spec = await publish(world.storage, model=Random(1).randbytes(70 << 20))
    reply = await ask(world, spec)
    assert reply.refusal is not None
    assert reply.refusal.cause is RefusalCause.DISK, reply.refusal
    assert (await ask(world, await publish(world.storage))).offer is not None
    await everybody_leaves(world)
