"""How often somebody may do something: a moving window in memory, with the time until the next.

Place: in front of what is dearer than a read. Never: shared between processes.
"""

from __future__ import annotations

import math
import time

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from neurovoyance.protocol.errors import RateLimited


class Allowance:
    """One limit, kept for each name apart.

    Args:
        limit: how many in which time.
        what: what is limited, for the sentence: "More than 5 {what} came ...".
    """

    def __init__(self, limit: RateLimitItem, what: str) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._limit = limit
        self._what = what

    def take(self, who: str, count: int = 1) -> None:
        """Take some of a name's allowance, all or nothing.

        Raises:
            RateLimited: it is used up; ``retry_after_s`` says when some of it is back.
        """
        if count <= self._limit.amount and self._limiter.hit(self._limit, who, cost=count):
            return
        back_s, left = self._limiter.get_window_stats(self._limit, who)
        # Some is back when the oldest leaves the window; one that asks for more than is left of an
        # untouched window never gets it, and hears the whole window.
        wait_s = back_s - time.time() if left < self._limit.amount else self._limit.get_expiry()
        raise RateLimited(
            f"More than {self._limit.amount} {self._what} came within "
            f"{self._limit.get_expiry()} seconds.",
            hint="Wait as long as Retry-After says.",
            retry_after_s=max(1, math.ceil(wait_s)),
        )

    def give_back(self, who: str) -> None:
        """Forget what a name took: what it was for did not happen."""
        self._limiter.clear(self._limit, who)
