"""Where the agent hands an execution over, and what every place that computes it must do.

Place: between ``bench`` and the runtimes: :mod:`.local` computes in this process's own sandboxes,
:mod:`.queued` on machines that listen to a queue. Data flow: an order names files of this machine;
the output appears here, whole or not at all. Never: a promise, a key, or a commitment; those stay
with the agent.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from neurovoyance.node.runtime.base import Profile, RunOutput
from neurovoyance.node.runtime.config import Engine
from neurovoyance.protocol.errors import ExecutionError


class OutOfTime(ExecutionError):
    """There is no time left for a run before its deadline; it was not started."""

    code = "execution.out_of_time"


class NoRoom(ExecutionError):
    """Memory or disk do not suffice at this moment: the owner uses the machine."""

    code = "execution.no_room"


@dataclass(frozen=True, slots=True)
class Order:
    """One execution, as the agent asks for it.

    Attributes:
        execution_id: handle for ``cancel``; one order at a time may use it.
        model_path: a verified model, file or directory.
        input_path: a verified safetensors file.
        output_path: final name of the output; its directory exists.
        output_names: outputs wanted, in order; None for all.
        profile: how to run.
        wall_time_s: longest run.
        left_s: time until the output has to be there; waiting for a machine counts.
        engine: what computes it.
        is_shared: False for a private input, which meets no warm child.
        model_cid, input_cid: where other machines may fetch the files; None if nowhere.
    """

    execution_id: str
    model_path: Path
    input_path: Path
    output_path: Path
    output_names: tuple[str, ...] | None
    profile: Profile
    wall_time_s: int
    left_s: float
    engine: Engine = Engine.ORT
    is_shared: bool = True
    model_cid: str | None = None
    input_cid: str | None = None


class ExecutionPool(Protocol):
    """Computes orders. Calls may overlap; cancelling the awaiting task ends the execution."""

    async def execute(self, order: Order) -> RunOutput:
        """Compute once and leave the output at its name, whole or not at all.

        Raises:
            OutOfTime: the deadline came first.
            NoRoom: memory or disk do not suffice now.
            ExecutionCancelled: ``cancel`` was called, or the pool was closed.
            ExecutionError, SpecError: see :meth:`neurovoyance.node.runtime.base.Runtime.run`.
        """
        ...

    async def expect(self, order: Order) -> None:
        """Make a likely execution quick: fetch and load its model where it would run.

        What cannot be done now is left undone; nothing is raised for that.
        """
        ...

    def cancel(self, execution_id: str) -> bool:
        """End an execution and return True; False if it is unknown or over."""
        ...

    async def close(self) -> None:
        """Cancel what runs and give back what the pool itself opened. Repeatable."""
        ...
