"""The latest event of one subject is found backwards, in short ranges, and no other."""

from __future__ import annotations

import pytest
from tests.unit.node.conftest import OPERATOR, OTHER, OWNER, Station

from neurovoyance.chain.events import ChainEvent, EndpointChanged, JobPosted
from neurovoyance.node import event_search
from neurovoyance.node.event_search import last_event


@pytest.fixture(autouse=True)
def short_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_search, "RANGE_BLOCKS", 2)


async def found(
    station: Station, kind: type[ChainEvent], topic: bytes, first: int = 0
) -> ChainEvent | None:
    deployment = station.contracts.deployment
    address = deployment.market if kind is JobPosted else deployment.stake_manager
    return await last_event(
        station.contracts.client,
        kind,
        address,
        topic,
        first_block=max(first, deployment.deploy_block),
        last_block=await station.contracts.client.block_number(),
    )


async def test_a_listing_is_found_by_its_job_many_ranges_back(station: Station) -> None:
    job_id = await station.post(await station.publish())
    other = await station.post(await station.publish())
    await station.control.mine(7)
    event = await found(station, JobPosted, job_id)
    assert isinstance(event, JobPosted)
    assert event.job_id == job_id != other
    assert event.salt == station.posted[job_id].salt
    assert await found(station, JobPosted, bytes(32)) is None
    assert await found(station, JobPosted, job_id, event.meta.block_number + 1) is None


async def test_of_several_events_the_latest_counts(station: Station) -> None:
    owner = bytes(12) + bytes.fromhex(OWNER.address[2:])
    for url in ("http://a", "http://b"):
        await station.contracts.stakes.set_endpoint(OPERATOR, OWNER.address, url)
    event = await found(station, EndpointChanged, owner)
    assert isinstance(event, EndpointChanged)
    assert event.endpoint == "http://b"
    stranger = bytes(12) + bytes.fromhex(OTHER.address[2:])
    assert await found(station, EndpointChanged, stranger) is None
