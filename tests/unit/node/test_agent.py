"""The agent's loops: a job from listing to payment, an orderly stop, and a chain that goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.unit.node.conftest import CLIENT, OWNER, Station, make_station

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.node.agent import until_turn_s
from neurovoyance.node.execution_values import (
    OCCUPYING,
    Action,
    Margins,
    Outcome,
    Phase,
    SlotGranted,
)
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState

WAIT_S = 60.0


@asynccontextmanager
async def running(station: Station) -> AsyncIterator[asyncio.Event]:
    """Run the agent; leaving the context stops it in order."""
    stop = asyncio.Event()
    task = asyncio.create_task(station.agent.run(stop))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(task, WAIT_S)


async def reached(station: Station, job_id: JobId, *phases: Phase) -> None:
    def is_reached() -> bool:
        return any(
            live.job.job_id == job_id and live.execution.phase in phases for live in station.shell
        )

    async with asyncio.timeout(WAIT_S):
        await station.shell.wait_until(is_reached)


@pytest.mark.parametrize(
    ("now_s", "wait_s"), [(7.0, 1.0), (7.25, 0.75), (7.75, 0.25), (7.8125, 1.1875)]
)
def test_loops_turn_together_and_none_at_once_again(now_s: float, wait_s: float) -> None:
    assert until_turn_s(now_s, 1.0) == wait_s
    assert until_turn_s(now_s, 0.0) == 0.0


async def test_a_listed_job_is_taken_settled_and_paid_out_on_stop(station: Station) -> None:
    spec = await station.publish()
    async with running(station):
        job_id = await station.post(spec)
        await reached(station, job_id, Phase.REVEALED)
        await station.control.increase_time(601)
        await reached(station, job_id, Phase.ENDED)
    assert await station.contracts.market.state_of(job_id) is JobState.SETTLED
    price_wei = station.desk.policy.terms(spec).price_wei
    assert await station.contracts.token.balance_of_wei(OWNER.address) == price_wei
    assert (await station.chain.stake()).locked_wei == 0


async def test_one_slot_takes_jobs_one_after_the_other(station: Station) -> None:
    spec = await station.publish()
    jobs = [await station.post(spec) for _ in range(3)]
    most = 0

    def are_revealed() -> bool:
        nonlocal most
        most = max(most, station.shell.count(OCCUPYING))
        return station.shell.count(frozenset({Phase.REVEALED})) == 3

    async with running(station), asyncio.timeout(WAIT_S):
        await station.shell.wait_until(are_revealed)
    assert len({station.journal.sealed(job) for job in jobs}) == 3
    assert most == 1


async def test_a_stop_finishes_what_stake_depends_on_and_takes_nothing_new(
    station: Station,
) -> None:
    spec = await station.publish()
    job_id = await station.post(spec)
    async with running(station) as stop:
        await reached(station, job_id, Phase.RUNNING)
        stop.set()
        late = await station.post(spec)
    assert await station.contracts.market.state_of(job_id) is JobState.REVEALED
    assert await station.contracts.market.state_of(late) is JobState.OPEN


async def test_a_deadline_missed_while_the_node_was_off_is_expired_at_the_start(
    station: Station,
) -> None:
    spec = await station.publish()
    job_id = await station.post(spec)
    await station.handle_events()
    terms = station.desk.policy.terms(spec)
    await station.contracts.market.accept(
        station.chain.wallet,
        job_id,
        spec,
        station.posted[job_id].salt,
        OWNER.address,
        price_wei=terms.price_wei,
        lock_wei=terms.lock_wei,
    )
    await station.shell.close()
    await station.control.increase_time(241)
    async with running(station):
        await reached(station, job_id, Phase.ENDED)
    entry = station.journal.entry(job_id)
    assert entry is not None
    assert entry.execution.outcome is Outcome.COMMIT_TIMEOUT
    stored = (await station.contracts.market.job(job_id)).state
    assert stored is JobState.PROVIDER_COMMIT_TIMEOUT
    assert station.journal.sealed(job_id) is None, "nothing was started that could not finish"


class Proxy:
    """A TCP proxy in front of the chain that can be taken away."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "", parts.port or 0)
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def up(self) -> None:
        self._server = await asyncio.start_server(self._link, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        if self._server:
            self._server.close()
        for writer in self._links:
            writer.transport.abort()
        self._links.clear()

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._links |= {writer, far_writer}
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


async def test_a_chain_that_goes_away_is_waited_out(
    market: tuple[DevnetThread, Deployment], tmp_path: Path
) -> None:
    devnet, deployment = market
    proxy = Proxy(devnet.url)
    await proxy.up()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(proxy.down)
        client = await stack.enter_async_context(
            await ChainClient.connect(
                [f"http://127.0.0.1:{proxy.port}"], state_dir=tmp_path / "proxied", poll_s=0.02
            )
        )
        direct = await stack.enter_async_context(
            await ChainClient.connect([devnet.url], state_dir=tmp_path / "direct", poll_s=0.02)
        )
        control = ChainControl(direct.rpc)
        snapshot = await control.snapshot()
        stack.push_async_callback(control.revert, snapshot)
        station = await make_station(client, deployment, control, tmp_path, stack)
        spec = await station.publish()
        job_id = await station.post(spec)
        async with running(station):
            await reached(station, job_id, Phase.RUNNING, Phase.SEALED)
            await proxy.down()
            # Until the sweep has failed for sure; the loops have to outlive that.
            async with asyncio.timeout(WAIT_S):
                while not station.agent.failed_turns:
                    await asyncio.sleep(0.05)
            await proxy.up()
            await reached(station, job_id, Phase.REVEALED)


@pytest.mark.parametrize("phase", [Phase.RUNNING, Phase.COMMITTED, Phase.REVEALED])
async def test_blocks_replaced_under_a_job_cost_no_promise(station: Station, phase: Phase) -> None:
    spec = await station.publish()
    job_id = await station.post(spec)
    async with running(station):
        await reached(station, job_id, phase)
        first = station.journal.sealed(job_id)
        await station.control.reorganise(2)
        # What was sent is sent again by its own key; the job goes on as if nothing had been.
        async with asyncio.timeout(WAIT_S):
            while await station.contracts.market.state_of(job_id) is not JobState.REVEALED:
                await asyncio.sleep(0.1)
        await reached(station, job_id, Phase.REVEALED)
    sealed = station.journal.sealed(job_id)
    assert sealed is not None
    assert first in (None, sealed), "one commitment, whatever happened to the blocks"


async def held_at_rest(station: Station) -> JobId:
    """Post a job and have it checked while the node takes nothing; engines are at rest then."""
    station.desk.is_paused = True
    job_id = await station.post(await station.publish())
    await reached(station, job_id, Phase.HELD)
    station.runtime.suspend()
    return job_id


async def test_a_job_whose_owner_stays_is_handed_back_and_costs_nothing(station: Station) -> None:
    before = await station.chain.stake()
    free_wei = await station.contracts.market.free_of_wei(CLIENT.address)
    async with running(station):
        job_id = await held_at_rest(station)
        station.desk.is_paused = False
        await reached(station, job_id, Phase.RUNNING)
        record = await station.contracts.market.job(job_id)
        left_s = record.deadline_s - station.shell.time_s
        await station.control.increase_time(left_s - Margins().commit_s)
        await reached(station, job_id, Phase.ENDED)
    live = next(live for live in station.shell if live.job.job_id == job_id)
    assert live.execution.outcome is Outcome.HANDED_BACK
    assert station.journal.sealed(job_id) is None
    assert await station.contracts.market.state_of(job_id) is JobState.CANCELLED
    assert await station.chain.stake() == before, "no slash, and no lock left"
    assert await station.contracts.market.free_of_wei(CLIENT.address) == free_wei


async def test_a_job_at_rest_past_its_deadline_is_let_go_and_costs_a_tenth_of_its_lock(
    station: Station,
) -> None:
    """As where the machine slept: nothing could be handed back in time."""
    before = await station.chain.stake()
    async with running(station):
        job_id = await held_at_rest(station)
        station.desk.is_paused = False
        await reached(station, job_id, Phase.RUNNING)
        record = await station.contracts.market.job(job_id)
        await station.control.increase_time(record.deadline_s - station.shell.time_s + 1)
        await reached(station, job_id, Phase.ENDED)
    live = next(live for live in station.shell if live.job.job_id == job_id)
    assert live.execution.outcome is Outcome.COMMIT_TIMEOUT
    assert [line.action for line in station.journal.instructions(job_id)].count(Action.RUN) == 1
    after = await station.chain.stake()
    assert before.own_wei - after.own_wei == record.lock_wei // 10
    assert after.locked_wei == 0


async def test_a_slot_not_used_yet_is_taken_back_when_the_owner_comes(station: Station) -> None:
    async with running(station):
        job_id = await held_at_rest(station)
        live = next(live for live in station.shell if live.job.job_id == job_id)
        # After a failed send the node waits; the slot is granted and nothing is under way.
        live.execution = replace(live.execution, not_before_s=station.shell.time_s + 1_000)
        station.shell.feed(job_id, SlotGranted())
        assert live.execution.phase is Phase.ACCEPTING
        station.agent.set_paused(True)
        assert live.execution.phase is Phase.HELD
        station.runtime.resume()
