"""Single events of the past, found on a real chain."""

from __future__ import annotations

from tests.unit.node.conftest import CLIENT, OTHER, Station

from neurovoyance.chain.events import JobPosted, JobRevealed
from neurovoyance.node.disputing import history as module
from neurovoyance.node.disputing.history import History


async def test_events_are_found_by_kind_and_indexed_values(station: Station) -> None:
    spec = await station.publish()
    first, second = await station.post(spec), await station.post(spec)
    market = station.contracts.market.address
    history = History(station.contracts.client, 0)
    found = await history.last(JobPosted, market, first)
    assert found is not None
    assert (found.job_id, found.client) == (first, CLIENT.address)
    newest = await history.last(JobPosted, market, None, CLIENT.address)
    assert newest is not None
    assert newest.job_id == second
    assert await history.last(JobPosted, market, None, OTHER.address) is None
    assert await history.last(JobRevealed, market, first) is None
    assert await history.last(JobPosted, station.contracts.token.address, first) is None
    both = await history.all(JobPosted, market, None, CLIENT.address)
    assert [event.job_id for event in both][-2:] == [first, second]
    late = await history.all(JobPosted, market, first, from_block=found.meta.block_number + 1)
    assert late == []


async def test_ranges_are_walked_piece_by_piece(station: Station, monkeypatch: object) -> None:
    spec = await station.publish()
    job_id = await station.post(spec)
    monkeypatch.setattr(module, "CHUNK_BLOCKS", 1)  # type: ignore[attr-defined]
    market = station.contracts.market.address
    history = History(station.contracts.client, 1)
    found = await history.last(JobPosted, market, job_id)
    assert found is not None
    assert await history.all(JobPosted, market, job_id) == [found]
