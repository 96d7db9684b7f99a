"""A visitor's whole way through the pages' origin alone: test coins, files, a job, its result.

The wallet is this test; it knows the chain through the service's relay, as a page's wallet does.
"""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from safetensors.numpy import save
from tests.e2e.test_nine_stages import WEIGHT, X, matmul_model
from tests.unit.cli.conftest import up

from neurovoyance.chain import ChainClient, Contracts, Wallet
from neurovoyance.chain.deployment import load_deployment
from neurovoyance.chain.events import JobPosted
from neurovoyance.client.results import Revealed, check_result
from neurovoyance.ipfs.cid import Cid
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.manifest import ModelManifest
from neurovoyance.protocol.units import nvy

WAIT_S = 60.0
BINARY = {"Content-Type": "application/octet-stream"}
PRICE_WEI = nvy("1")


def told(page: httpx.Client, method: str, path: str, **how: Any) -> Any:
    answer = page.request(method, path, **how)
    assert answer.status_code < 300, answer.text
    return answer.json()


def published(page: httpx.Client, job_id: str) -> dict[str, Any]:
    """Return what the provider revealed, once the index has it."""
    deadline = time.monotonic() + WAIT_S
    while True:
        events = told(page, "GET", "/v1/events", params={"subject": job_id})["items"]
        for event in events:
            if event["name"] == "JobRevealed":
                found: dict[str, Any] = event["data"]
                return found
        assert time.monotonic() < deadline, events
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_a_visitor_needs_one_origin(tmp_path: Path) -> None:
    with (
        up(tmp_path, "--nodes", "1", "--market") as shown,
        httpx.Client(base_url=str(shown["pages"]), timeout=90) as page,
    ):
        config = told(page, "GET", "/api/config")
        assert config["flags"]["faucet"] and config["flags"]["node_steering"]
        assert config["wallet_rpc_url"] == shown["rpc_url"]
        wallet = Wallet.from_raw_key("0x" + secrets.token_hex(32), chain_id=31337)
        told(page, "POST", "/api/faucet", json={"address": wallet.address})
        model = matmul_model(tmp_path / "model.onnx").read_bytes()
        sent = told(page, "POST", "/api/storage/model", content=model, headers=BINARY)
        given = told(page, "POST", "/api/storage", content=save({"x": X}), headers=BINARY)
        spec = JobSpec(
            model_id=bytes.fromhex(sent["model_id"][2:]),
            input_cid=bytes.fromhex(given["cid_hex"][2:]),
            batch=len(X),
        )
        job_id = await posted(page, config, wallet, spec, given["source"], tmp_path)
        data = published(page, hex_of(job_id))
        envelope = Cid.from_bytes(bytes.fromhex(data["envelope_cid"][2:]))
        revealed = Revealed(
            job_id,
            bytes.fromhex(data["out_root"][2:]),
            envelope.binary,
            bytes.fromhex(data["result_key"][2:]),
            0,
        )
        # The node that computed has it; the service fetched it from there.
        raw = page.get(f"{config['paths']['gateway']}/{envelope}?format=raw")
        whole = page.get(f"/api/storage/{envelope}")
        assert raw.content == whole.content
        manifest = ModelManifest.model_validate(sent["manifest"])
        np.testing.assert_array_equal(
            check_result(raw.content, revealed, manifest)["y"], X @ WEIGHT
        )
        check_node(page, tmp_path, str(shown["nodes"][0]["provider"]))


async def posted(
    page: httpx.Client,
    config: dict[str, Any],
    wallet: Wallet,
    spec: JobSpec,
    source: str,
    folder: Path,
) -> bytes:
    """Pay in and list a job over the relay; return its id."""
    relay = f"{str(page.base_url).rstrip('/')}{config['paths']['rpc']}"
    async with await ChainClient.connect([relay], state_dir=folder / "wallet") as chain:
        deployment = load_deployment(folder / "local" / "deployment.json", config["chain_id"])
        assert config["contracts"] == deployment.named_addresses()
        contracts = Contracts(chain, deployment)
        await contracts.token.approve(wallet, contracts.market.address, PRICE_WEI)
        await contracts.market.deposit(wallet, PRICE_WEI)
        receipt = await contracts.market.post(
            wallet,
            spec,
            secrets.token_bytes(32),
            max_price_wei=PRICE_WEI,
            min_lock_wei=0,
            deadline_s=await chain.time_s() + 600,
            source=source,
        )
        return bytes(receipt.one(JobPosted).job_id)


def check_node(page: httpx.Client, home: Path, provider: str) -> None:
    """See the node at work, and let it rest with the token that lies beside it."""
    (node,) = told(page, "GET", "/api/node")["items"]
    assert (node["node"], node["is_up"], node["provider"]) == (1, True, provider)
    assert page.post("/api/node/1/pause").status_code == 401
    token = (home / "local/node-1/data/control.token").read_text()
    owner = {"Authorization": f"Bearer {token}"}
    assert told(page, "POST", "/api/node/1/pause", headers=owner)["hold"]["is_held"]
    assert told(page, "GET", "/api/node/1/health")["is_up"]
    assert not told(page, "POST", "/api/node/1/resume", headers=owner)["hold"]["is_held"]
