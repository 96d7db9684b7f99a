"""A request budget for each peer: token buckets in memory, bounded in number.

Place: in front of :mod:`.gateway`. The clock is handed in. Never: grow with the number of
addresses seen; the least recently seen bucket goes first.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MAX_BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Requests a second that a peer may keep up, and how many at once on top."""

    requests_per_s: float = 1000.0
    burst: int = 2000


class RateLimiter:
    """Token buckets by peer."""

    def __init__(self, limit: RateLimit, now_s: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._now_s = now_s
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, peer: str) -> float:
        """Take one request of ``peer``; return 0, or the seconds until it may ask again."""
        peer, now_s = network_of(peer), self._now_s()
        tokens, then_s = self._buckets.get(peer, (float(self._limit.burst), now_s))
        refill = (now_s - then_s) * self._limit.requests_per_s
        tokens = min(tokens + refill, float(self._limit.burst))
        wait_s = 0.0
        if tokens >= 1:
            tokens -= 1
        else:
            wait_s = (1 - tokens) / self._limit.requests_per_s
        self._buckets[peer] = (tokens, now_s)
        self._buckets.move_to_end(peer)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        return wait_s


def network_of(peer: str) -> str:
    """Return what one peer controls: an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        ip = ipaddress.ip_address(peer.split("%", 1)[0])
    except ValueError:
        return peer
    if ip.version == 4:
        return peer
    if ip.ipv4_mapped is not None:  # how a listener for both kinds names IPv4
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((int(ip), 64), strict=False))
