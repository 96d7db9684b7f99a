"""One clock for all loops of the node: chain time, read from the chain once for all who ask.

Place: between ``agent`` and the chain. Every loop and duty wants the time each turn; the reader of
events sees the newest block anyway and tells it here, so an idle node asks for no block besides.
Never: a time older than ``max_age_s``, so the loops do not depend on events being readable.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

MAX_AGE_S = 2.0
"""A time older than this is read again however seldom the loops look."""
_TURNS = 1.5


class ChainClock:
    """Chain time, at most ``max_age_s`` old.

    Args:
        read: reads the timestamp of the latest block, unix seconds.
        pause_s: pause between two turns of a loop; a time lasts for one and a half.
        monotonic_s: this machine's clock.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[int]],
        pause_s: float,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._monotonic_s = monotonic_s
        self.max_age_s = min(MAX_AGE_S, _TURNS * pause_s)
        self._time_s = 0
        self._seen_s: float | None = None
        self._reading: asyncio.Task[int] | None = None

    def tell(self, time_s: int) -> None:
        """Take the timestamp of the newest block from who has just read it."""
        self._time_s, self._seen_s = time_s, self._monotonic_s()

    async def time_s(self) -> int:
        """Return chain time, unix seconds; those who ask together cause one request.

        Raises:
            ChainError: the chain could not be read.
        """
        if self._seen_s is not None and self._monotonic_s() - self._seen_s <= self.max_age_s:
            return self._time_s
        if self._reading is None:
            self._reading = asyncio.create_task(self._refresh())
        # Shielded: one loop that ends must not take the answer from the others.
        return await asyncio.shield(self._reading)

    async def _refresh(self) -> int:
        try:
            time_s = await self._read()
        finally:
            self._reading = None
        self.tell(time_s)
        return time_s
