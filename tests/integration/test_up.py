"""``up`` as people start it: the market's service answers, and real servers take over parts."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
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
from tests.unit.ipfs.serving import Standin
from tests.unit.node.farm.conftest import RedisServer, server

from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.client.opening import open_from_profile, settings_of
from neurovoyance.ipfs.kubo import KuboBackend
from neurovoyance.marketplace.database import Database

__all__ = ["server"]

WAIT_S = 60.0


def at_block(market: str, least: int) -> dict[str, Any]:
    """Return the service's health once it has read a block."""
    deadline = time.monotonic() + WAIT_S
    while True:
        found: dict[str, Any] = httpx.get(f"{market}/v1/health", timeout=90).json()
        if found["block"] >= least:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def standing_offers(market: str) -> str:
    """Return what the service answers about standing offers."""
    return httpx.get(f"{market}/v1/offers/standing", timeout=90).text


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Standin]:
    """What speaks as an IPFS daemon does."""
    made = Standin(tmp_path / "kubo")
    made.start()
    yield made
    made.kill()


def check_daemon(daemon: Standin, home: Path) -> None:
    """Client and node know the daemon, and it gets what the client offers."""
    node = (home / "local/node-1/node.toml").read_text()
    assert f'kubo_rpc_url = "{daemon.url}"' in node
    (home / "hello.txt").write_text("hello world\n")
    command = [sys.executable, "-m", "neurovoyance.cli.main", "storage", "add"]
    added = subprocess.run(
        [*command, str(home / "hello.txt"), "--provide", "--home", str(home), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    cid = json.loads(added.stdout)["cid"]
    assert cid == "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"
    assert cid in asyncio.run(pinned(daemon.url))


async def pinned(url: str) -> set[str]:
    async with KuboBackend(url, is_offline=True) as kubo:
        return {str(pin.cid) for pin in await kubo.pins()}


def test_the_market_stands_beside_a_chain_and_a_daemon_that_run_already(
    tmp_path: Path, daemon: Standin
) -> None:
    options = ("--nodes", "1", "--market", "--kubo", daemon.url)
    with DevnetThread() as chain, up(tmp_path, *options, "--rpc", chain.url) as shown:
        assert shown["rpc_url"] == chain.url
        check_daemon(daemon, tmp_path)
        market = str(shown["market"])
        record = json.loads((tmp_path / "local" / "deployment.json").read_text())
        health = at_block(market, record["deploy_block"] + 5)
        assert (health["status"], health["market"]) == ("ok", shown["contracts"]["market"])
        providers = httpx.get(f"{market}/v1/providers", timeout=90).json()["items"]
        assert [item["provider"] for item in providers] == [shown["nodes"][0]["provider"]]
        assert json.loads(Path(shown["invitation"]).read_text())["markets"] == [market]
        assert settings_of(tmp_path).market_urls == (market,)
        check_pages(str(shown["pages"]), shown["rpc_url"], shown["nodes"][0]["provider"])
        deadline = time.monotonic() + WAIT_S
        while shown["nodes"][0]["provider"].lower() not in standing_offers(market).lower():
            assert time.monotonic() < deadline, "the node told the market nothing"
            time.sleep(0.1)
        assert f'markets = ["{market}"]' in (tmp_path / "local/node-1/node.toml").read_text()
    assert (tmp_path / "local" / "market" / "index.sqlite").exists()


def check_pages(url: str, rpc_url: str, provider: str) -> None:
    """The pages' server knows the chain, gives test coins, and sees the node."""
    with httpx.Client(base_url=url, timeout=90) as page:
        config = page.get("/api/config").json()
        assert config["wallet_rpc_url"] == rpc_url
        assert config["flags"]["faucet"]
        assert config["flags"]["storage"]
        visitor = {"address": "0x" + "ab" * 20}
        assert [page.post("/api/faucet", json=visitor).status_code for _ in range(2)] == [200, 429]
        call = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBalance"}
        asked = page.post("/api/rpc", json=call | {"params": [visitor["address"], "latest"]})
        assert int(asked.json()["result"], 16) == 10**18
        (node,) = page.get("/api/node").json()["items"]
        assert node["node"] == 1
        assert (node["is_up"], node["provider"]) == (True, provider)


@pytest.mark.slow
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
    found: dict[str, Any] = httpx.get(f"{market}/v1/jobs/{job_id}", timeout=90).json()
    return found
