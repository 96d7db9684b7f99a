"""Obey the policy: stop what computes when the owner comes, let it go on when the owner is away.

Place: beside the agent, which hears of changes through ``on_change``. A look takes at most
:data:`READ_MAX_S` and begins :data:`PERIOD_S` after the last, so that a return is answered within
two seconds, or :data:`CLOSED_PERIOD_S` while nothing may run or the machine has no owner, whose
hand is obeyed without a look; engines are stopped before anything
is written or told. Never: a rule, or a device left running because its sensors hang.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol, runtime_checkable

from neurovoyance.node.idle.book import IdleBook
from neurovoyance.node.idle.policy import (
    CPU,
    Cause,
    Decision,
    Hold,
    PolicyState,
    Reason,
    Verdict,
    decide,
)
from neurovoyance.node.idle.readings import Sensors, Unmeasured
from neurovoyance.node.idle.sensors import SensorSource
from neurovoyance.node.idle.settings import IdleSettings, Mode
from neurovoyance.node.logs import log_event

PERIOD_S = 0.75
CLOSED_PERIOD_S = 3.0
"""Between looks where none has to be answered within two seconds."""
READ_MAX_S = 1.0
_FIRST = Reason(Cause.UNMEASURED, "The node has just started and looks around.")


@runtime_checkable
class Suspendable(Protocol):
    """An engine whose executions can be stopped where they stand."""

    def suspend(self) -> None:
        """Stop what runs and start nothing; repeatable."""
        ...

    def resume(self) -> None:
        """Let it go on; repeatable."""
        ...

    def evict(self) -> None:
        """Give what is suspended up for its memory; it begins anew later."""
        ...


class ClockOnly:
    """The sensors of a dedicated machine: nothing is measured but the time."""

    def read(self) -> Sensors:
        """Return a snapshot of a machine that nobody looks at."""
        return silent("nobody asked")


def silent(why: str) -> Sensors:
    """Return a snapshot in which nothing could be measured."""
    nothing = Unmeasured(why)
    return Sensors(
        monotonic_s=time.monotonic(),
        local=datetime.now().astimezone(),
        inputs=nothing,
        cpu_by_others=nothing,
        memory_by_others=nothing,
        cpu_temperature_c=nothing,
        on_battery=nothing,
        processes=nothing,
        fullscreen=nothing,
    )


class Gate:
    """Lets engines run while the policy lets their device run.

    Args:
        settings: what the owner allows.
        source: takes snapshots.
        book: where pauses and the owner's words are kept.
        engines: by device; those of the CPU are under ``cpu``.

    Attributes:
        decision: the last one.
        sensors: the snapshot that it came from; None before the first look.
        on_change: called with the device and whether it may run, after its engines obeyed.
    """

    def __init__(
        self,
        settings: IdleSettings,
        source: SensorSource,
        book: IdleBook,
        engines: Mapping[str, Sequence[Suspendable]],
    ) -> None:
        self._settings = settings
        self._source = source
        self._book = book
        self._engines = {CPU: [], **engines}
        self._state = PolicyState()
        self._reading: asyncio.Task[Sensors] | None = None
        self.sensors: Sensors | None = None
        self.on_change: list[Callable[[str, bool], None]] = []
        # Until the first look a machine with an owner is in use, and a pause by hand holds.
        is_new = settings.mode is Mode.IDLE or book.hold().is_held
        first = (_FIRST,) if is_new else ()
        self.decision = Decision(tuple(Verdict(device, first) for device in self._engines))
        if is_new:
            for device in self._engines:
                self._close(device, self.decision)

    @property
    def mode(self) -> Mode:
        """Return whether the machine has an owner to yield to."""
        return self._settings.mode

    def may_run(self, device: str = CPU) -> bool:
        """Tell whether a device may compute now."""
        return self.decision.of(device).may_run

    @property
    def period_s(self) -> float:
        """Return the pause until the next look."""
        is_watched = self.mode is Mode.IDLE and any(map(self.may_run, self._engines))
        return PERIOD_S if is_watched else CLOSED_PERIOD_S

    async def run(self) -> None:
        """Look again and again until cancelled; a defect of a sensor closes the gate."""
        try:
            while True:
                try:
                    await self.look()
                except Exception:
                    # Whatever it is, and it is never expected: a gate that ends would leave its
                    # engines as they are for ever, one that goes on closes them at its next look.
                    # Engines stop before anything else is done, so what failed came after.
                    logging.getLogger(__name__).exception("defect in the gate")
                await asyncio.sleep(self.period_s)
        finally:
            if self._reading is not None:
                self._reading.cancel()

    async def look(self) -> None:
        """Take one snapshot and obey what follows; one that does not come counts as in use."""
        if self._reading is None:
            self._reading = asyncio.create_task(asyncio.to_thread(self._source.read))
        done, _ = await asyncio.wait([self._reading], timeout=READ_MAX_S)
        if not done:
            self.judge(silent("the sensors do not answer in time"))
            return
        reading, self._reading = self._reading, None
        error = reading.exception()
        if error is not None:
            logging.getLogger(__name__).error("defect in a sensor", exc_info=error)
            self.judge(silent(f"a sensor failed ({type(error).__name__})"))
            return
        self.judge(reading.result())

    def set_hold(self, hold: Hold) -> None:
        """Pause, snooze or let go by the owner's hand; obeyed before this returns."""
        self._book.set_hold(hold)
        now = datetime.now().astimezone()
        last = self.sensors or silent("the node has just started")
        self.judge(replace(last, local=now))

    def judge(self, sensors: Sensors) -> None:
        """Decide on a snapshot; whatever may not run has stopped when this returns."""
        hold = self._book.hold()
        before = self.decision
        self._state, decision = decide(self._state, sensors, self._settings, hold)
        self.decision, self.sensors = decision, sensors
        for device in self._engines:
            if decision.of(device).may_run:
                if not before.of(device).may_run:
                    self._open(device)
            elif before.of(device).may_run:
                self._close(device, decision)
            elif decision.must_free_memory and not before.must_free_memory:
                self._evict(device)

    def _close(self, device: str, decision: Decision) -> None:
        for engine in self._engines[device]:
            engine.suspend()
        if decision.must_free_memory:
            self._evict(device)
        verdict = decision.of(device)
        self._book.begin(device, verdict.reasons, int(time.time()))
        causes = [reason.cause.value for reason in verdict.reasons]
        log_event(logging.INFO, "paused", device=device, causes=causes)
        for hear in self.on_change:
            hear(device, False)

    def _open(self, device: str) -> None:
        for engine in self._engines[device]:
            engine.resume()
        self._book.end(device, int(time.time()))
        log_event(logging.INFO, "resumed", device=device)
        for hear in self.on_change:
            hear(device, True)

    def _evict(self, device: str) -> None:
        for engine in self._engines[device]:
            engine.evict()
