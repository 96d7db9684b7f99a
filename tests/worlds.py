"""A world for tests of the node: a devnet with contracts, a client with content, real processes.

The chain, a minimal client and its gateway live in the test's process; the node is started as its
owner would start it. Chain time is moved past deadlines, nothing else is simulated. Import the
fixtures ``world`` and ``nodes`` by name.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import uvicorn

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts, JobRecord
from neurovoyance.chain.deploy import deploy
from neurovoyance.chain.devnet import Devnet
from neurovoyance.chain.events import ChainEvent, EventCursor, JobRevealed
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.encryption import decrypt
from neurovoyance.ipfs.gateway import gateway_app
from neurovoyance.node.enrolment import enrol
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.units import nvy
from neurovoyance.verification.canonical import decode_tensors
from neurovoyance.verification.commitment import output_root, tensor_hash
from tests.unit.node.content import INPUT, WEIGHTS

WAIT_S = 60.0
STAKE_WEI = nvy("5000")
FUNDS_WEI = nvy("100")


Start = Callable[..., Awaitable[asyncio.subprocess.Process]]


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the test runner."""
        yield


@dataclass
class World:
    """The devnet with contracts, a client with content to offer, and an enrolled provider."""

    folder: Path
    devnet: Devnet
    chain: ChainClient
    contracts: Contracts
    control: ChainControl
    storage: EmbeddedBackend
    source: str
    node_port: int
    settings: dict[str, object] = field(default_factory=dict)
    salt: int = 0

    @property
    def node_url(self) -> str:
        return f"http://127.0.0.1:{self.node_port}"

    async def post(self, spec: JobSpec) -> JobId:
        """List a job at one NVY for an hour."""
        self.salt += 1
        salt = self.salt.to_bytes(32, "big")
        wallet = self.devnet.wallet(3)
        now_s = await self.chain.time_s()
        await self.contracts.market.post(
            wallet,
            spec,
            salt,
            max_price_wei=nvy("1"),
            min_lock_wei=0,
            deadline_s=now_s + 3_600,
            source=self.source,
        )
        return await self.contracts.market.job_id_of(wallet.address, salt, spec.spec_hash())

    async def wait_for(
        self, job_id: JobId, *states: JobState, process: asyncio.subprocess.Process | None = None
    ) -> JobRecord:
        """Wait until the stored state of a job is one of these."""
        async with asyncio.timeout(WAIT_S):
            while True:
                record = await self.contracts.market.job(job_id)
                if record.state in states:
                    return record
                assert process is None or process.returncode is None, "the node ended"
                await asyncio.sleep(0.1)

    async def events(self, job_id: JobId) -> list[ChainEvent]:
        """Return all events of a job."""
        cursor = EventCursor(
            self.chain,
            self.contracts.deployment.contract_addresses(),
            "test",
            state_path=self.folder / f"events-{os.urandom(4).hex()}.sqlite",
            start_block=self.contracts.deployment.deploy_block,
        )
        batch = await cursor.read()
        cursor.close()
        return [
            item
            for item in batch.items
            if isinstance(item, ChainEvent) and getattr(item, "job_id", None) == job_id
        ]

    def write_config(self) -> Path:
        values = {
            "rpc_urls": [self.devnet.url],
            "deployment_path": str(self.folder / "deployment.json"),
            "data_dir": str(self.folder / "node"),
            "owner": self.devnet.wallet(1).address,
            "operator_raw_key": "0x" + bytes(self.devnet.wallet(2).account.key).hex(),
            "listen_port": self.node_port,
            "allow_private_addresses": True,
            "poll_interval_s": 0.2,
            "memory_bytes": 1 << 30,
            "log_path": str(self.folder / "node.log"),
            **self.settings,
        }
        path = self.folder / "node.toml"
        path.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))
        return path

    async def start_node(self, crash_at: str | None = None) -> asyncio.subprocess.Process:
        arguments = ["-m", "neurovoyance.node", "--config", str(self.write_config())]
        if crash_at:
            arguments += ["--crash-at", crash_at]
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )

    async def wait_until_answering(self) -> dict[str, object]:
        async with asyncio.timeout(WAIT_S), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"{self.node_url}/v1/status") as response:
                        if response.status == 200:
                            return dict(await response.json())
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)

    def log(self) -> str:
        path = self.folder / "node.log"
        return path.read_text() if path.exists() else ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def serve(backend: EmbeddedBackend) -> AsyncIterator[str]:
    port = free_port()
    server = _Server(
        uvicorn.Config(
            gateway_app(backend), host="127.0.0.1", port=port, log_config=None, lifespan="off"
        )
    )
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        devnet = await stack.enter_async_context(Devnet(block_interval_s=0.3))
        chain = await stack.enter_async_context(
            await ChainClient.connect([devnet.url], state_dir=tmp_path / "chain", poll_s=0.05)
        )
        bank, owner, operator, client = (devnet.wallet(index) for index in range(4))
        deployment = await deploy(chain, bank, path=tmp_path / "deployment.json")
        contracts = Contracts(chain, deployment)
        await contracts.token.transfer(bank, owner.address, STAKE_WEI)
        await contracts.token.transfer(bank, client.address, FUNDS_WEI)
        await contracts.token.approve(client, deployment.market, FUNDS_WEI)
        await contracts.market.deposit(client, FUNDS_WEI)
        port = free_port()
        await enrol(contracts, owner, operator.address, f"http://127.0.0.1:{port}", STAKE_WEI)
        storage = await stack.enter_async_context(
            EmbeddedBackend(tmp_path / "client", allow_private_addresses=True)
        )
        source = await stack.enter_async_context(serve(storage))
        yield World(
            tmp_path,
            devnet,
            chain,
            contracts,
            ChainControl(chain.rpc),
            storage,
            source,
            port,
        )


@pytest.fixture
async def nodes(world: World) -> AsyncIterator[Start]:
    """Start nodes with this; those that still run are killed in the end."""
    started: list[asyncio.subprocess.Process] = []

    async def start(crash_at: str | None = None) -> asyncio.subprocess.Process:
        process = await world.start_node(crash_at)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def check_result(world: World, job_id: JobId) -> None:
    """Fetch the revealed envelope from the node and compare it with the chain and with numpy."""
    [revealed] = [e for e in await world.events(job_id) if isinstance(e, JobRevealed)]
    cid = Cid.from_bytes(revealed.envelope_cid)
    await world.storage.ensure(cid, sources=[world.node_url], max_bytes=1 << 20)
    envelope = b"".join([piece async for piece in world.storage.open(cid)])
    arrays = decode_tensors(decrypt(envelope, revealed.result_key, job_id))
    assert output_root([tensor_hash(array) for array in arrays]) == revealed.out_root
    [output] = arrays
    np.testing.assert_allclose(output, INPUT @ WEIGHTS, rtol=1e-6)


async def finish(world: World, job_id: JobId, process: asyncio.subprocess.Process) -> None:
    await world.wait_for(job_id, JobState.REVEALED, process=process)
    await world.control.increase_time(601)
    await world.wait_for(job_id, JobState.SETTLED, process=process)
