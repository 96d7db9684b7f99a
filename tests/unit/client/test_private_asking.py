"""The key of a private input goes to one node at a time, and only to a key its operator signed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from neurovoyance.client.client import AsyncClient
from neurovoyance.client.errors import NotHired
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.nodes import Node, Quote
from neurovoyance.client.private_asking import ask_in_private
from neurovoyance.ipfs.sealing import open_key
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.offer_exchange import OfferReply, OfferRequest, Refusal, RefusalCause
from neurovoyance.protocol.privacy import offer_context, sign_node_key

from .providers import PRICE_WEI, Provider, served

X = np.ones((1, 3), np.float32)
KEY = b"\x05" * 32


class Front:
    """A provider's node as a private job sees it: status and offers."""

    def __init__(self, provider: Provider, price_wei: int) -> None:
        self.provider = provider
        self.private = X25519PrivateKey.generate()
        deployment = provider.contracts.deployment
        key = sign_node_key(
            provider.operator.account,
            self.private.public_key().public_bytes_raw(),
            provider=provider.address,
            chain_id=deployment.chain_id,
            market=deployment.market,
        )
        self.status: dict[str, object] = {
            "provider": provider.address,
            "prices": {"base_price_wei": str(price_wei), "price_per_second_wei": "0"},
            "input_key": key.model_dump(mode="json"),
        }
        self.node = Node(provider.address, "")

    async def answer(self, _request: Request) -> Response:
        return JSONResponse(self.status)

    def opened(self) -> list[bytes]:
        """Return the keys that this node was given and could open."""
        keys = []
        for asked in self.provider.asked:
            context = offer_context(asked.spec.spec_hash(), asked.client, self.provider.address)
            with contextlib.suppress(Exception):
                keys.append(
                    open_key(asked.sealed_key or b"", self.private.private_bytes_raw(), context)
                )
        return keys


@pytest.fixture
async def fronts(providers: list[Provider]) -> AsyncIterator[list[Front]]:
    async with AsyncExitStack() as stack:
        made = []
        for index, provider in enumerate(providers):
            front = Front(provider, PRICE_WEI + index)
            routes = [
                Route("/v1/status", front.answer),
                Route("/v1/offers", provider.answer, methods=["POST"]),
            ]
            url = await stack.enter_async_context(served(Starlette(routes=routes)))
            front.node = Node(provider.address, url)
            made.append(front)
        yield made


async def asked(
    client: AsyncClient, spec: JobSpec, fronts: list[Front], avoid: frozenset[str] = frozenset()
) -> Quote:
    session = client.session
    request = OfferRequest(
        spec=spec, client=session.address, max_price_wei=10 * PRICE_WEI, sources=session.sources
    )
    nodes = [front.node for front in fronts]
    now_s = await session.chain.time_s()
    return await ask_in_private(session.asker, nodes, request, KEY, now_s=now_s, avoid=avoid)


@pytest.fixture
async def spec(client: AsyncClient, model: PublishedModel) -> JobSpec:
    return await client.spec(model, {"x": X}, private=True)


async def test_only_the_node_that_offers_first_is_given_the_key(
    client: AsyncClient, spec: JobSpec, fronts: list[Front]
) -> None:
    quote = await asked(client, spec, fronts)
    assert [answer.node.provider for answer in quote.offers] == [fronts[0].provider.address]
    assert [front.opened() for front in fronts] == [[KEY], []]
    assert not fronts[1].provider.asked


async def test_after_a_refusal_the_next_node_is_asked_and_those_to_avoid_never(
    client: AsyncClient, spec: JobSpec, fronts: list[Front]
) -> None:
    refusal = Refusal(cause=RefusalCause.BUSY, message="No room.")
    fronts[0].provider.twist = lambda reply, request: OfferReply(refusal=refusal)
    quote = await asked(client, spec, fronts)
    assert quote.summary == "1 of 2 nodes: 1 busy"
    assert [front.opened() for front in fronts] == [[KEY], [KEY]]
    avoid = frozenset({str(fronts[1].provider.address)})
    quote = await asked(client, spec, fronts, avoid)
    assert quote.offers == ()
    assert len(fronts[1].provider.asked) == 1


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"input_key": None}, RefusalCause.INPUT),
        ({"input_key": {"public_key": "0x00"}}, RefusalCause.SPEC),
        ({"provider": "0x" + "1" * 40}, RefusalCause.SPEC),
        ({"prices": {}}, RefusalCause.SPEC),
        (
            {"prices": {"base_price_wei": str(10**24), "price_per_second_wei": "0"}},
            RefusalCause.PRICE,
        ),
    ],
)
async def test_a_node_whose_status_does_not_do_is_not_asked(
    client: AsyncClient,
    spec: JobSpec,
    fronts: list[Front],
    change: dict[str, object],
    cause: RefusalCause,
) -> None:
    fronts[0].status |= change
    quote = await asked(client, spec, fronts[:1])
    assert [answer.refusal.cause for answer in quote.answers if answer.refusal] == [cause]
    assert not fronts[0].provider.asked


async def test_a_key_put_in_its_place_on_the_way_is_not_sealed_to(
    client: AsyncClient, spec: JobSpec, fronts: list[Front]
) -> None:
    ours = json.loads(json.dumps(fronts[0].status["input_key"]))
    thief = X25519PrivateKey.generate().public_key().public_bytes_raw()
    fronts[0].status["input_key"] = {**ours, "public_key": "0x" + thief.hex()}
    quote = await asked(client, spec, fronts[:1])
    [answer] = quote.answers
    assert answer.refusal is not None
    assert "not signed by its operator" in answer.refusal.message
    assert not fronts[0].provider.asked


async def test_a_private_job_is_encrypted_names_the_clients_key_and_cannot_be_listed(
    client: AsyncClient, spec: JobSpec, model: PublishedModel, fronts: list[Front]
) -> None:
    assert spec.client_key == client.session.keys.public_key
    assert client.session.keys.input_key(spec.input_cid) is not None
    again = await client.spec(model, {"x": X}, private=True)
    assert again.input_cid != spec.input_cid
    plain = await client.spec(model, {"x": X})
    assert plain.client_key == bytes(32)
    assert client.session.keys.input_key(plain.input_cid) is None
    with pytest.raises(SpecError, match="cannot be listed"):
        await client.submit(model, {"x": X}, private=True, hire="listing")
    with pytest.raises(SpecError, match="not private"):
        await client.submit(model, {"x": X}, private=True, quote=Quote((), plain))
    # The announced endpoints of these providers have no keys.
    with pytest.raises(NotHired, match="0 of 2 nodes"):
        await client.submit(model, {"x": X}, private=True)
    assert await client.jobs() == []
