"""``up`` as people start it: the market's service answers, and real servers take over parts."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import redis
from sqlalchemy import text
from tests.clusters import cluster
from tests.e2e.test_nine_stages import matmul_model
from tests.unit.cli.conftest import up
from tests.unit.node.farm.conftest import RedisServer, server

from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.client.opening import open_from_profile, settings_of
from neurovoyance.marketplace.database import Database

__all__ = ["server"]

WAIT_S = 60.0


def at_block(market: str, least: int) -> dict[str, Any]:
    """Return the service's health once it has read a block."""
    deadline = time.monotonic() + WAIT_S
    while True:
        found: dict[str, Any] = httpx.get(f"{market}/v1/health").json()
        if found["block"] >= least:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def standing_offers(market: str) -> str:
    """Return what the service answers about standing offers."""
    return httpx.get(f"{market}/v1/offers/standing").text


@pytest.mark.timeout(120)
def test_the_market_stands_beside_a_chain_that_runs_already(tmp_path: Path) -> None:
    options = ("--nodes", "1", "--market")
    with DevnetThread() as chain, up(tmp_path, *options, "--rpc", chain.url) as shown:
        assert shown["rpc_url"] == chain.url
        market = str(shown["market"])
        record = json.loads((tmp_path / "local" / "deployment.json").read_text())
        health = at_block(market, record["deploy_block"] + 5)
        assert (health["status"], health["market"]) == ("ok", shown["contracts"]["market"])
        providers = httpx.get(f"{market}/v1/providers").json()["items"]
        assert [item["provider"] for item in providers] == [shown["nodes"][0]["provider"]]
        assert json.loads(Path(shown["invitation"]).read_text())["markets"] == [market]
        assert settings_of(tmp_path).market_urls == (market,)
        deadline = time.monotonic() + WAIT_S
        while shown["nodes"][0]["provider"].lower() not in standing_offers(market).lower():
            assert time.monotonic() < deadline, "the node told the market nothing"
            time.sleep(0.1)
        assert f'markets = ["{market}"]' in (tmp_path / "local/node-1/node.toml").read_text()
    assert (tmp_path / "local" / "market" / "index.sqlite").exists()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_worker_computes_and_the_index_is_in_postgres(
    tmp_path: Path, server: RedisServer
) -> None:
    with cluster() as postgres:
        real = ("--redis", server.url, "--postgres", postgres.url)
        with up(tmp_path, "--nodes", "1", "--market", *real) as shown:
            job_id = asyncio.run(settled(tmp_path))
            with redis.Redis.from_url(server.url) as client:
                assert client.keys(f"neurovoyance:{shown['farm']}:worker:*")
            deadline = time.monotonic() + WAIT_S
            while (state := job_in(str(shown["market"]), job_id).get("state")) != "Settled":
                assert time.monotonic() < deadline, state
                time.sleep(0.1)
        database = Database(postgres.url)
        with database.reader.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM job")).scalar_one() == 1
        database.close()
    assert not (tmp_path / "local" / "market" / "index.sqlite").exists()


async def settled(home: Path) -> str:
    """Submit a job and wait until its provider is paid."""
    async with await open_from_profile(home) as client:
        model = await asyncio.to_thread(matmul_model, home / "model.onnx")
        job = await client.submit(model, {"x": np.ones((1, 3), np.float32)}, max_price_wei=10**18)
        await job.result()
        return str(job.id)


def job_in(market: str, job_id: str) -> dict[str, Any]:
    """Return what the service knows of a job."""
    found: dict[str, Any] = httpx.get(f"{market}/v1/jobs/{job_id}").json()
    return found
