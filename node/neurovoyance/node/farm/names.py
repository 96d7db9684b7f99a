"""Names in Redis: one prefix a farm, so that several providers may share a server.

Place: both sides of the queue. Never: a name that holds a secret.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurovoyance.node.runtime.config import Engine

OVER = "over"
"""Value of an order's mark when nobody wants it any more."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one farm."""

    farm: str

    def queue(self, engine: Engine, device: str = "cpu") -> str:
        """Return the queue for what an engine computes on a kind of device."""
        return f"neurovoyance.{self.farm}.{engine.value}.{device}"

    def mark(self, execution_id: str) -> str:
        """Return the key whose value is the token of the order that is out, or ``OVER``."""
        return f"neurovoyance:{self.farm}:mark:{execution_id}"

    def claim(self, execution_id: str, token: int) -> str:
        """Return the key that the worker holds that computes it."""
        return f"neurovoyance:{self.farm}:claim:{execution_id}:{token}"

    def beat(self, execution_id: str, token: int) -> str:
        """Return the key that changes while a worker computes it."""
        return f"neurovoyance:{self.farm}:beat:{execution_id}:{token}"

    def report(self, execution_id: str, token: int) -> str:
        """Return the key of the report."""
        return f"neurovoyance:{self.farm}:report:{execution_id}:{token}"

    def worker(self, name: str) -> str:
        """Return the key by which a worker shows that it is there."""
        return f"neurovoyance:{self.farm}:worker:{name}"
