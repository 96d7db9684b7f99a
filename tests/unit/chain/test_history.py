"""The history of a subject holds all of its events, in order, and nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.chain import history as module
from neurovoyance.chain.deploy import AuditSettings
from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.chain.history import history

from .court_world import CLIENT, CourtWorld, court_world


async def told(world: CourtWorld, subject: bytes | int, start_block: int = 0) -> list[ChainEvent]:
    contracts = world.contracts
    addresses = contracts.deployment.contract_addresses()
    return await history(contracts.client, addresses, subject, start_block=start_block)


async def test_every_event_of_a_job_is_found_once_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with court_world(tmp_path, AuditSettings.local(min_bps=10_000)) as world:
        job_id, salt, _, c0 = await world.committed()
        other, _ = await world.posted()
        await world.contracts.audits.draw_and_open(CLIENT, job_id, world.spec, salt, c0)
        events = await told(world, job_id)
        names = [type(event).__name__ for event in events]
        assert names[0] == "JobPosted"
        wanted = ["JobPosted", "JobAssigned", "JobCommitted", "SeedDrawn", "AuditOpened"]
        assert [name for name in names if name in wanted] == wanted
        # Stake locks name the job second, behind the provider.
        assert {"StakeLocked", "AuditorDrawn"} <= set(names), names
        places = [(event.meta.block_number, event.meta.log_index) for event in events]
        assert places == sorted(set(places))
        assert {getattr(event, "job_id", job_id) for event in events} == {job_id}
        assert [type(event).__name__ for event in await told(world, other)] == ["JobPosted"]
        assert await told(world, b"\x01" * 32) == []
        assert await told(world, 1) == [], "no dispute was opened"

        later = [event for event in events if event.meta.block_number > places[0][0]]
        assert await told(world, job_id, places[0][0] + 1) == later
        monkeypatch.setattr(module, "_RANGE_MAX_BLOCKS", 2)
        assert await told(world, job_id) == events, "asked in small ranges it is the same"
