"""A real node yields to its owner's hand, and lends as a volunteer when told to."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from tests.unit.node.content import publish
from tests.worlds import Start, World, nodes, world

from neurovoyance.cli.node_control import _ask
from neurovoyance.node.lending import VOLUNTEER_PRICE_WEI
from neurovoyance.node.settings import load_settings
from neurovoyance.protocol.lifecycle import JobState

__all__ = ["nodes", "world"]


async def test_nothing_is_taken_at_rest_and_gifts_go_to_listed_clients(
    world: World, nodes: Start
) -> None:
    world.settings["public_clients"] = [world.devnet.wallet(3).address]
    process = await nodes()
    settings = load_settings(world.write_config(), environ={})
    await world.wait_until_answering()

    async def say(wish: dict[str, Any] | None) -> dict[str, Any]:
        return await _ask(settings, wish)

    resting = await say({"rest": True, "rest_s": 3_600})
    [device] = resting["devices"]
    assert device["until_s"] is not None
    status = await world.wait_until_answering()
    while not status["is_paused"]:  # a status is kept for a second
        await asyncio.sleep(0.1)
        status = await world.wait_until_answering()
    assert "reasons" not in str(status), "strangers do not learn when an owner is away"
    url = f"{world.node_url}/v1/control"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 403

    spec = await publish(world.storage)
    first = await world.post(spec)
    assert (await say(None))["devices"] == resting["devices"]
    assert (await world.contracts.market.job(first)).state is JobState.OPEN
    await say({"rest": False})
    await world.wait_for(first, JobState.COMMITTED, JobState.REVEALED, process=process)

    assert (await say({"lend": "volunteer"}))["lend"] == "volunteer"
    gift = await world.post(spec)
    await world.wait_for(gift, JobState.COMMITTED, JobState.REVEALED, process=process)
    assert (await world.contracts.market.job(gift)).price_wei == VOLUNTEER_PRICE_WEI
