"""Tasks are served where there are channels, and nowhere else."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from tests.unit.node.conftest import Station
from tests.unit.node.tasked import Tasked, parts_of, settings_in

from neurovoyance.node.task_assembly import build_channels, task_routes


async def test_without_channels_there_is_nothing(station: Station, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        assert build_channels(settings_in(tmp_path / "n"), parts_of(station), stack) == []
    assert task_routes(station.agent) == []


async def test_the_settings_reach_the_desk_and_the_routes_the_agent(tasked: Tasked) -> None:
    tasked.station.agent.duties = (tasked.duty,)
    paths = [route.path for route in task_routes(tasked.station.agent)]
    assert paths == [
        "/v1/channels/{channel_id}",
        "/v1/vouchers",
        "/v1/batches",
        "/v1/batches/{order_hash}",
    ]
    names = {path.name for path in (tasked.desk.folder.parent).glob("*.sqlite")}
    assert names == {"vouchers.sqlite", "tasks.sqlite"}
    assert tasked.desk.policy.base_price_wei == 10**14
