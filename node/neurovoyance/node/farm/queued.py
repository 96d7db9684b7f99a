"""The pool of many machines: orders go into a queue, workers compute, the agent takes one report.

Place: an :class:`~neurovoyance.node.farm.pool.ExecutionPool` over Celery and Redis; ``rules`` says
what to do about an order that is out, ``fencing`` which report counts, ``seat`` is the other end.
The task id is the execution id. A worker that dies costs time: its order is sent again under a new
token, and whatever it still reports is void. Never: trust a file that was not compared with its
digest and its headers, or wait beyond an order's deadline.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from redis.asyncio import Redis

from neurovoyance.node.farm.broker import (
    HARD_SPARE_S,
    QUEUE_ERRORS,
    REDIS_ERRORS,
    connect,
    make_app,
    require_redis,
)
from neurovoyance.node.farm.fencing import Fence
from neurovoyance.node.farm.messages import EXPECT_NAME, TASK_NAME, Report, Task
from neurovoyance.node.farm.names import OVER, Names
from neurovoyance.node.farm.parcel import BYTES_MOST, is_held, pack, unpack
from neurovoyance.node.farm.pool import Order, OutOfTime
from neurovoyance.node.farm.rules import Move, Out, Seen, judge, returned
from neurovoyance.node.logs import log_event
from neurovoyance.node.runtime.base import ExecutionCancelled, RunOutput
from neurovoyance.node.runtime.outfile import check_output
from neurovoyance.protocol.errors import ExecutionError, SpecError, StorageError

MARK_SPARE_S = 3_600
OVER_S = 600


@dataclass(frozen=True, slots=True)
class FarmSettings:
    """How the agent's side works.

    Attributes:
        url: address of Redis; may hold a password.
        farm: name that agent and workers share.
        lost_after_s: silence after which a worker counts as dead.
        poll_s: pause between looks.
        bytes_most: files up to this size travel inside messages.
        hard_spare_s: a worker's seat is killed this long after the longest run of its task.
    """

    url: str
    farm: str = "default"
    lost_after_s: float = 15.0
    poll_s: float = 0.1
    bytes_most: int = BYTES_MOST
    hard_spare_s: int = HARD_SPARE_S


@dataclass(slots=True)
class _Running:
    order: Order
    token: int = 0
    is_cancelled: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class QueuedPool:
    """Hands orders to workers. Belongs to one event loop; always :meth:`close` it."""

    def __init__(self, settings: FarmSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._names = Names(settings.farm)
        self._app = make_app(settings.url)
        self._redis: Redis = connect(settings.url)
        self._fence = Fence(time.time_ns())
        self._clock = clock
        self._running: dict[str, _Running] = {}
        self._is_closed = False

    async def open(self) -> None:
        """Make sure that Redis answers.

        Raises:
            ConfigError: it does not.
        """
        await require_redis(self._redis)

    async def execute(self, order: Order) -> RunOutput:
        """Compute an order on a worker; see the interface."""
        if self._is_closed:
            raise ExecutionError("The pool is closed; nothing was started.")
        if order.execution_id in self._running:
            raise SpecError("This execution id is in use; nothing was started.")
        running = self._running[order.execution_id] = _Running(order)
        try:
            return await self._supervise(running)
        finally:
            self._fence.revoke(order.execution_id)
            await self._forget(running)
            del self._running[order.execution_id]
            running.ended.set()

    async def expect(self, order: Order) -> None:
        """Ask one worker to fetch and load the model; see the interface."""
        try:
            task = await asyncio.to_thread(self._task_of, order, 0, has_input=False)
            await asyncio.to_thread(self._send, EXPECT_NAME, task, None, order.left_s)
        except (*QUEUE_ERRORS, StorageError) as error:
            log_event(logging.INFO, "model_not_loaded_ahead", cause=type(error).__name__)

    def cancel(self, execution_id: str) -> bool:
        """End an execution; False if it is unknown or over."""
        running = self._running.get(execution_id)
        if running is None or running.is_cancelled:
            return False
        running.is_cancelled = True
        return True

    async def workers(self) -> dict[str, str]:
        """Return the workers that show themselves, and what they say of their machine."""
        found = {}
        async for key in self._redis.scan_iter(self._names.worker("*")):
            if (text := await self._redis.get(key)) is not None:
                found[str(key).rpartition(":")[2]] = str(text)
        return found

    async def close(self) -> None:
        """Cancel what runs and leave Redis. Repeatable."""
        self._is_closed = True
        for running in self._running.values():
            running.is_cancelled = True
        await asyncio.gather(*(running.ended.wait() for running in self._running.values()))
        await self._redis.aclose()
        await asyncio.to_thread(self._app.close)

    async def _supervise(self, running: _Running) -> RunOutput:
        now_s = self._clock()
        out = Out(deadline_s=now_s + running.order.left_s, quiet_since_s=now_s)
        is_sent = await self._dispatch(running, out)
        while True:
            if running.is_cancelled:
                raise ExecutionCancelled("The execution was cancelled; no output was written.")
            seen, text = await self._look(running) if is_sent else (None, None)
            out, move = judge(out, seen, self._clock(), self._settings.lost_after_s)
            match move:
                case Move.TAKE:
                    if found := await self._taken(running, text or ""):
                        return found
                    out = returned(out, self._clock())
                    is_sent = await self._dispatch(running, out)
                case Move.OUT_OF_TIME:
                    raise OutOfTime("No worker finished the execution before its deadline.")
                case Move.GIVE_UP:
                    raise ExecutionError(
                        f"The execution was sent to workers {out.sends} times and came back from "
                        "none.",
                        hint="See the workers' logs; a model may end the machine that runs it.",
                    )
                case Move.SEND_AGAIN:
                    log_event(
                        logging.WARNING, "worker_lost", execution_id=running.order.execution_id
                    )
                    is_sent = await self._dispatch(running, out)
                case Move.RESTORE:
                    await self._mark(running)
                case Move.WAIT if not is_sent:
                    is_sent = await self._dispatch(running, out)
            await asyncio.sleep(self._settings.poll_s)

    async def _dispatch(self, running: _Running, out: Out) -> bool:
        """Send the order under a new token; False if Redis could not be reached."""
        order = running.order
        running.token = self._fence.issue(order.execution_id)
        left_s = out.deadline_s - self._clock()
        task = await asyncio.to_thread(self._task_of, order, running.token, has_input=True)
        try:
            await self._mark(running)
            await asyncio.to_thread(self._send, TASK_NAME, task, order.execution_id, left_s)
        except QUEUE_ERRORS as error:
            log_event(logging.WARNING, "queue_unreachable", cause=type(error).__name__)
            return False
        return True

    def _task_of(self, order: Order, token: int, *, has_input: bool) -> Task:
        most = self._settings.bytes_most
        model = pack(order.model_path, cid=order.model_cid, bytes_most=most)
        given = None
        if has_input:
            given = pack(order.input_path, cid=order.input_cid, bytes_most=most)
        return Task(
            execution_id=order.execution_id,
            token=token,
            model=model,
            input=given,
            output_path=str(order.output_path.absolute()),
            output_names=order.output_names,
            profile=order.profile,
            engine=order.engine,
            wall_time_s=max(1, order.wall_time_s),
            is_shared=order.is_shared,
        )

    def _send(self, name: str, task: Task, task_id: str | None, left_s: float) -> None:
        self._app.send_task(
            name,
            args=[task.model_dump(mode="json")],
            task_id=task_id,
            queue=self._names.queue(task.engine),
            expires=max(1.0, left_s),
            time_limit=task.wall_time_s + self._settings.hard_spare_s,
            ignore_result=True,
        )

    async def _mark(self, running: _Running) -> None:
        expires_s = int(running.order.left_s) + MARK_SPARE_S
        await self._redis.set(
            self._names.mark(running.order.execution_id), str(running.token), ex=expires_s
        )

    async def _look(self, running: _Running) -> tuple[Seen | None, str | None]:
        names, execution_id = self._names, running.order.execution_id
        try:
            pipe = self._redis.pipeline(transaction=False)
            pipe.mget(
                names.report(execution_id, running.token),
                names.mark(execution_id),
                names.beat(execution_id, running.token),
            )
            pipe.llen(names.queue(running.order.engine))
            (report, mark, beat), waiting = await pipe.execute()
        except REDIS_ERRORS:
            return None, None
        seen = Seen(report is not None, mark == str(running.token), beat, waiting == 0)
        return seen, report

    async def _taken(self, running: _Running, text: str) -> RunOutput | None:
        """Return the output of a report; None if it is void and the order has to be sent again."""
        order = running.order
        try:
            report = Report.model_validate_json(text)
            if (report.execution_id, report.token) != (order.execution_id, running.token):
                return None
            if report.is_handed_back:
                log_event(logging.INFO, "execution_handed_back", execution_id=order.execution_id)
                return None
            error = report.raised()
            if error is None:
                await asyncio.to_thread(_collect, report, order.output_path)
        except (ValueError, OSError, SpecError, ExecutionError, StorageError) as broken:
            log_event(logging.WARNING, "report_void", cause=str(broken)[:200])
            return None
        if not self._fence.accept(order.execution_id, running.token):
            return None
        if error is not None:
            raise error
        return RunOutput(order.output_path, report.metas(), report.used(), report.engine)

    async def _forget(self, running: _Running) -> None:
        """Tell whoever still computes it to stop; what expires by itself may stay."""
        execution_id, token = running.order.execution_id, running.token
        with contextlib.suppress(*REDIS_ERRORS):
            await self._redis.set(self._names.mark(execution_id), OVER, ex=OVER_S)
            await self._redis.delete(self._names.report(execution_id, token))
        await asyncio.to_thread(_tidy, running.order.output_path)


def _collect(report: Report, final: Path) -> None:
    """Put a reported output at its final name, compared with its digest and its headers."""
    parcel = report.output
    if parcel is None:
        raise SpecError("A report without an error has no output.")
    if [file.name for file in parcel.files] != [""]:
        raise SpecError("The output of a report is not one file.")
    partial = final.with_name(f".{final.name}.{report.token}.part")
    if unpack(parcel, partial) or is_held(parcel, partial):
        check_output(partial, report.metas())
        partial.replace(final)
        return
    raise SpecError("The output of a report is not where both sides look.")


def _tidy(final: Path) -> None:
    for path in final.parent.glob(f".{final.name}.*.part"):
        path.unlink(missing_ok=True)
