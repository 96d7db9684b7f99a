"""Workers follow the chain for a service: real Redis, real processes, and a SIGKILL in between."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from tests.integration.test_market_service import (
    Market,
    at_block,
    check_money,
    market_on,
    served,
)
from tests.unit.marketplace.market_events import contents
from tests.unit.node.farm.conftest import RedisServer, server

from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.loop import Indexer
from neurovoyance.marketplace.indexer.store import IndexStore

__all__ = ["server"]
REDIS = "NEUROVOYANCE_MARKET_REDIS_URL"


Process = asyncio.subprocess.Process


@asynccontextmanager
async def workers(home: Path, url: str, count: int) -> AsyncIterator[dict[str, Process]]:
    """Run ``market worker`` as its owner would; yield the processes by name when all take work."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), REDIS: url}
    words = (sys.executable, "-m", "neurovoyance.cli.main", "market", "worker", "--json")
    begun = [
        await asyncio.create_subprocess_exec(
            *words, "--home", str(home), env=environment, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(count)
    ]
    try:
        async with asyncio.timeout(90):
            found = {await name_of(process, home): process for process in begun}
        yield found
    finally:
        for process in begun:
            if process.returncode is None:
                process.terminate()
        for process in begun:
            await asyncio.wait_for(process.wait(), 90)


async def name_of(process: Process, home: Path) -> str:
    assert process.stdout is not None
    lines = b""
    while not lines.rstrip().endswith(b"}"):
        piece = await process.stdout.readline()
        assert piece, (home / "market" / "worker.log").read_text()
        lines += piece
    return str(json.loads(lines)["worker"])


async def follower(client: httpx.AsyncClient, *, but: str = "") -> str:
    """Return who follows, once it is somebody else and all is well."""
    async with asyncio.timeout(60):
        while True:
            health = await client.get("/v1/health")
            found = health.json()["follower"]
            if health.status_code == 200 and found != but:
                return str(found)
            await asyncio.sleep(0.05)


async def events_of(market: Market) -> list[tuple[int, int]]:
    """Return block and log index of every event of the contracts, as the chain has them."""
    contracts = market.contracts
    logs = await contracts.client.rpc.request(
        "eth_getLogs",
        [
            {
                "fromBlock": hex(contracts.deployment.deploy_block),
                "address": list(contracts.deployment.contract_addresses()),
            }
        ],
    )
    return [(int(log["blockNumber"], 16), int(log["logIndex"], 16)) for log in logs]


async def heard(client: httpx.AsyncClient, found: list[tuple[int, int]]) -> None:
    """Collect the events of a stream from the first on."""
    headers = {"Last-Event-ID": "0.0"}
    async with client.stream("GET", "/v1/stream", headers=headers, timeout=60) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data: ") and "block_number" in line:
                event = json.loads(line.removeprefix("data: "))
                found.append((int(event["block_number"]), int(event["log_index"])))


async def until_all_heard(market: Market, found: list[tuple[int, int]]) -> None:
    wanted = await events_of(market)
    async with asyncio.timeout(60):
        while len(found) < len(wanted):
            await asyncio.sleep(0.05)
    assert found == wanted


async def check_same_as_alone(market: Market, folder: Path) -> None:
    """Compare the workers' index with one that a single reader makes of the same chain."""
    contracts = market.contracts
    alone = Database(f"sqlite:///{folder / 'alone.sqlite'}")
    store = IndexStore(alone, contracts.deployment)
    await Indexer(contracts.client, contracts.deployment, store).to_head()
    together = Database(f"sqlite:///{market.home / 'market' / 'index.sqlite'}")
    assert contents(together) == contents(alone)
    alone.close()
    together.close()


async def test_another_worker_goes_on_where_a_killed_one_left_off(
    tmp_path: Path, server: RedisServer
) -> None:
    with DevnetThread(block_interval_s=None) as devnet:
        async with (
            market_on(devnet.url, tmp_path) as market,
            served(market.home, **{REDIS: server.url}) as (client, _),
        ):
            health = await client.get("/v1/health")
            assert (health.status_code, health.json()["follower"]) == (503, None)
            assert "Nobody follows" in health.json()["error"]
            found: list[tuple[int, int]] = []
            hearing = asyncio.create_task(heard(client, found))
            async with workers(market.home, server.url, 2) as running:
                following = await follower(client)
                killed = running.pop(following)
                (left,) = running
                await market.hire()
                await until_all_heard(market, found)
                await market.finish(await market.hire())
                killed.send_signal(signal.SIGKILL)
                assert await follower(client, but=following) == left
                await market.finish(await market.hire())
                await check_money(market, client)
                await until_all_heard(market, found)
                server.stop()
                await market.hire()
                server.start()
                assert await follower(client) == left
                await at_block(client, await market.contracts.client.block_number())
                await until_all_heard(market, found)
            hearing.cancel()
            await check_same_as_alone(market, tmp_path)
        log = "".join(path.read_text() for path in (market.home / "market").glob("*.log"))
        assert server.url not in log
