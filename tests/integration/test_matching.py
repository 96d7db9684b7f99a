"""A real node publishes its standing offer to a real service; a real client ranks and hires it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
from tests.integration.test_market_service import served
from tests.unit.node.content import INPUT, WEIGHTS, tiny_model
from tests.worlds import WAIT_S, Start, World, nodes, world

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.ranking import rank_quote
from neurovoyance.client.settings import ClientSettings, NetworkProfile, save_profile
from neurovoyance.matching.explain import rows
from neurovoyance.matching.presets import Preset
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.standing_offers import SignedStandingOffer

__all__ = ["nodes", "world"]


def settings_for(world: World, markets: tuple[str, ...] = ()) -> ClientSettings:
    home = world.folder / "home"
    profile = NetworkProfile(
        name="test",
        chain_id=31337,
        rpc_urls=[world.devnet.url],
        deployment=str(world.folder / "deployment.json"),
        devnet_account=3,
        poll_s=0.1,
    )
    save_profile(profile, home / "network.json")
    return ClientSettings(home=home, profile=profile, profile_dir=home, market_urls=markets)


async def test_a_standing_offer_is_published_ranked_and_hired(
    world: World, nodes: Start, tmp_path: Path
) -> None:
    settings = settings_for(world)
    model_path = tmp_path / "tiny.onnx"
    model_path.write_bytes(tiny_model())
    async with served(settings.home) as (service, _):
        world.settings["markets"] = [str(service.base_url)]
        await nodes()
        own = SignedStandingOffer.model_validate(await world.provider.get("/v1/offers/standing"))
        assert own.offer.endpoint == world.node_url
        listed = await offers_of(service, least=1)
        assert [item["offer"]["provider"] for item in listed] == [world.provider.address]

        settings = settings_for(world, (str(service.base_url),))
        async with await AsyncClient.open(settings, devnet_wallet(3)) as client:
            model = await client.publish(model_path)
            job = await client.submit(model, {"x": INPUT}, preset="reliable")
            await asyncio.wait_for(job.wait(), WAIT_S)
            np.testing.assert_allclose((await job.result())["y"], INPUT @ WEIGHTS, rtol=1e-6)

            loaded = await offers_of(service, least=1, model_id=hex_of(model.model_id))
            [held] = loaded[0]["offer"]["held"]
            assert held["load_ms"] >= 0
            quote = await client.quote(model, {"x": INPUT + 1}, preset="fastest")
            assert quote.spec is not None
            [row] = rows(rank_quote(quote, quote.spec, Preset.FASTEST))
            assert f"holds the model, loads it in {held['load_ms']:,} ms" in row.reasons
            assert any("1 of 1 jobs delivered" in reason for reason in row.reasons)

            wanted = {
                "spec": quote.spec.model_dump(mode="json"),
                "max_price_wei": "1",
                "preset": "cheapest",
            }
            found = (await service.post("/v1/matches", json=wanted)).json()
            assert found["summary"] == "0 of 1: 1 price"
        changed = json.loads(own.wire_bytes())
        changed["offer"]["base_price_wei"] = "1"
        refused = await service.post("/v1/offers/standing", content=json.dumps(changed))
        assert refused.status_code == 422
        assert refused.json()["context"]["cause"] == "older"


async def offers_of(service: object, *, least: int, model_id: str = "") -> list[dict[str, dict]]:
    """Wait until the service lists so many offers that hold a model."""
    async with asyncio.timeout(WAIT_S):
        while True:
            answer = await service.get("/v1/offers/standing")  # type: ignore[attr-defined]
            found = [
                item
                for item in answer.json()["offers"]
                if not model_id
                or any(
                    held["model_id"] == model_id and held["load_ms"] is not None
                    for held in item["offer"]["held"]
                )
            ]
            if len(found) >= least:
                return found
            await asyncio.sleep(0.2)
