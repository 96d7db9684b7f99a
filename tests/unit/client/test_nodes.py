"""Nodes are asked all at once; whatever one of them answers, it becomes an offer or a reason."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.client.client import AsyncClient
from neurovoyance.client.errors import NotHired
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.nodes import Node, NodeAnswer, Quote, known_nodes
from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.protocol.offer_exchange import OfferReply, OfferRequest, Refusal, RefusalCause

from .providers import PRICE_WEI, Provider, Twist

X = np.ones((1, 3), np.float32)
Change = Callable[[OfferReply], dict[str, object]]


async def test_every_node_is_asked_and_the_cheapest_comes_first(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    providers[0].price_wei = 2 * PRICE_WEI
    quote = await client.quote(model, {"x": X})
    prices = [answer.offer.price_wei for answer in quote.offers if answer.offer]
    assert prices == [PRICE_WEI, 2 * PRICE_WEI]
    assert quote.summary == "2 of 2 nodes"


async def test_asking_tells_where_the_input_is(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    await client.quote(model, {"x": X})
    assert providers[0].asked[0].sources == [client.session.source_url]
    assert providers[0].asked[0].client == client.session.address


async def test_a_maximum_below_all_prices_is_explained(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    with pytest.raises(NotHired, match="0 of 2 nodes: 2 price") as caught:
        await client.submit(model, {"x": X}, max_price_wei=1)
    assert "Raise the maximum price" in caught.value.hint
    assert [item["cause"] for item in caught.value.context["answers"]] == ["price", "price"]
    assert await client.jobs() == []


def changed(**fields: object) -> Twist:
    def twist(reply: OfferReply, _request: OfferRequest) -> OfferReply | bytes:
        body = json.loads(reply.model_dump_json())
        body["offer"] |= fields
        return json.dumps(body).encode()

    return twist


def signed(provider: Provider, /, **fields: object) -> Twist:
    """A twist whose changed offer carries a right signature of the operator."""

    def twist(reply: OfferReply, _request: OfferRequest) -> OfferReply | bytes:
        assert reply.offer is not None
        offer = reply.offer.model_copy(update=fields)
        return OfferReply(offer=offer, signature=provider.sign(offer))

    return twist


@pytest.mark.parametrize(
    ("fields", "cause", "words"),
    [
        ({"spec_hash": bytes(32)}, RefusalCause.SPEC, "another job"),
        ({"client": "0x" + "11" * 20}, RefusalCause.SPEC, "another client"),
        ({"price_wei": 11 * 10**18}, RefusalCause.PRICE, "above the maximum"),
        ({"price_wei": 0}, RefusalCause.PRICE, "zero"),
        ({"lock_wei": 1}, RefusalCause.STAKE, "less stake"),
        ({"valid_until_s": 5}, RefusalCause.TIME, "over already"),
        ({"valid_until_s": 2**40}, RefusalCause.TIME, "longer than allowed"),
        ({"provider": "0x" + "22" * 20}, RefusalCause.SPEC, "another provider"),
    ],
)
async def test_an_offer_that_the_market_would_refuse_is_a_reason_not_an_offer(
    client: AsyncClient,
    providers: list[Provider],
    model: PublishedModel,
    fields: dict[str, object],
    cause: RefusalCause,
    words: str,
) -> None:
    providers[0].twist = signed(providers[0], **fields)
    quote = await client.quote(model, {"x": X})
    assert len(quote.offers) == 1
    refusal = quote.answers[-1].refusal
    assert refusal is not None
    assert refusal.cause is cause
    assert words in refusal.message


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"not json", RefusalCause.SPEC),
        (b"{}", RefusalCause.SPEC),
        (b"[1]", RefusalCause.SPEC),
        (b"x" * 100_000, RefusalCause.SPEC),
    ],
)
async def test_junk_from_a_node_harms_no_one(
    client: AsyncClient,
    providers: list[Provider],
    model: PublishedModel,
    answer: bytes,
    cause: RefusalCause,
) -> None:
    providers[0].twist = lambda reply, request: answer
    quote = await client.quote(model, {"x": X})
    assert len(quote.offers) == 1
    assert quote.answers[-1].refusal is not None
    assert quote.answers[-1].refusal.cause is cause


async def test_a_signature_of_somebody_else_is_refused(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    providers[0].operator = providers[1].operator
    quote = await client.quote(model, {"x": X})
    refusal = quote.answers[-1].refusal
    assert refusal is not None
    assert "not signed by the provider's operator" in refusal.message


async def test_a_node_that_is_away_is_counted_as_unreachable(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    stakes = client.session.contracts.stakes
    receipt = await stakes.set_endpoint(
        providers[0].operator, providers[0].address, "http://127.0.0.1:9"
    )
    await client.session.follower.reach(receipt.block_number)
    quote = await client.quote(model, {"x": X})
    assert quote.summary == "1 of 2 nodes: 1 unreachable"


async def test_private_addresses_are_not_asked_on_a_public_network(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    client.session.asker._allow_private = False
    quote = await client.quote(model, {"x": X})
    assert quote.summary == "0 of 2 nodes: 2 unreachable"
    assert not providers[0].asked


async def test_the_newest_endpoint_of_a_provider_counts(
    client: AsyncClient, providers: list[Provider]
) -> None:
    nodes = {node.provider: node.endpoint for node in known_nodes(client.session.journal)}
    assert nodes == {provider.address: provider.url for provider in providers}


async def test_at_equal_prices_jobs_are_spread(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> None:
    jobs = [await client.submit(model, {"x": X + n}) for n in range(2)]
    hired = {await job.assigned() for job in jobs}
    assert hired == {provider.address for provider in providers}


@given(st.lists(st.sampled_from(list(RefusalCause)), max_size=30))
def test_a_summary_counts_every_refusal_once(causes: list[RefusalCause]) -> None:
    node = Node(ZERO_ADDRESS, "http://127.0.0.1:1")
    quote = Quote(
        tuple(NodeAnswer(node, refusal=Refusal(cause=cause, message="no")) for cause in causes)
    )
    head, _, tail = quote.summary.partition(": ")
    assert head == f"0 of {len(causes)} nodes"
    assert sum(int(part.split()[0]) for part in tail.split(", ") if part) == len(causes)


async def test_no_node_at_all_is_said_plainly(client: AsyncClient, model: PublishedModel) -> None:
    client.session.journal.apply_events([], forget_above=-1)
    with pytest.raises(NotHired, match="No node has announced itself"):
        await client.quote(model, {"x": X})
