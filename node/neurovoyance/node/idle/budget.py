"""A store that fetches only so much a day: the owner's line is the owner's.

Place: between the node and ``ipfs``; made by ``process`` where a limit is set. Content that is
held already is free. Counts are kept in memory: a restart begins a new day. Never: an end of a
transfer under way, which would waste what came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime

from neurovoyance.ipfs.backend import OnProgress, Progress
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.composite import Composite
from neurovoyance.node.fitting import IntakeRefused
from neurovoyance.protocol.offer_exchange import RefusalCause


class DayBudget:
    """Counts bytes between two midnights.

    Args:
        limit_bytes: of one day; None for no limit.
        today: the present day.
    """

    def __init__(
        self,
        limit_bytes: int | None,
        today: Callable[[], date] = lambda: datetime.now().astimezone().date(),
    ) -> None:
        self.limit_bytes = limit_bytes
        self._today = today
        self._day = today()
        self._used_bytes = 0

    def used_bytes(self) -> int:
        """Return what was fetched since midnight."""
        if self._today() != self._day:
            self._day, self._used_bytes = self._today(), 0
        return self._used_bytes

    def count(self, size_bytes: int) -> None:
        """Count bytes that came."""
        self._used_bytes = self.used_bytes() + size_bytes

    def require_room(self) -> None:
        """Refuse to begin a transfer on a day whose bytes are used up.

        Raises:
            IntakeRefused: they are.
        """
        if self.limit_bytes is not None and self.used_bytes() >= self.limit_bytes:
            raise IntakeRefused(
                RefusalCause.DISK,
                f"This node fetches at most {self.limit_bytes:,} bytes a day, and has.",
            )


class _Meter:
    """Counts what moves during one transfer; what was held before it does not."""

    def __init__(self, budget: DayBudget, further: OnProgress | None) -> None:
        self._budget = budget
        self._further = further
        self._seen_bytes = 0

    def __call__(self, progress: Progress) -> None:
        # The rate stays zero as long as everything came from this disk.
        if progress.rate_bytes_s > 0:
            self._budget.count(progress.bytes_done - self._seen_bytes)
        self._seen_bytes = progress.bytes_done
        if self._further is not None:
            self._further(progress)


class BudgetedBackend(Composite):
    """The store of a node with a budget; none until ``budget`` is set."""

    budget: DayBudget | None = None

    async def ensure(
        self,
        cid: Cid,
        *,
        sources: Iterable[str] = (),
        max_bytes: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        """Make content local within the budget; see :meth:`EmbeddedBackend.ensure`.

        Raises:
            IntakeRefused: the day's bytes are used up and the content is not held.
        """
        if self.budget is None or self.budget.limit_bytes is None:
            await super().ensure(cid, sources=sources, max_bytes=max_bytes, on_progress=on_progress)
            return
        if await self.has(cid):
            return
        self.budget.require_room()
        meter = _Meter(self.budget, on_progress)
        await super().ensure(cid, sources=sources, max_bytes=max_bytes, on_progress=meter)
