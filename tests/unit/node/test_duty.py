"""The agent serves duties as it serves executions: events, sweeps, an orderly stop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.unit.node.conftest import Station

from neurovoyance.chain.events import ChainEvent, JobPosted, Rollback
from neurovoyance.node.agent import Agent, AgentSettings
from neurovoyance.node.duty import Duty
from neurovoyance.protocol.errors import RpcError

WAIT_S = 90.0


class Recorder:
    """A duty that notes what it is told; its first sweeps fail."""

    name = "records"

    def __init__(self, failures: int = 0, due: int = 0) -> None:
        self.seen: list[ChainEvent | Rollback] = []
        self.times: list[int] = []
        self.left = due
        self.failures = failures
        self.is_restored = self.is_closed = False

    async def handle(self, items: Sequence[ChainEvent | Rollback]) -> None:
        assert self.is_restored
        self.seen += items

    async def sweep(self, time_s: int) -> None:
        if self.failures:
            self.failures -= 1
            raise RpcError("The endpoint is away.")
        self.times.append(time_s)
        self.left = max(0, self.left - 1)

    def due(self) -> int:
        return self.left

    def live(self) -> int:
        return self.left

    def occupied(self) -> int:
        return 0

    def inputs_in_use(self) -> frozenset[bytes]:
        return frozenset()

    async def restore(self) -> None:
        self.is_restored = True

    async def close(self) -> None:
        self.is_closed = True


def agent_with(station: Station, *duties: Duty) -> Agent:
    """The station's agent with duties in place of none."""
    settings = AgentSettings(poll_interval_s=0.05, harvest_threshold_wei=1, stop_grace_s=WAIT_S)
    return Agent(
        station.chain,
        station.shell,
        station.watch,
        station.cursor,
        station.intake,
        station.desk,
        settings,
        duties,
    )


async def test_a_duty_hears_every_event_and_is_swept_with_chain_time(station: Station) -> None:
    duty = Recorder()
    stop = asyncio.Event()
    running = asyncio.create_task(agent_with(station, duty).run(stop))
    await station.post(await station.publish())
    async with asyncio.timeout(WAIT_S):
        while not (duty.times and any(isinstance(item, JobPosted) for item in duty.seen)):
            await asyncio.sleep(0.02)
    stop.set()
    await asyncio.wait_for(running, WAIT_S)
    assert duty.times[-1] <= await station.chain.time_s()
    assert duty.is_closed


async def test_a_failing_duty_stops_neither_itself_nor_others(station: Station) -> None:
    failing, other = Recorder(failures=1), Recorder()
    agent = agent_with(station, failing, other)
    stop = asyncio.Event()
    running = asyncio.create_task(agent.run(stop))
    async with asyncio.timeout(WAIT_S):
        while not (failing.times and other.times):
            await asyncio.sleep(0.02)
    stop.set()
    await asyncio.wait_for(running, WAIT_S)
    assert agent.failed_turns >= 1


async def test_a_stop_waits_for_what_a_duty_owes(station: Station) -> None:
    duty = Recorder(due=3)
    stop = asyncio.Event()
    stop.set()
    await asyncio.wait_for(agent_with(station, duty).run(stop), WAIT_S)
    assert duty.due() == 0
