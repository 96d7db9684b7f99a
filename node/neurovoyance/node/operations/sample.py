"""One sample of a running node: everything that its metrics tell, read at one moment.

Place: between the running parts and ``metrics``, which only words it. Reading asks the chain for
what status asks it for, at most once in :data:`KEEP_S`, and the ledger once in :data:`LEDGER_S`. A
chain that does not answer leaves the last figures and counts an error. Never: a change of anything.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from neurovoyance.chain.contracts import StakeRecord
from neurovoyance.chain.endpoint import EndpointHealth
from neurovoyance.node.agent import Agent
from neurovoyance.node.execution_values import Outcome, Phase
from neurovoyance.node.idle.gate import Gate
from neurovoyance.node.idle.policy import CPU, Cause
from neurovoyance.node.logs import log_event
from neurovoyance.node.operations.earnings import Earnings
from neurovoyance.node.operations.gpus import GpuUse
from neurovoyance.node.operations.ledger import MOVES_ONLY, Pocket, Reason
from neurovoyance.node.operations.phase_clock import PhaseClock
from neurovoyance.node.settings import NodeSettings
from neurovoyance.protocol.errors import ChainError

KEEP_S = 5.0
LEDGER_S = 60.0


@dataclass(frozen=True, slots=True)
class DeviceUse:
    """One device: use of all, 0 to 1, or None where nobody can tell; what computes for jobs."""

    device: str
    utilisation: float | None
    executions: int


@dataclass(frozen=True, slots=True)
class Sample:
    """What the metrics tell; amounts in wei, times in seconds, sizes in bytes."""

    phases: dict[Phase, int]
    outcomes: dict[Outcome, int]
    refused: dict[str, int]
    queue: dict[str, int]
    duties: dict[str, int]
    due: int
    is_draining: bool
    paused: dict[tuple[str, Cause], bool]
    devices: tuple[DeviceUse, ...]
    block: int
    block_age_s: float
    endpoints: tuple[EndpointHealth, ...]
    rpc_errors: int
    stake: StakeRecord | None
    gas_wei: int
    income_wei: dict[Reason, int]
    pockets_wei: dict[Pocket, int]
    storage_bytes: int
    storage_limit_bytes: int
    disk_free_bytes: int
    failed_turns: int
    phase_clock: PhaseClock = field(default_factory=PhaseClock)


@dataclass(slots=True)
class _ChainFacts:
    """What was last read from the chain."""

    block: int = 0
    time_s: int = 0
    stake: StakeRecord | None = None
    gas_wei: int = 0
    income_wei: dict[Reason, int] = field(
        default_factory=lambda: {reason: 0 for reason in Reason if reason not in MOVES_ONLY}
    )
    pockets_wei: dict[Pocket, int] = field(default_factory=lambda: dict.fromkeys(Pocket, 0))
    errors: int = 0
    read_at_s: float = float("-inf")
    ledger_at_s: float = float("-inf")


class Sampler:
    """Takes samples of one node.

    Args:
        settings: for the limits.
        agent, gate: the running parts.
        stored_bytes: tells what the store holds.
        phase_clock: fed by the executions.
        gpus: measures graphics processors; those of this machine if None.
    """

    def __init__(
        self,
        settings: NodeSettings,
        agent: Agent,
        gate: Gate,
        stored_bytes: Callable[[], int],
        phase_clock: PhaseClock | None = None,
        gpus: GpuUse | None = None,
    ) -> None:
        self._settings = settings
        self._agent = agent
        self._gate = gate
        self._stored_bytes = stored_bytes
        self._clock = phase_clock or PhaseClock()
        self._gpus = gpus or GpuUse()
        self._earnings = Earnings(agent.chain.contracts, agent.chain.provider)
        self._facts = _ChainFacts()
        self._reading = asyncio.Lock()
        agent.shell.on_phase.append(self._clock.note)
        psutil.cpu_percent(None)

    async def sample(self) -> Sample:
        """Take a sample; what the chain does not tell now stays as it was."""
        async with self._reading:
            await self._read_chain()
        devices = await asyncio.to_thread(self._devices)
        stored, disk = await asyncio.to_thread(self._sizes)
        room = await self._room()
        agent, facts, shell = self._agent, self._facts, self._agent.shell
        return Sample(
            phases={phase: shell.count(frozenset({phase})) for phase in Phase},
            outcomes=agent.chain.journal.outcomes(),
            refused=dict(agent.watch.refused),
            queue={"held": shell.count(frozenset({Phase.HELD})), "promised": room},
            duties={duty.name: duty.live() for duty in agent.duties},
            due=sum(duty.due() for duty in agent.duties),
            is_draining=agent.desk.is_draining,
            paused=self._paused(),
            devices=devices,
            block=facts.block,
            block_age_s=max(0.0, time.time() - facts.time_s) if facts.time_s else 0.0,
            endpoints=agent.chain.contracts.client.rpc.health(),
            rpc_errors=facts.errors,
            stake=facts.stake,
            gas_wei=facts.gas_wei,
            income_wei=facts.income_wei,
            pockets_wei=facts.pockets_wei,
            storage_bytes=stored,
            storage_limit_bytes=self._settings.storage_bytes,
            disk_free_bytes=disk,
            failed_turns=agent.failed_turns,
            phase_clock=self._clock,
        )

    async def _read_chain(self) -> None:
        now_s, facts, chain = time.monotonic(), self._facts, self._agent.chain
        if now_s - facts.read_at_s < KEEP_S:
            return
        facts.read_at_s = now_s
        try:
            block = await chain.contracts.client.block()
            facts.block, facts.time_s = block.number, block.timestamp_s
            facts.stake = await chain.stake()
            facts.gas_wei = await chain.contracts.client.balance_wei(chain.wallet.address)
            if now_s - facts.ledger_at_s >= LEDGER_S:
                ledger = await self._earnings.ledger()
                facts.income_wei, facts.pockets_wei = ledger.income_wei(), ledger.pockets_wei()
                facts.ledger_at_s = now_s
        except ChainError as error:
            facts.errors += 1
            log_event(logging.WARNING, "metrics_unread", error=error)

    async def _room(self) -> int:
        try:
            return (await self._agent.desk.room()).promised
        except ChainError:
            self._facts.errors += 1
            return 0

    def _paused(self) -> dict[tuple[str, Cause], bool]:
        """Return every device with every cause, so that a series never begins out of nothing."""
        return {
            (verdict.device, cause): any(reason.cause is cause for reason in verdict.reasons)
            for verdict in self._gate.decision.verdicts
            for cause in Cause
        }

    def _devices(self) -> tuple[DeviceUse, ...]:
        running = self._agent.shell.count(frozenset({Phase.RUNNING}))
        cpu = DeviceUse(CPU, psutil.cpu_percent(None) / 100, running)
        return (cpu, *(DeviceUse(name, use, 0) for name, use in self._gpus.read()))

    def _sizes(self) -> tuple[int, int]:
        return self._stored_bytes(), shutil.disk_usage(self._settings.data_dir).free
