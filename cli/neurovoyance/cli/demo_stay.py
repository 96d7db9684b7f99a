"""Keeps the demo's network open for whoever looks at its pages, and not a minute for nobody.

Place: the end of ``neurovoyance demo`` in a terminal. Pages ask the market's service how it is,
every few seconds; the service counts that, and this reads the count. Never: an end while somebody
clicks.
"""

from __future__ import annotations

import asyncio
import re
import time
import urllib.request
from dataclasses import dataclass

UNSEEN_S = 90.0
"""Nobody has opened a page after this long: the demo ends."""
SEEN_S = 600.0
"""Nobody has looked for this long since somebody did, a hidden tab included."""
_LOOK_S = 3.0
_ASKED = re.compile(rb'^market_requests_total\{route="/v1/health",[^}]*\} ([0-9.e+]+)$', re.M)


@dataclass(slots=True)
class Audience:
    """Tells from a growing count whether somebody still looks.

    Attributes:
        since_s: when it began, or the count last grew; of any clock that does not jump.
        count: what was counted last.
        was_seen: whether somebody ever looked.
    """

    since_s: float
    count: float
    was_seen: bool = False

    def has_left(self, count: float, now_s: float) -> bool:
        """Take in a count and tell whether nobody looks any more."""
        if count > self.count:
            self.was_seen, self.since_s = True, now_s
        self.count = count
        return now_s - self.since_s >= (SEEN_S if self.was_seen else UNSEEN_S)


def looks_in(metrics: bytes) -> float:
    """Return how often pages asked how the service is, from its metrics."""
    return sum(float(found) for found in _ASKED.findall(metrics))


async def until_nobody_looks(url: str, stop: asyncio.Event, *, is_patient: bool) -> None:
    """Return when told to stop, or when nobody looks at the pages.

    Args:
        url: base URL of the market's service.
        stop: set by Ctrl-C.
        is_patient: wait for Ctrl-C alone.
    """
    audience = Audience(time.monotonic(), looks_in(await asyncio.to_thread(_metrics, url)))
    while not stop.is_set():
        try:
            async with asyncio.timeout(None if is_patient else _LOOK_S):
                await stop.wait()
        except TimeoutError:
            count = looks_in(await asyncio.to_thread(_metrics, url))
            if audience.has_left(count, time.monotonic()):
                return


def _metrics(url: str) -> bytes:
    try:
        with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:  # noqa: S310 - loopback
            return bytes(answer.read())
    except OSError:
        return b""
