"""Standing offers are heard from nodes and services, and believed only as far as they are sound."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from neurovoyance.client.client import AsyncClient
from neurovoyance.client.nodes import Node
from neurovoyance.client.standing import STANDING_PATH, MarketOffers, hear
from neurovoyance.protocol.errors import Unreachable
from neurovoyance.protocol.standing_offers import (
    SignedStandingOffer,
    StandingOffer,
    sign_standing_offer,
)

from .providers import Provider, served


class Carrier:
    """Answers the path with what it is told to."""

    body = b""

    async def answer(self, request: Request) -> Response:
        return Response(self.body)


@pytest.fixture
async def carrier() -> AsyncIterator[tuple[Carrier, str]]:
    made = Carrier()
    async with served(Starlette(routes=[Route(STANDING_PATH, made.answer)])) as url:
        yield made, url


async def signed(
    provider: Provider, url: str, *, seq: int = 1, age_s: int = 0
) -> SignedStandingOffer:
    deployment = provider.contracts.deployment
    now_s = await provider.contracts.client.time_s() - age_s
    offer = StandingOffer.model_validate(
        {
            "provider": provider.address,
            "endpoint": url,
            "seq": seq,
            "issued_s": now_s,
            "expires_s": now_s + 600,
            "base_price_wei": 1,
            "devices": [{"device": "cpu"}],
            "max_runtime_s": 60,
            "lock_multiple": 20,
        }
    )
    return sign_standing_offer(
        offer,
        provider.operator.account,
        chain_id=deployment.chain_id,
        market=deployment.market,
    )


async def test_a_node_tells_its_own_offer_and_its_latency(
    client: AsyncClient, providers: list[Provider], carrier: tuple[Carrier, str]
) -> None:
    made, url = carrier
    offer = await signed(providers[0], url)
    made.body = offer.wire_bytes()
    asker, now_s = client.session.asker, await client.session.chain.time_s()
    silent, mute = Node(providers[1].address, "http://127.0.0.1:9"), providers[1].url
    nodes = [Node(providers[0].address, url), silent, Node(providers[1].address, mute)]
    heard = await hear(asker, nodes, (), now_s)
    assert heard.offers == {providers[0].address: offer}
    assert heard.standings[providers[0].address].operator == providers[0].operator.address
    assert set(heard.latency_ms) == {url, mute}, "who publishes nothing still answered"


async def test_a_service_is_heard_too_and_nothing_unsound_of_it_is_kept(
    client: AsyncClient, providers: list[Provider], carrier: tuple[Carrier, str]
) -> None:
    made, url = carrier
    new, old = await signed(providers[0], url, seq=2), await signed(providers[0], url, seq=1)
    forged = await signed(providers[1], url)
    forged = forged.model_copy(update={"signature": new.signature})
    over = await signed(providers[1], url, seq=9, age_s=700)
    listed = [json.loads(item.wire_bytes()) for item in (new, old, forged, over)]
    made.body = json.dumps({"offers": [*listed, {"junk": 1}, 7]}).encode()
    now_s = await client.session.chain.time_s()
    nodes = [Node(provider.address, "http://127.0.0.1:9") for provider in providers]
    heard = await hear(client.session.asker, nodes, (url, "http://127.0.0.1:9"), now_s)
    assert heard.offers == {providers[0].address: new}
    strangers = await hear(client.session.asker, nodes[1:], (url,), now_s)
    assert strangers.offers == {}, "only those who may be asked are looked at"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"offers": 3}'])
async def test_a_service_that_answers_junk_counts_as_away(
    client: AsyncClient, carrier: tuple[Carrier, str], body: bytes
) -> None:
    made, url = carrier
    made.body = body
    with pytest.raises(Unreachable, match="does not say"):
        await MarketOffers(client.session.asker, url).offers()
