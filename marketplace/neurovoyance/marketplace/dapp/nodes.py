"""The nodes of this machine, seen and steered through the service.

Place: under ``node_routes``; an HTTP client of what a node answers anyway. The command line names
the addresses. Reading needs no token, because a node tells everybody the same; steering passes the
owner's token on and keeps nothing of it. Never: another path of a node than those named here, or a
node of another machine.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import aiohttp

from neurovoyance.marketplace.errors import (
    ControlTokenNeeded,
    MarketNotFound,
    NodeAway,
    NodeRefused,
)
from neurovoyance.protocol.errors import NeurovoyanceError, RateLimited

ANSWER_MAX_BYTES = 1 << 20
_TIMEOUT = aiohttp.ClientTimeout(total=5)
_STATUS, _CONTROL = "/v1/status", "/v1/control"


class Nodes:
    """A few nodes, numbered from 1 in the order of their addresses; end it with ``close``."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.urls = tuple(url.rstrip("/") for url in urls)
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close all connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def listed(self) -> list[dict[str, Any]]:
        """Return every node with what it is; one that does not answer is listed as down."""
        return list(await asyncio.gather(*(self._seen(n) for n in range(1, len(self.urls) + 1))))

    async def _seen(self, number: int) -> dict[str, Any]:
        shown = {"node": number, "name": f"node {number}", "url": self.urls[number - 1]}
        try:
            status = await self.status(number)
        except NeurovoyanceError as error:
            return {**shown, "is_up": False, "provider": None, "reason": error.message}
        return {**shown, "is_up": True, "provider": status.get("provider"), "reason": None}

    async def status(self, number: int) -> dict[str, Any]:
        """Return a node's public facts, as it tells them.

        Raises:
            MarketNotFound: there is no such node.
            NodeAway: it does not answer.
        """
        return await self._ask(number, "GET", _STATUS)

    async def executions(self, number: int) -> dict[str, Any]:
        """Return what a node did last; errors as :meth:`status`."""
        return await self._ask(number, "GET", "/v1/executions")

    async def health(self, number: int) -> dict[str, Any]:
        """Return whether a node works, in a few words; errors as :meth:`status`."""
        status = await self.status(number)
        return {
            "node": number,
            "is_up": True,
            "takes_jobs": not (status.get("is_paused") or status.get("is_draining")),
            **{
                name: status.get(name)
                for name in ("is_paused", "is_draining", "lend", "failed_turns", "chain_time_s")
            },
            "jobs": status.get("jobs"),
            "duties": status.get("duties"),
        }

    async def prices(self, number: int) -> dict[str, Any]:
        """Return what a node asks; errors as :meth:`status`."""
        status = await self.status(number)
        return {"node": number, **(status.get("prices") or {})}

    async def earnings(self, number: int) -> dict[str, Any]:
        """Return what a node earned and did not take, and its stake; errors as :meth:`status`."""
        status = await self.status(number)
        return {
            "node": number,
            "provider": status.get("provider"),
            "earned_wei": status.get("earned_wei"),
            "stake": status.get("stake"),
        }

    async def control(
        self, number: int, authorization: str | None, wish: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return how its owner set a node; with a wish, after it was done.

        Raises:
            ControlTokenNeeded: the owner's token is missing or not this node's.
            NodeRefused: the node did not do it.
            MarketNotFound, NodeAway: as :meth:`status`.
        """
        self._url(number)
        if not (authorization or "").startswith("Bearer "):
            raise ControlTokenNeeded("A node is steered with its control token alone.")
        headers = {"Authorization": str(authorization)}
        return await self._ask(
            number, "GET" if wish is None else "POST", _CONTROL, headers=headers, body=wish
        )

    def _url(self, number: int) -> str:
        if not 1 <= number <= len(self.urls):
            raise MarketNotFound(
                f"There is no node {number} on this machine.", hint="/api/node lists them."
            )
        return self.urls[number - 1]

    async def _ask(
        self,
        number: int,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        url = self._url(number) + path
        if self._http is None:
            self._http = aiohttp.ClientSession(trust_env=False, timeout=_TIMEOUT)
        try:
            async with self._http.request(
                method, url, headers=headers, json=body, allow_redirects=False
            ) as answer:
                raw = await _bounded(answer)
                found = json.loads(raw)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, RecursionError) as error:
            raise NodeAway(f"Node {number} does not answer properly.", node=number) from error
        if not isinstance(found, dict):
            raise NodeAway(f"Node {number} does not answer properly.", node=number)
        if answer.status != 200:
            raise _refusal(number, answer.status, found)
        return found


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in answer.content.iter_chunked(65_536):
        body += piece
        if len(body) > ANSWER_MAX_BYTES:
            raise ValueError("longer than any valid answer")
    return bytes(body)


def _refusal(number: int, status: int, wire: dict[str, Any]) -> NeurovoyanceError:
    """Return a node's refusal as ours; its sentence and code are kept."""
    if status in (401, 403):
        return ControlTokenNeeded("The token is not this node's.", node=number)
    words = str(wire.get("message", "The node refused."))[:500]
    if status == 429:
        return RateLimited(words, retry_after_s=1)
    return NodeRefused(
        words, hint=str(wire.get("hint", ""))[:500], node=number, cause=str(wire.get("code", ""))
    )
