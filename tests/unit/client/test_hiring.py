"""Money is put in place once, a job is sent once, and nothing is sent that cannot be paid."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.client import hiring
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.journal import Status
from neurovoyance.client.models import PublishedModel
from neurovoyance.protocol.errors import InsufficientFunds
from neurovoyance.protocol.lifecycle import JobState

from .providers import PRICE_WEI, Provider

X = np.ones((1, 3), np.float32)


async def test_only_what_is_missing_is_deposited_and_it_is_said_first(
    client: AsyncClient, model: PublishedModel
) -> None:
    market, session = client.session.contracts.market, client.session
    free_wei = await market.free_of_wei(session.address)
    told: list[int] = []
    price_wei = free_wei + 5 * PRICE_WEI
    job = await client.submit(
        model, {"x": X}, hire="listing", max_price_wei=price_wei, on_deposit=told.append
    )
    assert told == [5 * PRICE_WEI]
    assert await market.free_of_wei(session.address) == 0
    await job.cancel()
    again = await client.submit(
        model, {"x": X}, hire="listing", max_price_wei=price_wei, on_deposit=told.append
    )
    assert told == [5 * PRICE_WEI]
    await again.cancel()


async def test_job_and_deposit_are_one_transaction_that_is_sent_once(
    client: AsyncClient, model: PublishedModel
) -> None:
    market, session = client.session.contracts.market, client.session
    price_wei = await market.free_of_wei(session.address) + PRICE_WEI

    async def sent() -> int:
        count = await session.chain.rpc.request(
            "eth_getTransactionCount", [session.address, "latest"]
        )
        return int(str(count), 16)

    before = await sent()
    job = await client.submit(model, {"x": X}, hire="listing", max_price_wei=price_wei)
    assert await sent() == before + 1
    # As after a crash: what was written down last is only planned.
    session.journal.set_status(job.current.job_id, Status.PLANNED)
    await hiring.send_attempt(session, job.current)
    assert await sent() == before + 1
    assert await market.free_of_wei(session.address) == 0
    assert job.current.status is Status.HIRED
    await job.cancel()


async def test_more_than_the_wallet_holds_is_refused_before_anything_is_sent(
    client: AsyncClient, model: PublishedModel
) -> None:
    with pytest.raises(InsufficientFunds, match="Nothing was sent"):
        await client.submit(model, {"x": X}, hire="listing", max_price_wei=10**24)
    assert next(job.current.status for job in await client.jobs()) is Status.VOID


async def test_sending_an_attempt_again_changes_nothing(
    client: AsyncClient, model: PublishedModel
) -> None:
    job = await client.submit(model, {"x": X}, hire="listing", max_price_wei=PRICE_WEI)
    market = client.session.contracts.market
    free_wei = await market.free_of_wei(client.session.address)
    await hiring.send_attempt(client.session, job.current)
    assert await market.free_of_wei(client.session.address) == free_wei
    assert await job.state() is JobState.OPEN
    await job.cancel()


async def test_jobs_submitted_at_once_do_not_share_a_deposit(
    client: AsyncClient, model: PublishedModel
) -> None:
    jobs = await asyncio.gather(
        *(
            client.submit(model, {"x": X + n}, hire="listing", max_price_wei=PRICE_WEI)
            for n in range(3)
        )
    )
    assert [await job.state() for job in jobs] == [JobState.OPEN] * 3
    for job in jobs:
        await job.cancel()


async def test_an_offer_that_lapsed_is_asked_for_again(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    quote = await client.quote(model, {"x": X})
    taken = quote.offers[0]
    assert taken.offer is not None
    owner = next(p for p in providers if p.address == taken.offer.provider)
    await client.session.contracts.market.revoke_nonce(
        owner.operator, owner.address, taken.offer.nonce
    )
    from neurovoyance.chain.reverts import JobMarketNonceUsed

    with pytest.raises(JobMarketNonceUsed):
        await client.submit(
            model, {"x": X}, quote=type(quote)(answers=(taken,)), max_price_wei=PRICE_WEI
        )
    assert (await client.jobs())[0].current.status is Status.VOID


async def test_the_client_is_the_devnets_account(client: AsyncClient) -> None:
    assert client.session.address == devnet_wallet(1).address
