"""What the agent asks of every duty besides the node's own executions: audits and disputes.

Place: between ``agent`` and the packages that know one kind of duty. Events only say where to look;
a duty reads the chain in its sweep and acts on what it finds there, so that a restart or a
reorganisation needs no path of its own. Never: a rule about what is due.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from neurovoyance.chain.events import ChainEvent, Rollback


class Duty(Protocol):
    """One kind of promise that this node keeps towards jobs of others, or defends its own with.

    Attributes:
        name: what people call its cases, such as ``audits``.
    """

    name: str

    async def handle(self, items: Sequence[ChainEvent | Rollback]) -> None:
        """Take a batch of events into account; what has to survive a crash is on disk after it.

        Raises:
            ChainError: the chain could not be read; the batch will be handled again.
        """
        ...

    async def sweep(self, time_s: int) -> None:
        """Read every live case again and start what is due.

        Args:
            time_s: chain time, unix seconds.

        Raises:
            ChainError: the chain could not be read; the next sweep tries again.
        """
        ...

    def due(self) -> int:
        """Return how many cases would cost stake if a deadline passed: a stop waits for them."""
        ...

    def live(self) -> int:
        """Return how many cases have not ended."""
        ...

    def occupied(self) -> int:
        """Return how many places of computation the duty uses or waits for now."""
        ...

    def inputs_in_use(self) -> frozenset[bytes]:
        """Return the binary CIDs of inputs that have to stay on this disk."""
        ...

    async def restore(self) -> None:
        """Load what the journal holds; called once, before the first sweep.

        Raises:
            ChainError: the chain could not be read; nothing was changed.
        """
        ...

    async def close(self) -> None:
        """End all tasks; what they had not finished is started again at the next start."""
        ...
