"""PostgreSQL dies under the market's service and comes back: nothing lost, nothing counted twice.

Sixty clients ask at once while it is there, while it is away, and after.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
from tests.clusters import Cluster, cluster
from tests.integration.test_market_service import check_money, market_on, served
from tests.unit.marketplace.market_events import contents

from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.loop import Indexer
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.ids import hex_of

CROWD = 60
WAIT_S = 60.0
PREFIX = "NEUROVOYANCE_MARKET_"


async def ask_together(client: httpx.AsyncClient, path: str) -> set[int]:
    limits = httpx.Limits(max_connections=CROWD)
    async with httpx.AsyncClient(base_url=client.base_url, limits=limits, timeout=90) as crowd:
        answers = await asyncio.gather(*(crowd.get(path) for _ in range(CROWD)))
    for answer in answers:
        assert answer.status_code == 200 or answer.json()["code"], answer.text
    return {answer.status_code for answer in answers}


async def until_noticed(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(WAIT_S):
        while "database" not in (await client.get("/v1/health")).text:
            await asyncio.sleep(0.05)


async def restart(server: Cluster, client: httpx.AsyncClient, path: str) -> None:
    await asyncio.to_thread(server.stop)
    await until_noticed(client)
    # What was answered a moment ago may be answered from memory still; after that it is said.
    async with asyncio.timeout(WAIT_S):
        while await ask_together(client, path) != {503}:
            await asyncio.sleep(0.1)
    await asyncio.to_thread(server.start)


async def test_postgresql_restarts_under_the_indexer(tmp_path: Path) -> None:
    with cluster() as server, DevnetThread(block_interval_s=None) as devnet:
        async with market_on(devnet.url, tmp_path) as market:
            first = await market.hire()
            variables = {f"{PREFIX}DATABASE_URL": server.url, f"{PREFIX}POLL_S": "0.05"}
            async with served(market.home, **variables) as (client, _):
                await check_money(market, client)
                path = f"/v1/jobs/{hex_of(first)}"
                assert await ask_together(client, path) == {200}
                stopped = asyncio.create_task(restart(server, client, path))
                await market.finish(first)
                await stopped
                second = await market.hire()
                await check_money(market, client)
                assert await ask_together(client, path) == {200}
                found = await client.get(f"/v1/jobs/{hex_of(second)}")
                assert found.json()["state"] == "Assigned"
            lived = Database(server.url)
            again = Database(f"sqlite:///{tmp_path / 'again.sqlite'}")
            contracts = market.contracts
            store = IndexStore(again, contracts.deployment)
            await Indexer(contracts.client, contracts.deployment, store).to_head()
            assert contents(lived) == contents(again)
            lived.close()
            again.close()
