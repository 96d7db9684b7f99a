"""The provider agent: watches the chain, takes jobs, and keeps every promise that it made.

Place: wires the parts and runs three loops; rules live elsewhere (``execution`` for a job,
``offering`` for prices and room). The event loop is quick, the sweep makes sure: it reads every
live job again, so nothing depends on events alone. An unreachable chain is waited out. Never: a
rule about a job, or a loop that an error of one job can end.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from neurovoyance.chain.events import EventCursor
from neurovoyance.node.chain_clock import ChainClock
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.duty import Duty
from neurovoyance.node.execution_values import (
    OCCUPYING,
    Action,
    Phase,
    SlotGranted,
    SlotWithdrawn,
    Terms,
    Tick,
)
from neurovoyance.node.intake import Intake
from neurovoyance.node.logs import log_event
from neurovoyance.node.offer_desk import OfferDesk
from neurovoyance.node.offering import Room, has_room_to_accept, refusal_for_stake
from neurovoyance.node.shell import Shell
from neurovoyance.node.watch import Watch
from neurovoyance.protocol.errors import ChainError, ContractRevert, NeurovoyanceError
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.units import format_nvy

HEARTBEAT_S = 60.0
ENDED_SWEEP_EVERY = 20
"""The sweep reads ended executions this much more seldom than live ones."""
HARVEST_S = 15.0
RPC_PAUSE_S = 2.0
SWEEP_AT_ONCE = 4

_DUE = OCCUPYING | {Phase.COMMITTED, Phase.SELECTED, Phase.AUDITED, Phase.DRAWN}
"""Phases in which a missed deadline costs stake: a stop waits for them."""


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """How the loops run; times in seconds, the threshold in wei."""

    poll_interval_s: float
    harvest_threshold_wei: int
    stop_grace_s: float


def until_turn_s(now_s: float, pause_s: float) -> float:
    """Return how long a loop waits for its next turn, a quarter to five quarters of its pause.

    Turns begin at multiples of the pause, so that all loops wake a process together that has
    nothing to do, and not each on its own.
    """
    if pause_s <= 0:
        return 0.0
    wait_s = pause_s - now_s % pause_s
    return wait_s if wait_s >= pause_s / 4 else wait_s + pause_s


class Agent:
    """One provider's node, apart from its API.

    Args:
        chain: reads and sends.
        shell: the executions.
        watch: events to executions.
        cursor: where the events come from.
        intake: its files are tidied up here.
        desk: makes offers, and knows what is free.
        settings: see :class:`AgentSettings`.
        duties: what else the node owes, see :class:`~neurovoyance.node.duty.Duty`.

    Attributes:
        failed_turns: turns of the loops that failed since the start, to be told in the status.
    """

    def __init__(
        self,
        chain: ChainSide,
        shell: Shell,
        watch: Watch,
        cursor: EventCursor,
        intake: Intake,
        desk: OfferDesk,
        settings: AgentSettings,
        duties: Sequence[Duty] = (),
    ) -> None:
        self.chain = chain
        self.shell = shell
        self.watch = watch
        self.desk = desk
        self._cursor = cursor
        self._intake = intake
        self._settings = settings
        self._clock = ChainClock(chain.time_s, settings.poll_interval_s)
        self.duties = tuple(duties)
        shell.inputs_of_duties = self._inputs_of_duties
        desk.occupied_by_duties = lambda: sum(duty.occupied() for duty in self.duties)
        self._sweeps = 0
        self._told: set[JobId] = set()
        self.failed_turns = 0
        self._paused_at_s: float | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set, then end in order.

        In order: no new job is taken, what stake depends on is finished within the grace time,
        earnings are harvested. Whatever is left goes on from the journal at the next start.
        """
        await self._restored(stop)
        loops = [
            asyncio.create_task(self._repeat("events", self._read_events, self._pause_s)),
            asyncio.create_task(self._repeat("sweep", self._sweep, self._pause_s)),
            *(
                asyncio.create_task(
                    self._repeat(type(duty).__name__, self._turn_of(duty), self._pause_s)
                )
                for duty in self.duties
            ),
            asyncio.create_task(self._repeat("heartbeat", self._beat, HEARTBEAT_S)),
        ]
        try:
            await stop.wait()
            await self._drain()
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            for duty in self.duties:
                await duty.close()
            await self.shell.close()

    def set_paused(self, is_paused: bool) -> None:
        """Take nothing new while the owner uses the machine; what was taken waits or goes on."""
        self.desk.is_paused = self.watch.is_paused = is_paused
        self.watch.look_again = not is_paused
        if not is_paused:
            self._paused_at_s = None
            return
        if self._paused_at_s is None:
            self._paused_at_s = time.monotonic()
        for live in self.shell:
            is_free = Action.ACCEPT not in live.execution.pending
            if live.execution.phase is Phase.ACCEPTING and is_free:
                self.shell.feed(live.job.job_id, SlotWithdrawn())

    @property
    def _pause_s(self) -> float:
        return self._settings.poll_interval_s

    def _paused_s(self) -> int:
        return 0 if self._paused_at_s is None else int(time.monotonic() - self._paused_at_s)

    async def _restored(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                count = await self.shell.restore()
                for duty in self.duties:
                    await duty.restore()
            except ChainError as error:
                log_event(logging.WARNING, "chain_unreadable", error=error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), RPC_PAUSE_S)
                continue
            log_event(logging.INFO, "started", executions=count, provider=self.chain.provider)
            return

    async def _repeat(self, name: str, turn: Callable[[], Awaitable[None]], pause_s: float) -> None:
        """Take turns for ever; an error is logged and the next turn tries again."""
        while True:
            wait_s = pause_s
            try:
                await turn()
            except NeurovoyanceError as error:
                self.failed_turns += 1
                log_event(logging.WARNING, "turn_failed", loop=name, error=error)
                wait_s = max(pause_s, RPC_PAUSE_S)
            except Exception:
                self.failed_turns += 1
                logging.getLogger(__name__).exception("defect in the loop %s", name)
                wait_s = max(pause_s, RPC_PAUSE_S)
            now_s = asyncio.get_running_loop().time()
            await asyncio.sleep(until_turn_s(now_s, wait_s))

    async def _read_events(self) -> None:
        batch = await self._cursor.read()
        if self._cursor.head is not None:
            self._clock.tell(self._cursor.head.timestamp_s)
        await self.watch.handle(batch.items)
        for duty in self.duties:
            await duty.handle(batch.items)
        await self._cursor.commit(batch)

    async def _sweep(self) -> None:
        """Read the clock and every live job again, then hand out free slots."""
        self.shell.time_s = await self._clock.time_s()
        self._sweeps += 1
        with_ended = self._sweeps % ENDED_SWEEP_EVERY == 0
        gate = asyncio.Semaphore(SWEEP_AT_ONCE)

        async def look(job_id: JobId) -> None:
            async with gate:
                await self.shell.refresh(job_id)

        due = [
            live.job.job_id
            for live in self.shell
            if with_ended or live.execution.phase is not Phase.ENDED
        ]
        results = await asyncio.gather(*(look(job_id) for job_id in due), return_exceptions=True)
        for live in self.shell:
            self.shell.feed(live.job.job_id, Tick(self._paused_s()))
        self.shell.forget_ended()
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            raise failures[0]
        await self._grant_slots()

    def _turn_of(self, duty: Duty) -> Callable[[], Awaitable[None]]:
        async def turn() -> None:
            await duty.sweep(await self._clock.time_s())

        return turn

    async def _grant_slots(self) -> None:
        waiting = [live for live in self.shell if live.execution.phase is Phase.HELD]
        if not waiting or self.desk.is_draining or self.desk.is_paused:
            return
        room = await self.desk.room()
        for live in waiting:
            terms = live.execution.terms
            if terms is not None and not self.desk.is_as_lent(live.job, terms):
                continue
            if terms is None or not has_room_to_accept(terms.lock_wei, room):
                self._tell_why(live.job.job_id, terms, room)
                continue
            self.shell.feed(live.job.job_id, SlotGranted())
            room = replace(
                room,
                occupied=room.occupied + 1,
                promised_wei=room.promised_wei + terms.lock_wei,
            )

    def _tell_why(self, job_id: JobId, terms: Terms | None, room: Room) -> None:
        """Say once why a job that was checked is not accepted, if stake is the reason."""
        refusal = refusal_for_stake(terms.lock_wei, room) if terms else None
        if refusal is not None and job_id not in self._told:
            self._told.add(job_id)
            log_event(logging.WARNING, "waits_for_stake", job_id=job_id, why=refusal.message)

    async def _beat(self) -> None:
        """Tell that the node lives, pay out what was earned, tidy up the disk."""
        earned_wei = await self.chain.earned_wei()
        stake = await self.chain.stake()
        log_event(
            logging.INFO,
            "heartbeat",
            chain_time_s=self.shell.time_s,
            occupied=self.shell.count(OCCUPYING),
            live=self.shell.count(frozenset(Phase) - {Phase.ENDED}),
            earned_nvy=format_nvy(earned_wei),
            stake_nvy=format_nvy(stake.own_wei),
            locked_nvy=format_nvy(stake.locked_wei),
            refused=dict(self.watch.refused),
        )
        if earned_wei and earned_wei >= self._settings.harvest_threshold_wei:
            await self._harvest()
        in_use = (
            frozenset(
                live.job.spec.input_cid
                for live in self.shell
                if live.execution.phase is not Phase.ENDED
            )
            | self._inputs_of_duties()
        )
        names = frozenset(map(self._intake.input_name, in_use))
        await asyncio.to_thread(self._intake.purge, names)

    def _inputs_of_duties(self) -> frozenset[bytes]:
        return frozenset().union(*(duty.inputs_in_use() for duty in self.duties))

    async def _harvest(self) -> None:
        try:
            receipt = await self.chain.harvest()
        except ContractRevert as error:
            # Somebody else, the owner for instance, was quicker; nothing is lost.
            log_event(logging.INFO, "harvest_skipped", error=error)
            return
        log_event(logging.INFO, "harvested", tx_hash=receipt.tx_hash)

    async def _drain(self) -> None:
        """Take nothing new, finish what stake depends on, pay out."""
        self.desk.is_draining = self.watch.is_draining = True
        log_event(logging.INFO, "stopping", due=self._due())
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.stop_grace_s):
                await self.shell.wait_until(lambda: not self.shell.count(_DUE))
                while self._due():  # noqa: ASYNC110 - duties have no common event to wait for
                    await asyncio.sleep(self._pause_s)
        with suppress(TimeoutError, ChainError):
            async with asyncio.timeout(HARVEST_S):
                if await self.chain.earned_wei():
                    await self._harvest()
        log_event(logging.INFO, "stopped", left=self._due())

    def _due(self) -> int:
        return self.shell.count(_DUE) + sum(duty.due() for duty in self.duties)
