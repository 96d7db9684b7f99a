"""Nodes are asked over HTTP for signed offers; whatever one of them does, the others are heard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from tests.unit.client.providers import PRICE_WEI, Provider, served
from tests.unit.marketplace.market_events import DEPLOYMENT, address

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.client.nodes import Node
from neurovoyance.marketplace.dapp import asking
from neurovoyance.marketplace.dapp.asking import AskingDesk
from neurovoyance.matching.presets import Preset
from neurovoyance.matching.reliability import Record
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.offer_exchange import OfferRequest, RefusalCause

NOW_S = 1_800_000_000
NOBODY = "http://127.0.0.1:1"
SPEC = JobSpec(model_id=b"\x11" * 32, input_cid=b"\x01\x55\x1e\x20" + b"\2" * 32)


class Chain:
    """Tells the time, and who signs for whom with how much stake."""

    deployment = DEPLOYMENT

    def __init__(self) -> None:
        self.operators: dict[str, str] = {}
        self.client = self.stakes = self

    async def time_s(self) -> int:
        return NOW_S

    async def operator_of(self, provider: str) -> str:
        return self.operators[provider]

    async def stake_of(self, provider: str) -> Any:
        return SimpleNamespace(own_wei=10**24, locked_wei=0)


@pytest.fixture
def chain() -> Chain:
    return Chain()


@pytest.fixture
async def nodes(chain: Chain) -> AsyncIterator[list[Provider]]:
    """Three nodes, the first of which is the cheapest."""
    async with AsyncExitStack() as stack:
        found = []
        for number in range(3):
            one = Provider(devnet_wallet(2 * number), devnet_wallet(2 * number + 1), chain, None)  # type: ignore[arg-type]
            one.price_wei = PRICE_WEI * (number + 1)
            app = Starlette(routes=[Route("/v1/offers", one.answer, methods=["POST"])])
            one.url = await stack.enter_async_context(served(app))
            chain.operators[one.address] = one.operator.address
            found.append(one)
        yield found


def desk_of(chain: Chain, nodes: list[Node], **more: Any) -> AskingDesk:
    return AskingDesk(chain, lambda: nodes, **{"allow_private": True, **more})  # type: ignore[arg-type]


def known(nodes: list[Provider]) -> list[Node]:
    return [Node(one.address, one.url) for one in nodes]


def request(max_price_wei: int = 10 * PRICE_WEI) -> OfferRequest:
    sources = ["http://127.0.0.1:8650"]
    client = Address(address(9))
    return OfferRequest(spec=SPEC, client=client, max_price_wei=max_price_wei, sources=sources)


async def test_offers_come_ranked_with_reasons_and_signatures(
    chain: Chain, nodes: list[Provider]
) -> None:
    asked = await desk_of(chain, known(nodes)[::-1]).ask(request(), Preset.CHEAPEST, NOW_S)
    assert [row.provider for row, _ in asked.offers] == [one.address for one in nodes]
    assert [row.rank for row, _ in asked.offers] == [1, 2, 3]
    row, answer = asked.offers[0]
    assert (row.price_wei, row.endpoint) == (PRICE_WEI, nodes[0].url)
    assert row.reasons[0].startswith("first for cheapest: 0.03 NVY cheaper")
    assert answer.offer is not None
    assert nodes[0].sign(answer.offer) == answer.signature
    assert (asked.summary, asked.refusals) == ("3 of 3", ())


async def test_the_record_of_the_index_ranks(chain: Chain, nodes: list[Provider]) -> None:
    good = {nodes[2].address: Record(ok=500)}
    desk = desk_of(chain, known(nodes), records=lambda: good)
    asked = await desk.ask(request(), Preset.RELIABLE, NOW_S)
    assert asked.offers[0][0].provider == nodes[2].address


async def test_silence_refusal_and_junk_are_reasons(chain: Chain, nodes: list[Provider]) -> None:
    nodes[0].twist = lambda reply, wanted: b"<html>"
    nodes[1].operator = nodes[0].operator
    away = Node(address(77), NOBODY)
    asked = await desk_of(chain, [*known(nodes), away]).ask(request(), Preset.CHEAPEST, NOW_S)
    assert [row.provider for row, _ in asked.offers] == [nodes[2].address]
    causes = {one.node.provider: one.refusal for one in asked.refusals}
    assert {name: said.cause for name, said in causes.items() if said} == {
        nodes[0].address: RefusalCause.SPEC,
        nodes[1].address: RefusalCause.SPEC,
        away.provider: RefusalCause.UNREACHABLE,
    }


async def test_without_offers_the_summary_counts_causes(
    chain: Chain, nodes: list[Provider]
) -> None:
    asked = await desk_of(chain, known(nodes)).ask(request(1), Preset.CHEAPEST, NOW_S)
    assert asked.offers == ()
    assert asked.summary == "0 of 3 nodes: 3 price"
    assert (
        await desk_of(chain, []).ask(request(), Preset.CHEAPEST, NOW_S)
    ).summary == "0 of 0 nodes"


async def test_private_addresses_are_left_alone_where_told(
    chain: Chain, nodes: list[Provider]
) -> None:
    desk = desk_of(chain, known(nodes), allow_private=False)
    asked = await desk.ask(request(), Preset.CHEAPEST, NOW_S)
    assert [one.asked for one in nodes] == [[], [], []]
    assert asked.summary == "0 of 3 nodes: 3 unreachable"


async def test_no_more_than_so_many_are_asked(
    chain: Chain, nodes: list[Provider], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ASKED_MAX", 2)
    asked = await desk_of(chain, known(nodes)).ask(request(), Preset.CHEAPEST, NOW_S)
    assert len(asked.offers) == 2
    assert nodes[2].asked == []
