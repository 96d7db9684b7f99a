"""A client drives its job to a result or a refund, whatever the provider does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.errors import JobRefunded, ResultMismatch, StillRunning
from neurovoyance.client.jobs import AsyncJob
from neurovoyance.client.journal import Status
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.opening import open_from_profile
from neurovoyance.client.phases import Phase, PhaseUpdate
from neurovoyance.client.slots import HANDED_BACK
from neurovoyance.protocol.errors import RequestError
from neurovoyance.protocol.lifecycle import JobState

from .providers import PRICE_WEI, Provider, output_of

X = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


async def listed(client: AsyncClient, model: PublishedModel, **terms: object) -> AsyncJob:
    return await client.submit(
        model, {"x": X}, hire="listing", max_price_wei=2 * PRICE_WEI, **terms
    )


async def test_a_listed_job_is_checked_confirmed_and_paid(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    seen: list[PhaseUpdate] = []
    job = await listed(client, model)
    await providers[0].accept(job.current.job_id)
    waiting = asyncio.create_task(job.wait(seen.append))
    await providers[0].deliver(job.current.job_id, output_of(X))
    receipt = await waiting
    assert (await job.result())["y"].tolist() == [[6.0], [15.0]]
    assert receipt["state"] == "Settled"
    assert receipt["paid_wei"] == receipt["refunded_wei"] == str(PRICE_WEI)
    phases = [update.phase for update in seen]
    assert phases[-3:] == [Phase.REVEALED, Phase.CHECKED, Phase.SETTLED]
    assert seen[-1].tx_hash.startswith("0x")
    assert job.current.status is Status.SETTLED


async def test_an_offer_is_taken_and_the_job_is_done(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    providers[0].price_wei *= 2
    job = await client.submit(model, {"x": X})
    assert await job.assigned() == providers[1].address
    await providers[1].deliver(job.current.job_id, output_of(X))
    assert (await job.wait())["paid_wei"] == str(PRICE_WEI)


async def test_without_confirmation_the_window_runs(
    client: AsyncClient,
    providers: list[Provider],
    model: PublishedModel,
) -> None:
    job = await listed(client, model, confirm="never")
    await providers[0].accept(job.current.job_id)
    await providers[0].deliver(job.current.job_id, output_of(X))
    receipt = await job.wait()
    assert receipt["state"] == "Revealed"
    assert receipt["paid_wei"] == "0"
    assert (await job.confirm()).startswith("0x")
    assert await job.state() is JobState.SETTLED


async def test_a_result_cannot_be_confirmed_unseen(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    job = await listed(client, model)
    with pytest.raises(RequestError, match="has not been checked"):
        await job.confirm()
    await job.cancel()


async def test_a_wrong_output_is_not_paid_by_the_client(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    job = await listed(client, model)
    await providers[0].accept(job.current.job_id)
    await providers[0].deliver(job.current.job_id, output_of(X + 1), committed=output_of(X))
    with pytest.raises(ResultMismatch, match="is not the one") as caught:
        await job.wait()
    assert "Do not confirm" in caught.value.hint
    assert await job.state() is JobState.REVEALED
    assert job.current.status is Status.MISMATCH
    assert not job.result_path.exists()


async def test_an_envelope_that_does_not_open_is_not_paid(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    job = await listed(client, model)
    await providers[0].accept(job.current.job_id)
    await providers[0].deliver(job.current.job_id, output_of(X), key=bytes(32))
    with pytest.raises(ResultMismatch, match="cannot be opened"):
        await job.wait()


async def test_a_silent_provider_is_expired_and_another_one_hired(
    client: AsyncClient,
    providers: list[Provider],
    model: PublishedModel,
    control: ChainControl,
) -> None:
    seen: list[PhaseUpdate] = []
    job = await client.submit(model, {"x": X}, max_runtime_s=5)
    first = await job.assigned()
    await control.increase_time(2 * 5 + 121)
    waiting = asyncio.create_task(job.wait(seen.append))
    while len(job.attempts) < 2 or not job.provider:
        await asyncio.sleep(0.02)
    second = next(item for item in providers if item.address != first)
    assert job.provider == second.address
    await second.deliver(job.current.job_id, output_of(X))
    receipt = await waiting
    assert receipt["state"] == "Settled"
    assert [item["note"] for item in receipt["earlier_attempts"]] == ["ProviderCommitTimeout"]
    refunded = next(update for update in seen if update.phase is Phase.REFUNDED)
    assert "0.03 NVY back" in refunded.detail
    assert refunded.tx_hash
    settled = [
        event
        for attempt in job.attempts
        for event in client.session.journal.events_of(attempt.job_id)
        if event.name == "JobSettled"
    ]
    assert len(settled) == 1


async def test_without_retries_a_timeout_ends_in_a_refund_with_its_transaction(
    client: AsyncClient,
    providers: list[Provider],
    model: PublishedModel,
    control: ChainControl,
) -> None:
    free_wei = await client.session.contracts.market.free_of_wei(client.session.address)
    job = await client.submit(model, {"x": X}, max_runtime_s=5, retries=0)
    await job.assigned()
    await control.increase_time(131)
    with pytest.raises(JobRefunded, match="came back") as caught:
        await job.wait()
    assert len(caught.value.context["refund_txs"]) == 1
    market = client.session.contracts.market
    # What was free already needed no deposit; either way nothing is missing.
    assert await market.free_of_wei(client.session.address) >= max(free_wei, PRICE_WEI)


async def test_a_listing_that_nobody_takes_is_refunded_and_says_what_to_do(
    client: AsyncClient, model: PublishedModel, control: ChainControl
) -> None:
    job = await listed(client, model, listing_s=20)
    await control.increase_time(25)
    with pytest.raises(JobRefunded, match="Unmatched") as caught:
        await job.wait()
    assert "maximum price" in caught.value.hint
    assert await job.state() is JobState.UNMATCHED


async def test_a_cancelled_listing_is_refunded_and_not_repeated(
    client: AsyncClient, model: PublishedModel
) -> None:
    job = await listed(client, model)
    await job.cancel()
    with pytest.raises(JobRefunded, match="Cancelled"):
        await job.wait()
    assert len(job.attempts) == 1


async def test_an_assigned_job_cannot_be_cancelled(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    job = await listed(client, model)
    await providers[0].accept(job.current.job_id)
    with pytest.raises(RequestError, match="only a listing that nobody took"):
        await job.cancel()


async def test_a_job_handed_back_is_refunded_and_another_provider_hired(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    seen: list[PhaseUpdate] = []
    job = await client.submit(model, {"x": X}, max_runtime_s=5)
    first = await job.assigned()
    waiting = asyncio.create_task(job.wait(seen.append))
    lazy, second = sorted(providers, key=lambda item: item.address != first)[:2]
    await lazy.hand_back(job.current.job_id)
    while len(job.attempts) < 2 or not job.provider:
        await asyncio.sleep(0.02)
    assert job.provider == second.address
    await second.deliver(job.current.job_id, output_of(X))
    receipt = await waiting
    assert receipt["state"] == "Settled"
    assert [item["note"] for item in receipt["earlier_attempts"]] == [HANDED_BACK]
    refunded = next(update for update in seen if update.phase is Phase.REFUNDED)
    assert "0.03 NVY back, handed back by its provider" in refunded.detail
    settled = [
        event
        for attempt in job.attempts
        for event in client.session.journal.events_of(attempt.job_id)
        if event.name == "JobSettled"
    ]
    assert len(settled) == 1, "paid once"


async def test_waiting_has_an_end(client: AsyncClient, model: PublishedModel) -> None:
    job = await listed(client, model)
    with pytest.raises(StillRunning, match="Open after"):
        await job.wait(timeout_s=0.3)
    await job.cancel()


async def test_a_client_that_died_before_sending_finds_and_sends_its_job_once(
    client: AsyncClient,
    providers: list[Provider],
    model: PublishedModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from neurovoyance.client import client as module

    class PowerCut(BaseException):
        pass

    async def dies(*args: object, **kwargs: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patched:
        patched.setattr(module.hiring, "send_attempt", dies)
        with pytest.raises(PowerCut):
            await listed(client, model)
    [job] = [j for j in await client.jobs() if j.current.status is Status.PLANNED]
    assert await job.state() is JobState.NONE
    async with await open_from_profile(tmp_path / "home", serve=False) as second:
        found = await second.job(job.id)
        waiting = asyncio.create_task(found.wait())
        while await found.state() is not JobState.OPEN:
            await asyncio.sleep(0.02)
        await providers[0].accept(found.current.job_id)
        await providers[0].deliver(found.current.job_id, output_of(X))
        assert (await waiting)["state"] == "Settled"
    posted = [
        event
        for event in client.session.journal.events_named("JobPosted")
        if event.job_id == job.current.job_id
    ]
    assert len(posted) == 1
