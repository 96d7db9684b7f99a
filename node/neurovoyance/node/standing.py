"""Publishes this node's standing offer: at its own address, and to the services of its settings.

Place: a duty of the agent. Policy, room and held models -> a signed offer, renewed when it changes
or half of its time is over -> ``api`` answers with it, sinks carry it. Sinks work in the
background: one that is slow or away delays nothing, and gets the next offer anyway. Never: a
promise; jobs are taken with the offers of ``offer_desk`` alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from neurovoyance.chain.events import ChainEvent, Rollback
from neurovoyance.ipfs.peers import PolicyResolver, check_url
from neurovoyance.matching.exchange import OfferDropped, OfferSink
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.logs import log_event
from neurovoyance.node.offer_desk import OfferDesk
from neurovoyance.node.offering import QUEUE_DEPTH, SUPPORTED_CLASSES
from neurovoyance.protocol.errors import NetworkError, NeurovoyanceError, Unreachable
from neurovoyance.protocol.standing_offers import (
    SignedStandingOffer,
    StandingOffer,
    sign_standing_offer,
)

VALID_S = 900
CHANGE_MIN_S = 5
"""Chain seconds between two offers that differ only in load: every change costs a signature."""
PUBLISH_TIMEOUT_S = 10.0
STANDING_PATH = "/v1/offers/standing"
DEVICE = "cpu"
_SEQ_NOTE = "standing offer seq"


@dataclass(frozen=True, slots=True)
class HttpSink:
    """A market service that takes standing offers by POST.

    Attributes:
        url: base URL.
        allow_private: whether it may lie in a private network.
    """

    url: str
    allow_private: bool

    async def publish(self, signed: SignedStandingOffer) -> None:
        """Hand on an offer; see :class:`~neurovoyance.matching.exchange.OfferSink`."""
        try:
            async with (
                asyncio.timeout(PUBLISH_TIMEOUT_S),
                aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(resolver=PolicyResolver(self.allow_private)),
                    trust_env=False,
                    cookie_jar=aiohttp.DummyCookieJar(),
                ) as session,
                session.post(
                    check_url(self.url, self.allow_private) + STANDING_PATH,
                    data=signed.wire_bytes(),
                    headers={"Content-Type": "application/json"},
                    allow_redirects=False,
                ) as response,
            ):
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(f"The market service {self.url} does not answer.") from error
        if 400 <= status < 500:
            raise OfferDropped(f"{self.url} did not take the offer.", status=status)
        if status >= 300:
            raise Unreachable(f"The market service {self.url} answers {status}.")


class StandingDuty:
    """Keeps one signed standing offer up to date.

    Args:
        chain: whose provider, and the key that signs.
        desk: knows prices, room and held models.
        endpoint: base URL at which the node answers.
        memory_bytes: most memory of one execution; 0 if not limited.
        sinks: who carries the offer.

    Attributes:
        current: the newest offer; None before the first sweep and while the node stops.
        published: offers that a sink took, since the start.
    """

    name = "published offers"

    def __init__(
        self,
        chain: ChainSide,
        desk: OfferDesk,
        *,
        endpoint: str,
        memory_bytes: int = 0,
        sinks: Sequence[OfferSink] = (),
    ) -> None:
        self._chain = chain
        self._desk = desk
        self._endpoint = endpoint
        self._memory_bytes = memory_bytes
        self._sinks = tuple(sinks)
        self._tasks: set[asyncio.Task[None]] = set()
        self._silent: set[int] = set()
        self._told: dict[str, Any] = {}
        self.current: SignedStandingOffer | None = None
        self.published = 0

    async def restore(self) -> None:
        """Nothing to load: the sequence number is in the journal."""

    async def handle(self, items: Sequence[ChainEvent | Rollback]) -> None:
        """Nothing to note: the sweep reads what is free."""

    async def sweep(self, time_s: int) -> None:
        """Renew the offer if it changed or half of its time is over."""
        if self._desk.is_draining:
            self.current = None
            return
        facts = self._facts()
        if not self._is_due(facts, time_s):
            return
        self.current, self._told = self._signed(facts, time_s), facts
        for number, sink in enumerate(self._sinks):
            task = asyncio.create_task(self._publish(number, sink, self.current))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _facts(self) -> dict[str, Any]:
        """Return what the offer says, without its number and times."""
        policy, slots = self._desk.policy, self._desk.max_jobs
        # While the owner uses the machine nothing is taken, and a volunteer takes nothing of
        # strangers: matching leaves out who is full.
        occupied = self._desk.taken()
        if self._desk.is_paused or policy.lending.is_volunteer:
            occupied = max(occupied, QUEUE_DEPTH * slots)
        return {
            "provider": self._chain.provider,
            "endpoint": self._endpoint,
            "base_price_wei": policy.base_price_wei,
            "devices": [{"device": DEVICE, "per_second_wei": policy.price_per_second_wei}],
            "held": self._desk.held.listed(),
            "job_classes": sorted(SUPPORTED_CLASSES),
            "slots": slots,
            "occupied": occupied,
            "max_runtime_s": policy.max_runtime_s,
            "memory_bytes": self._memory_bytes,
            "lock_multiple": policy.lock_multiple,
            "min_lock_wei": policy.min_lock_wei,
        }

    def _is_due(self, facts: dict[str, Any], time_s: int) -> bool:
        if self.current is None:
            return True
        offer = self.current.offer
        if time_s - offer.issued_s >= VALID_S // 2 or time_s < offer.issued_s:
            return True
        return facts != self._told and time_s - offer.issued_s >= CHANGE_MIN_S

    def _signed(self, facts: dict[str, Any], time_s: int) -> SignedStandingOffer:
        # The time is a floor, so that a node with a new journal is not taken for an old offer.
        seq = max(int(self._chain.journal.note(_SEQ_NOTE) or 0) + 1, time_s)
        self._chain.journal.set_note(_SEQ_NOTE, str(seq))
        times = {"seq": seq, "issued_s": time_s, "expires_s": time_s + VALID_S}
        return sign_standing_offer(
            StandingOffer.model_validate(facts | times),
            self._chain.wallet.account,
            chain_id=self._chain.chain_id,
            market=self._chain.market,
        )

    async def _publish(self, number: int, sink: OfferSink, signed: SignedStandingOffer) -> None:
        """Hand an offer to one sink; a failure is told once, until the sink works again."""
        try:
            await sink.publish(signed)
        except NeurovoyanceError as error:
            if number not in self._silent:
                self._silent.add(number)
                level = logging.INFO if isinstance(error, NetworkError) else logging.WARNING
                log_event(level, "offer_not_published", error=error)
            return
        self._silent.discard(number)
        self.published += 1

    def due(self) -> int:
        """Return nothing: no stake depends on it."""
        return 0

    def live(self) -> int:
        """Return 1 while an offer is published, else 0."""
        return int(self.current is not None)

    def occupied(self) -> int:
        """Return nothing: nothing is computed."""
        return 0

    def inputs_in_use(self) -> frozenset[bytes]:
        """Return nothing."""
        return frozenset()

    async def close(self) -> None:
        """End what is being handed on."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
