"""The one shell around the state machine: journal a step, obey it, feed back the answer.

Place: between the pure ``execution`` and all that acts. A step is on disk before any of its
instructions is obeyed; an instruction is a task, its answer an event. Never: a rule, or a change
of an execution by another way than :meth:`Shell.feed`.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_fixed

from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.crash import CrashPoint
from neurovoyance.node.execution import ForbiddenEvent, begin, step
from neurovoyance.node.execution_values import (
    SENDS,
    Action,
    ActionDone,
    ActionFailed,
    ChainSeen,
    ChainView,
    Event,
    Execution,
    Instruction,
    Margins,
    Phase,
    Restarted,
)
from neurovoyance.node.logs import log_event
from neurovoyance.node.records import PostedJob
from neurovoyance.node.work import Work
from neurovoyance.protocol.errors import (
    ChainError,
    ContractRevert,
    InsufficientFunds,
    NeurovoyanceError,
    TransactionError,
)
from neurovoyance.protocol.ids import JobId

REOPEN_S = 3_600
"""How long an ended execution is watched for a reorganisation that undoes its end."""
FUNDS_RETRY_S = 30
DEFECT_RETRY_S = 60
JOURNAL_RETRY_S = 1.0
"""Pause while the journal takes nothing, on a full disk for instance."""
_WORK = (Action.CHECK, Action.RUN, Action.RECHECK)


@dataclass(slots=True)
class Live:
    """An execution in memory, with what is under way for it."""

    job: PostedJob
    execution: Execution
    changed_s: int
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    tasks: dict[Action, asyncio.Task[None]] = field(default_factory=dict)


class Shell:
    """All executions of the node, and the only way to change them.

    Attributes:
        time_s: chain time as last read; the agent keeps it fresh.
        inputs_of_duties: inputs that other duties of the node hold, set by the agent.
        on_phase: called with job and phase whenever an execution enters one.
    """

    def __init__(
        self, chain: ChainSide, work: Work, crash: CrashPoint, margins: Margins | None = None
    ) -> None:
        self._chain = chain
        self._work = work
        self._crash = crash
        self._margins = margins or Margins()
        self._journal = chain.journal
        self._live: dict[JobId, Live] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False
        self._changed = asyncio.Event()
        self.time_s = 0
        self.inputs_of_duties: Callable[[], frozenset[bytes]] = frozenset
        self.on_phase: list[Callable[[JobId, Phase], None]] = []

    def __iter__(self) -> Iterator[Live]:
        return iter(list(self._live.values()))

    def __contains__(self, job_id: JobId) -> bool:
        return job_id in self._live

    def count(self, phases: frozenset[Phase]) -> int:
        """Return how many executions are in one of the phases."""
        return sum(live.execution.phase in phases for live in self._live.values())

    async def restore(self) -> int:
        """Load what the journal holds and go on from where the chain stands; return the count.

        Raises:
            ChainError: the chain could not be read; nothing was changed.
        """
        self.time_s = await self._chain.time_s()
        entries = self._journal.unended() + self._journal.ended_since(self.time_s - REOPEN_S)
        for entry in entries:
            live = Live(entry.job, entry.execution, entry.changed_s)
            view = await self._chain.view(entry.job.job_id, entry.execution.view.round)
            self._live[entry.job.job_id] = live
            self.feed(entry.job.job_id, Restarted(view))
        return len(entries)

    def begin(self, job: PostedJob, view: ChainView) -> None:
        """Start an execution for a job that is not known yet; a known one is left alone."""
        if job.job_id in self._live or self._journal.entry(job.job_id) is not None:
            return
        execution, instructions = begin(
            job.job_id, job.spec.max_runtime_s, view, self.time_s, self._margins
        )
        self._journal.write(execution, instructions, self.time_s, job)
        live = self._live[job.job_id] = Live(job, execution, self.time_s)
        self._log_phase(live)
        self._start(live, execution, instructions)

    def feed(self, job_id: JobId, event: Event) -> None:
        """Take one step: journal it, then start what it asks for. Refused events are logged."""
        live = self._live[job_id]
        before = live.execution
        try:
            after, instructions = step(before, event, self.time_s, self._margins)
        except ForbiddenEvent as error:
            log_event(logging.WARNING, "event_refused", job_id=job_id, error=error)
            return
        if after == before and not instructions:
            return
        self._journal.write(after, instructions, self.time_s)
        live.execution, live.changed_s = after, self.time_s
        self._changed.set()
        if after.phase is not before.phase:
            self._log_phase(live)
        self._start(live, after, instructions)

    async def wait_until(self, is_reached: Callable[[], bool]) -> None:
        """Return once a condition on the executions holds; looked at after every step."""
        while not is_reached():
            self._changed.clear()
            await self._changed.wait()

    async def refresh(self, job_id: JobId) -> None:
        """Read the chain for one job and take the step that follows.

        Raises:
            ChainError: the chain could not be read.
        """
        live = self._live[job_id]
        async with live.reading:
            view = await self._chain.view(job_id, live.execution.view.round)
            self.feed(job_id, ChainSeen(view))

    def forget_ended(self) -> None:
        """Drop ended executions that nothing can revive from memory; the journal keeps them."""
        for job_id, live in list(self._live.items()):
            is_over = live.execution.phase is Phase.ENDED and not live.execution.pending
            is_old = live.changed_s < self.time_s - REOPEN_S
            if is_over and live.execution.is_released and is_old:
                del self._live[job_id]

    async def close(self) -> None:
        """End all tasks; what they had not answered is asked again at the next start."""
        self._is_closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(
        self, live: Live, execution: Execution, instructions: tuple[Instruction, ...]
    ) -> None:
        for instruction in instructions:
            task = asyncio.create_task(self._obey(live, execution, instruction))
            live.tasks[instruction.action] = task
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _obey(self, live: Live, execution: Execution, instruction: Instruction) -> None:
        action = instruction.action
        self._crash.reach("before", action)
        try:
            if action in SENDS:
                await self._send(live, execution, instruction)
                return
            event = await self._work_on(live, instruction)
        except asyncio.CancelledError:
            if self._is_closing or action not in _WORK:
                raise
            event = ActionFailed(action, is_counted=False)
        except NeurovoyanceError as error:
            event = self._failure(live, action, error)
        except sqlite3.OperationalError as error:
            # A full disk, most likely; what was sent is found again by its key.
            log_event(logging.ERROR, "journal_not_written", action=action.value, error=str(error))
            event = ActionFailed(action, is_counted=False)
        except Exception:
            # A defect in one job must not end the node: its other jobs have stake behind them.
            logging.getLogger(__name__).exception("defect in %s", action.value)
            event = ActionFailed(action, retry_s=DEFECT_RETRY_S)
        await self._answer(live, action, event)
        if isinstance(event, ActionFailed) and action in SENDS:
            try:
                await self.refresh(live.job.job_id)
            except ChainError as error:
                log_event(logging.WARNING, "chain_unreadable", error=error)

    async def _answer(self, live: Live, action: Action, event: Event) -> None:
        """Feed an answer back; one that cannot be journalled is kept until it can.

        Dropped, its action would count as under way until the next start, and the job be lost.
        """
        self._crash.reach("after", action)
        retrying = AsyncRetrying(
            wait=wait_fixed(JOURNAL_RETRY_S),
            retry=retry_if_exception_type(sqlite3.OperationalError),
            before_sleep=_tell_unwritten,
        )
        async for attempt in retrying:
            with attempt:
                self._journal.answer(live.job.job_id, action, type(event).__name__)
                self.feed(live.job.job_id, event)

    async def _work_on(self, live: Live, instruction: Instruction) -> Event:
        match instruction.action:
            case Action.CHECK:
                return await self._work.check(live.job)
            case Action.RUN:
                return await self._work.run(live.job, instruction.finish_by_s)
            case Action.RECHECK:
                facts = await self._chain.facts(live.job.job_id)
                return await self._work.defence.recheck(live.job, facts, instruction.finish_by_s)
            case Action.RELEASE:
                return await self._work.release(live.job, self._is_input_shared(live))
            case _:
                self._work.cancel(live.job.job_id)
                for action in _WORK:
                    if task := live.tasks.get(action):
                        task.cancel()
                return ActionDone(instruction.action)

    async def _send(self, live: Live, execution: Execution, instruction: Instruction) -> None:
        action, slot, words = instruction.action, instruction.slot, None
        if action is Action.ACCEPT:
            # Accepting declares that model and input are held; a long wait may have cost them.
            await self._work.reassure(live.job)
        if action is Action.ANSWER and execution.view.audit:
            facts = await self._chain.facts(live.job.job_id)
            round_number = execution.view.audit.slots[slot].round
            words = await self._work.defence.answer(live.job, facts, round_number)
        receipt = await self._chain.send(action, execution, instruction.key, live.job, slot, words)
        log_event(
            logging.INFO,
            "sent",
            action=action.value,
            job_id=live.job.job_id,
            tx_hash=receipt.tx_hash,
            gas_used=receipt.gas_used,
        )
        async with live.reading:
            view: ChainView | None = None
            try:
                view = await self._chain.view(live.job.job_id, live.execution.view.round)
            except ChainError as error:
                log_event(logging.WARNING, "chain_unreadable", error=error)
            await self._answer(live, action, ActionDone(action, view))

    def _failure(self, live: Live, action: Action, error: NeurovoyanceError) -> ActionFailed:
        # A revert is the ordinary way to lose a race; other failures are worth a warning.
        level = logging.INFO if isinstance(error, ContractRevert) else logging.WARNING
        log_event(level, "action_failed", action=action.value, job_id=live.job.job_id, error=error)
        is_mined_revert = isinstance(error, TransactionError) and "block_number" in error.context
        return ActionFailed(
            action,
            is_key_used=isinstance(error, ContractRevert) or is_mined_revert,
            retry_s=FUNDS_RETRY_S if isinstance(error, InsufficientFunds) else None,
        )

    def _is_input_shared(self, live: Live) -> bool:
        return live.job.spec.input_cid in self.inputs_of_duties() or any(
            other is not live
            and other.job.spec.input_cid == live.job.spec.input_cid
            and other.execution.phase is not Phase.ENDED
            for other in self._live.values()
        )

    def _log_phase(self, live: Live) -> None:
        execution = live.execution
        for hear in self.on_phase:
            hear(live.job.job_id, execution.phase)
        log_event(
            logging.INFO,
            "phase",
            job_id=live.job.job_id,
            phase=execution.phase.value,
            outcome=execution.outcome.value if execution.outcome else None,
            refusal=execution.refusal.message if execution.refusal else None,
        )


def _tell_unwritten(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log_event(logging.ERROR, "journal_not_written", error=str(error), attempt=state.attempt_number)
