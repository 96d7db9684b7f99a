"""Chain events land in the journal once, only those that matter, with integers kept exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.event_base import LogMeta, RawJobSpec
from neurovoyance.chain.events import JobPosted, Staked
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.following import stored_event
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.opening import open_from_profile
from neurovoyance.protocol.ids import JobId

from .providers import PRICE_WEI, Provider

META = LogMeta("0xmarket", 7, "0xblock", "0xtx", 3)


def test_large_integers_and_bytes_survive_as_text() -> None:
    kept = stored_event(Staked(META, "0xme", 2**96 - 1, 2**96 - 1))
    assert kept.body == {
        "provider": "0xme",
        "amount_wei": str(2**96 - 1),
        "own_wei": str(2**96 - 1),
    }
    assert (kept.block_number, kept.log_index, kept.tx_hash) == (7, 3, "0xtx")


def test_a_posted_spec_is_kept_by_field() -> None:
    spec = RawJobSpec(b"m" * 32, b"cid", 0, 1, bytes(32), 0, 60, 1800, bytes(32), 1)
    kept = stored_event(JobPosted(META, JobId(b"j" * 32), "0xme", spec, bytes(32), 1, 2, 3, "src"))
    assert kept.job_id == b"j" * 32
    assert kept.body["spec"]["model_id"] == "0x" + "6d" * 32
    assert kept.body["source"] == "src"


async def test_jobs_of_other_clients_are_not_kept(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    job = await client.submit(
        model, {"x": np.ones((1, 3), np.float32)}, hire="listing", max_price_wei=PRICE_WEI
    )
    await job.cancel()
    await client.money()
    mine = client.session.journal.job_ids()
    kept = {event.job_id for event in client.session.journal.events_named("JobPosted")}
    assert job.current.job_id in kept
    others = kept - mine
    # Jobs that this account posted with another journal are found again from the chain.
    for job_id in others:
        record = await client.session.contracts.market.job(JobId(job_id or b""))
        assert record.client == client.session.address


async def test_a_reorganised_job_is_forgotten_and_found_again(
    client: AsyncClient, model: PublishedModel, control: ChainControl
) -> None:
    before = await client.session.chain.block_number()
    job = await client.submit(
        model, {"x": np.ones((1, 3), np.float32)}, hire="listing", max_price_wei=PRICE_WEI
    )
    await client.money()
    assert client.session.journal.events_of(job.current.job_id)
    await control.reorganise(await client.session.chain.block_number() - before)
    version = client.session.follower.version
    while client.session.journal.events_of(job.current.job_id):
        version = await client.session.follower.changed(version, 1.0)


async def test_two_processes_of_one_account_share_what_they_read(
    client: AsyncClient, model: PublishedModel, tmp_path: Path
) -> None:
    async with await open_from_profile(tmp_path / "home", serve=False) as other:
        for number in range(4):
            sender, reader = (client, other) if number % 2 else (other, client)
            job = await sender.submit(
                model,
                {"x": np.full((1, 3), number, np.float32)},
                hire="listing",
                max_price_wei=PRICE_WEI,
            )
            await job.cancel()
            head = await reader.session.chain.block_number()
            await reader.session.follower.reach(head)
            names = [e.name for e in reader.session.journal.events_of(job.current.job_id)]
            while names != ["JobPosted", "JobCancelled"]:
                await reader.session.follower.changed(-1, 0.1)
                names = [e.name for e in reader.session.journal.events_of(job.current.job_id)]
