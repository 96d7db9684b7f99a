"""Hears standing offers: from nodes at their own addresses, and from market services.

Place: stage 3, before offers are ranked. Each is an ``OfferSource``; the time to the answer is kept
as the node's latency. Everything heard goes through an ``OfferBook``, so signature, age and stake
are checked here whoever carried it. A source that is silent or lies costs nothing but its offers.
Never: a price that is paid; that stands in the signed offer of one job alone.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp

from neurovoyance.client.nodes import Asker, Node
from neurovoyance.matching.exchange import OfferSource
from neurovoyance.matching.offer_book import Dropped, OfferBook, Standing
from neurovoyance.protocol.errors import NeurovoyanceError, Unreachable
from neurovoyance.protocol.standing_offers import (
    STANDING_MAX_BYTES,
    SignedStandingOffer,
    parse_standing_offer,
)
from neurovoyance.tokenomics.params import default_of

STANDING_PATH = "/v1/offers/standing"
HEAR_TIMEOUT_S = 5.0
MARKET_MAX_BYTES = 32 << 20
_FAILURES = (aiohttp.ClientError, TimeoutError, OSError, ValueError, NeurovoyanceError)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of providers before they are asked.

    Attributes:
        offers: sound standing offers by provider.
        standings: the chain's facts, read with them.
        latency_ms: time to an answer by endpoint, for nodes that answered anything.
    """

    offers: Mapping[str, SignedStandingOffer] = field(default_factory=dict)
    standings: Mapping[str, Standing] = field(default_factory=dict)
    latency_ms: Mapping[str, int] = field(default_factory=dict)


class NodeOffers:
    """Nodes as a source: every one is asked for its own offer."""

    def __init__(self, asker: Asker, nodes: Sequence[Node]) -> None:
        self._asker = asker
        self._nodes = nodes
        self.latency_ms: dict[str, int] = {}

    async def offers(self) -> Sequence[SignedStandingOffer]:
        """Return what the nodes say; the silent are left out."""
        found = await asyncio.gather(*(self._one(node) for node in self._nodes))
        return [signed for signed in found if signed is not None]

    async def _one(self, node: Node) -> SignedStandingOffer | None:
        started_s = time.monotonic()
        try:
            async with asyncio.timeout(HEAR_TIMEOUT_S):
                raw = await self._asker.get(node.endpoint, STANDING_PATH, STANDING_MAX_BYTES)
        except aiohttp.ClientResponseError:
            raw = b""  # It publishes nothing, but it answered.
        except _FAILURES:
            return None
        self.latency_ms[node.endpoint] = round((time.monotonic() - started_s) * 1_000)
        try:
            return parse_standing_offer(raw)
        except NeurovoyanceError:
            return None


class MarketOffers:
    """A market service as a source."""

    def __init__(self, asker: Asker, url: str) -> None:
        self._asker = asker
        self._url = url

    async def offers(self) -> Sequence[SignedStandingOffer]:
        """Return the service's list; entries that cannot be read are left out.

        Raises:
            Unreachable: the service does not answer with a list.
        """
        try:
            async with asyncio.timeout(HEAR_TIMEOUT_S):
                raw = await self._asker.get(self._url, STANDING_PATH, MARKET_MAX_BYTES)
            listed = json.loads(raw)["offers"]
            return [signed for item in listed if (signed := _read(item)) is not None]
        except (*_FAILURES, KeyError, TypeError, RecursionError) as error:
            raise Unreachable(
                f"The market service {self._url} does not say what is on offer.",
                hint="Nodes are asked directly meanwhile; nothing depends on a service.",
            ) from error


def _read(item: object) -> SignedStandingOffer | None:
    try:
        return parse_standing_offer(json.dumps(item).encode())
    except NeurovoyanceError:
        return None


async def hear(asker: Asker, nodes: Sequence[Node], markets: Sequence[str], now_s: int) -> Heard:
    """Return what nodes and services say, as far as it is sound.

    Args:
        asker: speaks to both, and reads the chain.
        nodes: asked at their own addresses.
        markets: base URLs of services; only what they say of ``nodes`` is read, since checking
            an offer costs a signature and two reads of the chain.
        now_s: chain time, unix seconds.
    """
    own = NodeOffers(asker, nodes)
    sources: list[OfferSource] = [own, *(MarketOffers(asker, url) for url in markets)]
    found = await asyncio.gather(*(source.offers() for source in sources), return_exceptions=True)
    book = OfferBook(
        chain_id=asker.market.chain_id,
        market=asker.market.address,
        min_stake_wei=default_of("minSelfStakeWei"),
    )
    names = {node.provider for node in nodes}
    signed = [
        item
        for source, offers in zip(sources, found, strict=True)
        if not isinstance(offers, BaseException)
        for item in offers
        if source is own or item.offer.provider in names
    ]
    providers = {item.offer.provider for item in signed}
    standings = dict(
        zip(
            providers,
            await asyncio.gather(*(standing_of(asker, provider) for provider in providers)),
            strict=True,
        )
    )
    for item in sorted(signed, key=lambda item: item.offer.seq):
        standing = standings[item.offer.provider]
        cause = book.admit(item, standing, now_s) if standing else Dropped.UNSTAKED
        if cause is not None:
            log.info("standing.dropped provider=%s cause=%s", item.offer.provider, cause)
    return Heard(
        {listed.signed.offer.provider: listed.signed for listed in book.live(now_s)},
        {provider: standing for provider, standing in standings.items() if standing},
        own.latency_ms,
    )


async def standing_of(asker: Asker, provider: str) -> Standing | None:
    """Return what the chain says of a provider; None if it cannot be read now."""
    stakes = asker.contracts.stakes
    try:
        operator, stake = await asyncio.gather(
            stakes.operator_of(provider), stakes.stake_of(provider)
        )
    except NeurovoyanceError as error:
        log.info("standing.unread provider=%s code=%s", provider, error.code)
        return None
    return Standing(operator, stake.own_wei, stake.own_wei - stake.locked_wei)
