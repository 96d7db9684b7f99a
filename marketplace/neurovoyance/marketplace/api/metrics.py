"""Counters for Prometheus, of one application.

Place: fed by a layer around the routes and by the index's progress. Never: a label that a caller
can choose, such as a path with ids in it.
"""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neurovoyance.marketplace.indexer.loop import Progress


class Metrics:
    """The metrics of one application.

    Args:
        progress: of the index.
    """

    def __init__(self, progress: Progress) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "market_requests", "Requests answered.", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "market_request_seconds",
            "Seconds until an answer began.",
            ["route"],
            registry=self._registry,
        )
        for name, words, read in (
            ("block", "Newest block in the index.", lambda: progress.block),
            ("events", "Events indexed by this process.", lambda: progress.events),
            ("rollbacks", "Reorganisations undone.", lambda: progress.rollbacks),
            ("failing", "1 while the index cannot follow.", lambda: bool(progress.last_error)),
        ):
            gauge = Gauge(f"market_index_{name}", words, registry=self._registry)
            gauge.set_function(read)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def note(self, route: str, status: int, took_s: float) -> None:
        """Count one answer."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(took_s)


class Measured:
    """Counts and times every request by its route's template."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin_s = time.perf_counter()

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "unknown")
                self._metrics.note(route, message["status"], time.perf_counter() - begin_s)
            await send(message)

        await self._app(scope, receive, watched)
