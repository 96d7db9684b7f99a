"""A world for tests of the node: a devnet with contracts, a client with content, real processes.

The chain, a minimal client and its gateway live in the test's process; nodes are started as their
owners would start them. Chain time is moved past deadlines, nothing else is simulated. Import the
fixtures by name: ``world`` has one provider and a market without audits, ``audited_world`` audits
every job and has further providers that sit in the pool of auditors; ``nodes`` starts processes in
either.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import aiohttp
import numpy as np
import pytest
import uvicorn
from tests.unit.node.content import INPUT, WEIGHTS

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts, JobRecord
from neurovoyance.chain.deploy import AuditSettings, deploy
from neurovoyance.chain.devnet import Devnet
from neurovoyance.chain.events import ChainEvent, EventCursor, JobRevealed
from neurovoyance.chain.genesis import EconomySettings
from neurovoyance.chain.wallet import Wallet
from neurovoyance.cli.local_ports import free_port
from neurovoyance.ipfs.cid import Cid, cid_of_keccak
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.encryption import decrypt
from neurovoyance.ipfs.gateway import gateway_app
from neurovoyance.node.enrolment import enrol, take_seats
from neurovoyance.protocol.certificate import pool_of
from neurovoyance.protocol.ids import Address, JobId
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.units import nvy
from neurovoyance.tokenomics.params import default_of
from neurovoyance.verification.canonical import decode_tensors
from neurovoyance.verification.commitment import output_root, tensor_hash

WAIT_S = 150.0
"""Longest wait for one state. Alone none takes 15 s of real time; with four busy processes for each
core, 90 s. What a test waits for by the chain's clock it lets pass there; see ``window_passes``.
"""
STAKE_WEI = nvy("5000")
FUNDS_WEI = nvy("100")


Start = Callable[..., Awaitable[asyncio.subprocess.Process]]


class Network(Protocol):
    """A running chain that has funded the devnet's keys."""

    @property
    def url(self) -> str: ...

    def wallet(self, index: int) -> Wallet: ...


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the test runner."""
        yield


@dataclass
class Party:
    """One provider: its keys, its folder, its node's settings.

    Attributes:
        entry: what starts the node: ``-m neurovoyance.node``, or a script that does otherwise.
    """

    folder: Path
    owner: Wallet
    operator: Wallet
    port: int
    settings: dict[str, object] = field(default_factory=dict)
    entry: tuple[str, ...] = ("-m", "neurovoyance.node")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> Address:
        return self.owner.address

    def write_config(self, rpc_url: str, deployment: Path) -> Path:
        self.folder.mkdir(exist_ok=True)
        values = {
            "rpc_urls": [rpc_url],
            "deployment_path": str(deployment),
            "data_dir": str(self.folder / "node"),
            "owner": self.owner.address,
            "operator_raw_key": "0x" + bytes(self.operator.account.key).hex(),
            "listen_port": self.port,
            "allow_private_addresses": True,
            "poll_interval_s": 0.4,
            "memory_bytes": 1 << 30,
            "log_path": str(self.folder / "node.log"),
            **self.settings,
        }
        path = self.folder / "node.toml"
        path.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))
        return path

    async def start(self, config: Path, crash_at: str | None) -> asyncio.subprocess.Process:
        arguments = [*self.entry, "--config", str(config)]
        if crash_at:
            arguments += ["--crash-at", crash_at]
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )

    async def get(self, path: str) -> dict[str, object]:
        """Return what the node's API answers, as soon as it does."""
        async with asyncio.timeout(WAIT_S), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"{self.url}{path}") as response:
                        if response.status == 200:
                            return dict(await response.json())
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)

    def log(self) -> str:
        path = self.folder / "node.log"
        return path.read_text() if path.exists() else ""


@dataclass
class World:
    """The devnet with contracts, a client with content to offer, and enrolled providers.

    Attributes:
        provider: the one that takes jobs.
        auditors: further providers; they ask more than any client pays, so they only audit.
    """

    folder: Path
    devnet: Network
    chain: ChainClient
    contracts: Contracts
    control: ChainControl
    storage: EmbeddedBackend
    source: str
    provider: Party
    auditors: list[Party] = field(default_factory=list)
    salt: int = 0

    @property
    def settings(self) -> dict[str, object]:
        return self.provider.settings

    @property
    def node_url(self) -> str:
        return self.provider.url

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

    def write_config(self, party: Party | None = None) -> Path:
        party = party or self.provider
        return party.write_config(self.devnet.url, self.folder / "deployment.json")

    async def start_node(
        self, crash_at: str | None = None, party: Party | None = None
    ) -> asyncio.subprocess.Process:
        party = party or self.provider
        return await party.start(self.write_config(party), crash_at)

    async def wait_until_answering(self) -> dict[str, object]:
        return await self.provider.get("/v1/status")

    def log(self) -> str:
        return "".join(party.log() for party in (self.provider, *self.auditors))


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


@asynccontextmanager
async def built(
    folder: Path,
    audits: AuditSettings | None = None,
    economy: EconomySettings | None = None,
    network: Network | None = None,
) -> AsyncIterator[World]:
    """Build a world: contracts, a client with money, one enrolled provider.

    ``network`` is a running chain with the devnet's keys; a devnet of its own if None.
    """
    async with AsyncExitStack() as stack:
        devnet = network or await stack.enter_async_context(Devnet(block_interval_s=0.3))
        chain = await stack.enter_async_context(
            await ChainClient.connect([devnet.url], state_dir=folder / "chain", poll_s=0.05)
        )
        bank, client = devnet.wallet(0), devnet.wallet(3)
        deployment = await deploy(
            chain, bank, path=folder / "deployment.json", audits=audits, economy=economy
        )
        contracts = Contracts(chain, deployment)
        await contracts.token.transfer(bank, client.address, FUNDS_WEI)
        await contracts.token.approve(client, deployment.market, FUNDS_WEI)
        await contracts.market.deposit(client, FUNDS_WEI)
        storage = await stack.enter_async_context(
            EmbeddedBackend(folder / "client", allow_private_addresses=True)
        )
        source = await stack.enter_async_context(serve(storage))
        provider = Party(folder, devnet.wallet(1), devnet.wallet(2), free_port())
        await enrolled(contracts, bank, provider)
        yield World(
            folder,
            devnet,
            chain,
            contracts,
            ChainControl(chain.rpc),
            storage,
            source,
            provider,
        )


async def enrolled(contracts: Contracts, bank: Wallet, party: Party) -> None:
    """Give a provider its stake and register it."""
    await contracts.token.transfer(bank, party.address, STAKE_WEI)
    await enrol(contracts, party.owner, party.operator.address, party.url, STAKE_WEI)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A market without audits."""
    async with built(tmp_path) as made:
        yield made


@pytest.fixture
def audit_settings() -> AuditSettings:
    """What the courts of ``audited_world`` are made with; a test may give others."""
    return AuditSettings.local(min_bps=10_000)


@pytest.fixture
async def audited_world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """A market that audits every job, and owners with seats in the pool of auditors: three, or as
    many as the test's parameter says.
    """
    settings = AuditSettings.local(min_bps=10_000)
    if "audit_settings" in request.fixturenames:
        settings = request.getfixturevalue("audit_settings")
    async with built(tmp_path, settings) as made:
        bank = made.devnet.wallet(0)
        for number in range(getattr(request, "param", 3)):
            owner, operator = (made.devnet.wallet(4 + 2 * number + i) for i in range(2))
            party = Party(tmp_path / f"auditor{number}", owner, operator, free_port())
            party.settings["base_price_wei"] = str(nvy("50"))
            await enrolled(made.contracts, bank, party)
            await take_seats(made.contracts, owner, [pool_of("cpu")], 2)
            made.auditors.append(party)
        yield made


async def register(world: World, spec: JobSpec) -> None:
    """Register the model of a job, with the bank's money."""
    bank, contracts = world.devnet.wallet(0), world.contracts
    document = await world.storage.get_block(cid_of_keccak(spec.model_id))
    bond_wei = default_of("registrantBondWei")
    await contracts.token.approve(bank, contracts.deployment.registry, bond_wei)
    await contracts.registry.register(bank, document)


@pytest.fixture
async def nodes(request: pytest.FixtureRequest) -> AsyncIterator[Start]:
    """Start nodes with this; those that still run are killed in the end."""
    name = "audited_world" if "audited_world" in request.fixturenames else "world"
    made: World = request.getfixturevalue(name)
    started: list[asyncio.subprocess.Process] = []

    async def start(
        crash_at: str | None = None, party: Party | None = None
    ) -> asyncio.subprocess.Process:
        process = await made.start_node(crash_at, party)
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


async def window_passes(world: World, job_id: JobId) -> None:
    """Let the window of a revealed job pass, however long it is.

    One passed audit in twenty is drawn again. Where nobody else can be drawn, in a world of few
    owners, the slot is skipped and the window doubled.
    """
    record = await world.contracts.market.job(job_id)
    left_s = record.deadline_s - await world.chain.time_s()
    await world.control.increase_time(max(0, left_s) + 1)


async def finish(world: World, job_id: JobId, process: asyncio.subprocess.Process) -> None:
    await world.wait_for(job_id, JobState.REVEALED, process=process)
    await window_passes(world, job_id)
    await world.wait_for(job_id, JobState.SETTLED, process=process)
