"""The pool of one machine: orders run in sandboxes of this process, which is the default.

Place: an :class:`~neurovoyance.node.farm.pool.ExecutionPool` around a runtime. Limits are taken
when a run starts, since the owner uses the machine too; models kept warm make way for a run that
needs their memory. Never: a queue; waiting for a place is the bench's business.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from neurovoyance.node.farm.pool import NoRoom, Order
from neurovoyance.node.logs import log_event
from neurovoyance.node.runtime.base import Limits, RunOutput, RunRequest, Runtime
from neurovoyance.node.runtime.confined import ConfinedRuntime
from neurovoyance.node.runtime.resources import ENGINE_BYTES
from neurovoyance.protocol.errors import NeurovoyanceError, ResourceExceeded


class LocalPool:
    """Runs orders here.

    Args:
        runtime: computes; whoever made it closes it.
        limits: what a run of so many seconds may take now; raises ``ResourceExceeded``.
    """

    def __init__(self, runtime: Runtime, limits: Callable[[int], Limits]) -> None:
        self._runtime = runtime
        self._limits = limits
        self._running: set[str] = set()

    async def execute(self, order: Order) -> RunOutput:
        """Compute an order; see the interface."""
        limits = self._room_for(order)
        self._running.add(order.execution_id)
        try:
            return await self._runtime.run(request_of(order), limits)
        finally:
            self._running.discard(order.execution_id)

    async def expect(self, order: Order) -> None:
        """Load the model into a warm child; see the interface."""
        if not isinstance(self._runtime, ConfinedRuntime):
            return
        try:
            await self._runtime.expect(request_of(order), self._limits(order.wall_time_s))
        except NeurovoyanceError as error:
            log_event(logging.INFO, "model_not_loaded_ahead", error=error)

    def cancel(self, execution_id: str) -> bool:
        """End an execution; False if it is unknown or over."""
        return self._runtime.cancel(execution_id)

    async def close(self) -> None:
        """Cancel what runs; the runtime stays open."""
        for execution_id in list(self._running):
            self._runtime.cancel(execution_id)

    def _room_for(self, order: Order) -> Limits:
        """Return the limits; warm models are given up if the order cannot do with what is free."""
        needed_bytes = size_bytes(order.model_path) + ENGINE_BYTES
        try:
            limits = self._limits(order.wall_time_s)
            if limits.memory_bytes >= needed_bytes or not self._shed():
                return limits
        except ResourceExceeded as error:
            if not self._shed():
                raise NoRoom(error.message, **error.context) from error
        try:
            return self._limits(order.wall_time_s)
        except ResourceExceeded as error:
            raise NoRoom(error.message, **error.context) from error

    def _shed(self) -> bool:
        return isinstance(self._runtime, ConfinedRuntime) and self._runtime.shed() > 0


def size_bytes(path: Path) -> int:
    """Return the size of a model, file or directory; 0 if it is gone."""
    if path.is_dir():
        return sum(item.stat().st_size for item in path.rglob("*") if item.is_file())
    return path.stat().st_size if path.is_file() else 0


def request_of(order: Order) -> RunRequest:
    """Return an order as a runtime takes it."""
    return RunRequest(
        model_path=order.model_path,
        input_path=order.input_path,
        output_path=order.output_path,
        output_names=order.output_names,
        profile=order.profile,
        execution_id=order.execution_id,
        is_shared=order.is_shared,
    )
