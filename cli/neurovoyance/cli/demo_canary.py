"""The part of the demo in which the protocol hires a node: one canary, from its draw to its score.

Place: under :mod:`.demo_run`, on its network, after the jobs. Anybody may request a canary and draw
it; the demo is that anybody. The drawn node takes, computes and scores it by itself, another one is
drawn to audit it. What it earns is claimed in :mod:`.demo_economy`. Never: a canary for a node that
was not drawn, or a score of the demo's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.emission import CanaryState
from neurovoyance.cli.catalogue import is_open
from neurovoyance.cli.local_network import LocalNetwork
from neurovoyance.cli.local_node import LocalNode
from neurovoyance.client.client import AsyncClient
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState

_PATIENCE_S = 90.0
_POLL_S = 0.2
_ROUND_BLOCKS = 3
"""Blocks until the beacon has a value for a request."""


@dataclass(slots=True)
class CanaryStory:
    """What became of the demo's canary.

    Attributes:
        provider: address of the drawn node's owner; empty if nobody could be drawn.
        name: of the drawn node.
        price_wei: paid for it, out of the canaries' budget.
        passed, drawn: the node's score of the week.
    """

    provider: str = ""
    name: str = ""
    price_wei: int = 0
    passed: int = 0
    drawn: int = 0
    faults: list[str] = field(default_factory=list)


async def play_canary(network: LocalNetwork, client: AsyncClient) -> CanaryStory:
    """Have one canary drawn, and see it answered, audited and scored.

    Returns:
        an empty story if the installed model is not the one of the catalogue.
    """
    session, story = client.session, CanaryStory()
    if not await is_open(client):
        return story
    canaries, market = session.contracts.canaries, session.contracts.market
    control, anybody = ChainControl(session.chain.rpc), devnet_wallet(0)
    await canaries.request(anybody)
    await control.mine(_ROUND_BLOCKS)
    canary_id = await canaries.count()
    await canaries.draw(anybody, canary_id)
    record = await canaries.canary_of(canary_id)
    node = network.node_of(record.provider)
    if record.state is CanaryState.VOID or node is None:
        story.faults.append(f"The canary was drawn for nobody: it is {record.state.name}.")
        return story
    story.provider, story.name = node.owner.address, node.name

    async def is_taken() -> bool:
        return (await canaries.canary_of(canary_id)).state is not CanaryState.DRAWN

    async def is_revealed() -> bool:
        return (await market.job(job_id)).state is JobState.REVEALED

    async def is_over() -> bool:
        return (await canaries.canary_of(canary_id)).state.is_cold

    await _until(is_taken)
    job_id = JobId((await canaries.canary_of(canary_id)).job_id)
    await _until(is_revealed)
    job = await market.job(job_id)
    await control.increase_time(max(1, job.deadline_s + 1 - await session.chain.time_s()))
    await _until(is_over)
    story.price_wei = job.price_wei
    story.passed, story.drawn = await canaries.score_of(story.provider, record.epoch)
    if story.passed != 1:
        story.faults.append(f"{story.name} did not pass its canary.")
    return story


def followed(
    network: LocalNetwork, story: CanaryStory, receipts: list[dict[str, Any]]
) -> LocalNode:
    """Return the node whose rewards are followed: the drawn one, or else the best paid one."""
    paid: dict[str, int] = {}
    for receipt in receipts:
        provider = str(receipt["provider"])
        paid[provider] = paid.get(provider, 0) + int(receipt["paid_wei"])
    best = max(network.honest, key=lambda node: paid.get(node.owner.address, 0))
    return network.node_of(story.provider) or best


def canary_json(story: CanaryStory) -> dict[str, object]:
    """Return the story for programs; wei as decimal strings."""
    return {
        "provider": story.provider,
        "name": story.name,
        "price_wei": str(story.price_wei),
        "passed": story.passed,
        "drawn": story.drawn,
    }


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while not await holds():  # noqa: ASYNC110 - the chain tells nobody
            await asyncio.sleep(_POLL_S)
