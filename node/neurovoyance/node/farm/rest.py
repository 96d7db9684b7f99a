"""A worker yields to the owner of its machine: one process looks, the others read its word.

Place: under ``worker``. A child of Celery's master watches the sensors through the node's own
:class:`~neurovoyance.node.idle.gate.Gate` and holds a :class:`Lease` in memory that all processes
of the worker share; the master stops listening and the seats stop computing while it is over.
Never: a seat that computes on the word of a watcher that died; a lease ends by itself.
"""

from __future__ import annotations

import asyncio
import logging
import mmap
import os
import signal
import struct
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from neurovoyance.node.idle.book import IdleBook
from neurovoyance.node.idle.gate import Gate
from neurovoyance.node.idle.policy import CPU
from neurovoyance.node.idle.sensors import HostSensors, SensorSource, desk_here
from neurovoyance.node.idle.settings import IdleSettings
from neurovoyance.node.logs import log_event

LEASE_S: Final = 5.0
RENEW_S: Final = 0.5
_UNTIL: Final = struct.Struct("d")


class Lease:
    """Until when the processes of a worker may compute; made before they part by ``fork``.

    To a gate it is an engine. The clock is the machine's monotonic one, the same in each process.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _UNTIL.size)

    @property
    def is_open(self) -> bool:
        """Tell whether the worker may compute now."""
        return bool(time.monotonic() < _UNTIL.unpack_from(self._memory)[0])

    def resume(self) -> None:
        """Let the worker compute for a few seconds more."""
        _UNTIL.pack_into(self._memory, 0, time.monotonic() + LEASE_S)

    def suspend(self) -> None:
        """Let the worker rest from now on."""
        _UNTIL.pack_into(self._memory, 0, 0.0)

    def evict(self) -> None:
        """Do nothing: who rests has given its executions back."""


class Watcher:
    """The process that looks whether the owner needs the machine.

    Args:
        idle: what the owner allows.
        folder: of the worker, for the book of its pauses.
        lease: what it holds open.
        sensors: in place of this machine's, for tests.
    """

    def __init__(
        self,
        idle: IdleSettings,
        folder: Path,
        lease: Lease,
        sensors: SensorSource | None = None,
    ) -> None:
        self._idle = idle
        self._folder = folder
        self._lease = lease
        self._sensors = sensors
        self.pid: int | None = None

    def ensure(self) -> None:
        """Start the process, or start it again if it ended."""
        if self.pid is not None:
            try:
                if os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                    return
            except ChildProcessError:
                pass  # somebody else has waited for it
            log_event(logging.ERROR, "watcher_ended")
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            self._be_the_watcher(parent)

    def stop(self) -> None:
        """End the process; the lease ends with it."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = None
        self._lease.suspend()

    def _be_the_watcher(self, parent: int) -> None:
        """Look until the parent ends; never returns."""
        code = 1
        try:
            # A worker that is told to stop finishes what runs, and so needs its lease.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            asyncio.new_event_loop().run_until_complete(self._watch(parent))
            code = 0
        except Exception:
            # The boundary of a process: the parent sees the code, and starts another one.
            logging.getLogger(__name__).exception("defect in the watcher")
        finally:
            # No shutdown: a sensor that hangs would hold it up, and the parent's exits are its own.
            os._exit(code)

    async def _watch(self, parent: int) -> None:
        sensors = self._sensors or HostSensors(
            desk_here(), wants_programs=bool(self._idle.not_with), root_pid=parent
        )
        book = IdleBook(self._folder / "idle.sqlite", {"kind": "worker"})
        gate = Gate(self._idle, sensors, book, {CPU: [self._lease]})
        looking = asyncio.create_task(gate.run())
        try:
            while os.getppid() == parent and not looking.done():
                if gate.may_run():
                    self._lease.resume()
                await asyncio.sleep(RENEW_S)
        finally:
            self._lease.suspend()
            looking.cancel()
            book.close()


def mind(consumer: Any, queues: Sequence[str], lease: Lease, watcher: Watcher) -> None:
    """Listen to the queues while the lease is open, and to none while it is over.

    Args:
        consumer: Celery's, on whose loop this is called again and again.
        queues: names of what the worker listens to.
        lease: see above.
        watcher: is started again if it ended.
    """
    watcher.ensure()
    is_open = lease.is_open
    listening = consumer.task_consumer
    if listening is None:
        return  # the connection is away; it comes back with the queues that are selected
    if is_open:
        consumer.app.amqp.queues.select(queues)
    for queue in queues:
        if listening.consuming_from(queue) == is_open:
            continue
        if is_open:
            consumer.add_task_queue(queue)
        else:
            consumer.cancel_task_queue(queue)
