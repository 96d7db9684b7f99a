"""One job through the nine stages of ARCHITECTURE.md, on a real chain with a real node process."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.cli.local_network import NODE_STAKE_WEI, LocalNetwork
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.errors import ResultMismatch
from neurovoyance.client.jobs import AsyncJob
from neurovoyance.client.journal import StoredEvent
from neurovoyance.client.money import Bucket, MoneyView
from neurovoyance.client.opening import open_from_profile
from neurovoyance.client.orders import revealed_of
from neurovoyance.client.receipts import check_receipt
from neurovoyance.client.results import Revealed, check_result
from neurovoyance.ipfs.cid import Cid, cid_of_keccak
from neurovoyance.protocol.ids import hex_of, job_id_of
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.manifest import ModelManifest, parse_manifest

MAX_PRICE_WEI = 10**18
WEIGHT = np.array([[1.0, -2.0], [0.5, 3.0], [0.25, -0.125]], np.float32)
X = np.array([[1.0, 2.0, 4.0], [-1.0, 0.5, 8.0]], np.float32)


@dataclass
class Trace:
    """What was seen of the job, at every stage."""

    spec: JobSpec
    manifest: ModelManifest
    job_id: bytes
    salt: bytes
    client: str
    market: str
    chain_id: int
    job_id_on_chain: bytes = b""
    spec_hash_on_chain: bytes = b""
    provider: str = ""
    node_blocks: dict[str, bytes] = field(default_factory=dict)
    executions: list[dict[str, Any]] = field(default_factory=list)
    envelope: bytes = b""
    output: dict[str, Any] = field(default_factory=dict)
    events: dict[str, StoredEvent] = field(default_factory=dict)
    reserved: MoneyView | None = None
    locked_wei: int = 0
    state_after_check: JobState = JobState.NONE
    state_at_end: JobState = JobState.NONE
    earned_wei: int = 0
    locked_at_end_wei: int = 0
    harvested_wei: int = 0
    earned_at_end_wei: int = -1
    receipt: dict[str, Any] = field(default_factory=dict)

    @property
    def revealed(self) -> Revealed:
        return revealed_of(self.events["JobRevealed"])


def matmul_model(path: Path) -> Path:
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "stages",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])],
        [numpy_helper.from_array(WEIGHT, "w")],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


async def follow(home: Path) -> Trace:
    async with LocalNetwork(home, node_count=1) as network, await open_from_profile(home) as client:
        model = await client.publish(matmul_model(home / "model.onnx"))
        job = await client.submit(
            model,
            {"x": X},
            hire="listing",
            max_price_wei=MAX_PRICE_WEI,
            max_runtime_s=20,
            confirm="never",
        )
        session, attempt = client.session, job.current
        trace = Trace(
            spec=attempt.spec,
            manifest=model.manifest,
            job_id=attempt.job_id,
            salt=attempt.salt,
            client=str(session.address),
            market=session.deployment.market,
            chain_id=session.chain.chain_id,
        )
        market = session.contracts.market
        trace.spec_hash_on_chain = await market.spec_hash_of(attempt.spec)
        trace.job_id_on_chain = await market.job_id_of(
            session.address, attempt.salt, attempt.spec.spec_hash()
        )
        await job.wait(timeout_s=90)
        trace.provider = job.provider
        trace.reserved = await client.money()
        trace.state_after_check = await job.state()
        await look_at_node(network.nodes[0].url, client, job, trace)
        await finish(client, job, trace)
    return trace


async def look_at_node(url: str, client: AsyncClient, job: AsyncJob, trace: Trace) -> None:
    events = client.session.journal.events_of(trace.job_id)
    trace.events = {event.name: event for event in events}
    wanted = {
        "input": Cid.from_bytes(trace.spec.input_cid),
        "manifest": cid_of_keccak(trace.spec.model_id),
        "envelope": Cid.from_bytes(trace.revealed.envelope_cid),
    }
    async with aiohttp.ClientSession() as web:
        for name, cid in wanted.items():
            async with web.get(f"{url}/ipfs/{cid}?format=raw") as response:
                assert response.status == 200, name
                trace.node_blocks[name] = await response.read()
        async with web.get(f"{url}/v1/executions") as response:
            trace.executions = (await response.json())["executions"]
    trace.envelope = trace.node_blocks["envelope"]
    trace.output = await job.result()
    trace.locked_wei = (await client.session.contracts.stakes.stake_of(trace.provider)).locked_wei


async def finish(client: AsyncClient, job: AsyncJob, trace: Trace) -> None:
    contracts = client.session.contracts
    await job.confirm()
    trace.receipt = await job.receipt()
    trace.state_at_end = await job.state()
    trace.events = {event.name: event for event in client.session.journal.events_of(trace.job_id)}
    trace.earned_wei = await contracts.market.earned_of_wei(trace.provider)
    trace.locked_at_end_wei = (await contracts.stakes.stake_of(trace.provider)).locked_wei
    owner = trace.provider
    before_wei = await contracts.token.balance_of_wei(owner)
    await contracts.market.harvest(devnet_wallet(2), owner)
    trace.harvested_wei = await contracts.token.balance_of_wei(owner) - before_wei
    trace.earned_at_end_wei = await contracts.market.earned_of_wei(owner)


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trace]:
    yield asyncio.run(follow(tmp_path_factory.mktemp("stages")))


def test_stage_1_job_spec_gives_the_id_before_anything_is_sent(trace: Trace) -> None:
    needed = job_id_of(
        trace.chain_id, trace.market, trace.client, trace.salt, trace.spec.spec_hash()
    )
    assert trace.job_id == needed == trace.job_id_on_chain
    assert trace.spec.spec_hash() == trace.spec_hash_on_chain
    assert trace.spec.batch == 2


def test_stage_2_chain_takes_the_escrow_and_tells_the_spec(trace: Trace) -> None:
    posted = trace.events["JobPosted"].body
    assert posted["client"] == trace.client
    assert int(posted["max_price_wei"]) == MAX_PRICE_WEI
    assert posted["spec"]["input_cid"] == hex_of(trace.spec.input_cid)
    assert posted["source"].startswith("http://127.0.0.1:")


def test_stage_3_node_locks_its_stake_for_a_price_within_the_maximum(trace: Trace) -> None:
    assigned = trace.events["JobAssigned"].body
    price_wei, lock_wei = int(assigned["price_wei"]), int(assigned["lock_wei"])
    assert assigned["provider"] == trace.provider
    assert 0 < price_wei < MAX_PRICE_WEI
    assert 5 * price_wei <= lock_wei == trace.locked_wei <= NODE_STAKE_WEI


def test_stage_4_storage_moved_the_input_and_the_manifest_by_their_hashes(trace: Trace) -> None:
    digest = Cid.from_bytes(trace.spec.input_cid).digest
    assert hashlib.sha256(trace.node_blocks["input"]).digest() == digest
    manifest = parse_manifest(trace.node_blocks["manifest"], trace.spec.model_id)
    assert manifest == trace.manifest


def test_stage_5_runtime_computed_the_model(trace: Trace) -> None:
    np.testing.assert_allclose(trace.output["y"], X @ WEIGHT, rtol=1e-6)
    assert trace.output["y"].dtype == np.float32
    assert trace.executions[0]["job_id"] == hex_of(trace.job_id)


def test_stage_6_result_was_bound_before_it_was_revealed(trace: Trace) -> None:
    committed, revealed = trace.events["JobCommitted"], trace.events["JobRevealed"]
    assert committed.block_number < revealed.block_number
    assert committed.body["envelope_cid"] == revealed.body["envelope_cid"]
    assert trace.events["SeedDrawn"].body["seed0"] == revealed.body["seed0"]
    assert trace.state_after_check is JobState.REVEALED


def test_stage_7_verification_accepts_this_output_and_no_other(trace: Trace) -> None:
    found = check_result(trace.envelope, trace.revealed, trace.manifest)
    np.testing.assert_array_equal(found["y"], trace.output["y"])
    damaged = bytearray(trace.envelope)
    damaged[-1] ^= 1
    with pytest.raises(ResultMismatch, match="cannot be opened"):
        check_result(bytes(damaged), trace.revealed, trace.manifest)


def test_stage_8_settlement_pays_the_price_and_frees_the_lock(trace: Trace) -> None:
    price_wei = int(trace.events["JobAssigned"].body["price_wei"])
    assert trace.reserved is not None
    assert trace.reserved.total_wei(Bucket.RESERVED) == price_wei
    assert trace.state_at_end is JobState.SETTLED
    assert int(trace.events["JobSettled"].body["paid_wei"]) == price_wei == trace.earned_wei
    assert trace.locked_at_end_wei == 0
    assert check_receipt(trace.receipt) == []


def test_stage_9_vesting_brings_the_earnings_to_the_owner(trace: Trace) -> None:
    assert trace.harvested_wei == trace.earned_wei > 0
    assert trace.earned_at_end_wei == 0
