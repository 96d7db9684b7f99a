"""A chain for the tests of this folder, and the parts of a node on it, all in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.unit.node.content import publish, publish_certified
from tests.unit.node.tasked import channel_market, tasked

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.client import ChainClient, Receipt
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deploy import AuditSettings, deploy
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.devnet import DevnetThread
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.events import EventCursor
from neurovoyance.ipfs.cid import cid_of_keccak
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.agent import Agent, AgentSettings
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.crash import CrashPoint
from neurovoyance.node.enrolment import enrol, take_seats
from neurovoyance.node.execution_values import Action, Execution
from neurovoyance.node.intake import Intake, IntakeLimits
from neurovoyance.node.journal import Journal
from neurovoyance.node.offer_desk import OfferDesk
from neurovoyance.node.offering import OfferSigner, PricePolicy
from neurovoyance.node.records import PostedJob
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.shell import Shell
from neurovoyance.node.watch import Watch
from neurovoyance.node.work import Work
from neurovoyance.protocol.certificate import pool_of
from neurovoyance.protocol.ids import Address, JobId
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.units import nvy

__all__ = ["channel_market", "tasked"]

STAKE_WEI = nvy("5000")
FUNDS_WEI = nvy("100")
OWNER, OPERATOR, CLIENT, OTHER = (devnet_wallet(index) for index in range(1, 5))
AUDITOR, AUDITOR_KEY = (devnet_wallet(index) for index in (6, 7))
POLICY = PricePolicy(
    base_price_wei=10**16,
    price_per_second_wei=10**15,
    lock_multiple=20,
    min_lock_wei=0,
    max_runtime_s=3_600,
)
LIMITS = IntakeLimits(
    memory_bytes=1 << 30,
    model_bytes=1 << 20,
    input_bytes=1 << 20,
    output_bytes=1 << 20,
    threads=1,
    fetch_timeout_s=20.0,
)


@pytest.fixture(scope="package")
def market(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[DevnetThread, Deployment]]:
    """A devnet with contracts, a client with money and an enrolled provider; made once."""
    folder = tmp_path_factory.mktemp("market")
    with DevnetThread(block_interval_s=0.2) as devnet:
        yield devnet, asyncio.run(_prepared(devnet.url, folder))


async def _prepared(url: str, folder: Path) -> Deployment:
    async with await ChainClient.connect([url], state_dir=folder, poll_s=0.02) as chain:
        bank = devnet_wallet(0)
        deployment = await deploy(chain, bank)
        contracts = Contracts(chain, deployment)
        for wallet, amount_wei in ((OWNER, STAKE_WEI), (CLIENT, FUNDS_WEI)):
            await contracts.token.transfer(bank, wallet.address, amount_wei)
        await contracts.token.approve(CLIENT, deployment.market, FUNDS_WEI)
        await contracts.market.deposit(CLIENT, FUNDS_WEI)
        await enrol(contracts, OWNER, OPERATOR.address, "http://127.0.0.1:1", STAKE_WEI)
        return deployment


@pytest.fixture(scope="package")
def courts(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[DevnetThread, Deployment]]:
    """As ``market``, with audits of every job, the certified model, and one other auditor."""
    folder = tmp_path_factory.mktemp("courts")
    with DevnetThread(block_interval_s=0.2) as devnet:
        yield devnet, asyncio.run(_prepared_courts(devnet.url, folder))


async def _prepared_courts(url: str, folder: Path) -> Deployment:
    async with await ChainClient.connect([url], state_dir=folder / "chain", poll_s=0.02) as chain:
        bank = devnet_wallet(0)
        deployment = await deploy(chain, bank, audits=AuditSettings.local(min_bps=10_000))
        contracts = Contracts(chain, deployment)
        for wallet in (OWNER, AUDITOR):
            await contracts.token.transfer(bank, wallet.address, STAKE_WEI)
        await contracts.token.transfer(bank, CLIENT.address, FUNDS_WEI)
        await contracts.token.approve(CLIENT, deployment.market, FUNDS_WEI)
        await contracts.market.deposit(CLIENT, FUNDS_WEI)
        await enrol(contracts, OWNER, OPERATOR.address, "http://127.0.0.1:1", STAKE_WEI)
        await enrol(contracts, AUDITOR, AUDITOR_KEY.address, "http://127.0.0.1:2", STAKE_WEI)
        await take_seats(contracts, AUDITOR, [pool_of("cpu")])
        async with EmbeddedBackend(folder / "store") as storage:
            spec = await publish_certified(storage)
            document = await storage.get_block(cid_of_keccak(spec.model_id))
        await contracts.token.approve(bank, deployment.registry, nvy("1000"))
        await contracts.registry.register(bank, document)
        return deployment


@pytest.fixture
async def court_station(
    courts: tuple[DevnetThread, Deployment], tmp_path: Path
) -> AsyncIterator[Station]:
    """As ``station``, in a market that audits every job."""
    async with _stationed(courts, tmp_path) as made:
        yield made


@dataclass
class Station:
    """A node's parts in this process; nothing runs until a test lets it."""

    folder: Path
    contracts: Contracts
    control: ChainControl
    storage: EmbeddedBackend
    runtime: OnnxRuntime
    intake: Intake
    journal: Journal
    chain: ChainSide
    work: Work
    shell: Shell
    watch: Watch
    desk: OfferDesk
    cursor: EventCursor
    agent: Agent
    salt: int = 0
    posted: dict[JobId, PostedJob] = field(default_factory=dict)

    async def post(self, spec: JobSpec, *, max_price_wei: int = nvy("1")) -> JobId:
        """List a job for an hour, as the client."""
        self.salt += 1
        salt = self.salt.to_bytes(32, "big")
        now_s = await self.contracts.client.time_s()
        await self.contracts.market.post(
            CLIENT,
            spec,
            salt,
            max_price_wei=max_price_wei,
            min_lock_wei=0,
            deadline_s=now_s + 3_600,
        )
        job_id = await self.contracts.market.job_id_of(CLIENT.address, salt, spec.spec_hash())
        client = Address(CLIENT.address)
        self.posted[job_id] = PostedJob(job_id, client, spec, max_price_wei, 0, salt=salt)
        return job_id

    async def send(self, action: Action, execution: Execution, key: str, slot: int = 0) -> Receipt:
        """Send an action for a job that was listed here."""
        job = self.posted[execution.job_id]
        return await self.chain.send(action, execution, key, job, slot)

    async def handle_events(self) -> None:
        """Take the events that are new into account."""
        self.shell.time_s = await self.chain.time_s()
        batch = await self.cursor.read()
        await self.watch.handle(batch.items)
        await self.cursor.commit(batch)

    async def publish(self, **changes: object) -> JobSpec:
        """Offer content in the node's own store; see :func:`tests.unit.node.content.publish`."""
        return await publish(self.storage, **changes)  # type: ignore[arg-type]


@pytest.fixture
async def station(
    market: tuple[DevnetThread, Deployment], tmp_path: Path
) -> AsyncIterator[Station]:
    """The parts of a node on a chain that is put back as it was after the test."""
    async with _stationed(market, tmp_path) as made:
        yield made


@asynccontextmanager
async def _stationed(
    running: tuple[DevnetThread, Deployment], tmp_path: Path
) -> AsyncIterator[Station]:
    devnet, deployment = running
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            await ChainClient.connect([devnet.url], state_dir=tmp_path / "chain", poll_s=0.02)
        )
        control = ChainControl(client.rpc)
        snapshot = await control.snapshot()
        stack.push_async_callback(control.revert, snapshot)
        yield await make_station(client, deployment, control, tmp_path, stack)


async def make_station(
    client: ChainClient,
    deployment: Deployment,
    control: ChainControl,
    folder: Path,
    stack: AsyncExitStack,
) -> Station:
    """Build the parts of a node; ``stack`` ends them."""
    contracts = Contracts(client, deployment)
    journal = Journal(folder / "node" / "journal.sqlite", {"market": deployment.market})
    stack.callback(journal.close)
    storage = await stack.enter_async_context(
        EmbeddedBackend(folder / "store", allow_private_addresses=True)
    )
    runtime = await stack.enter_async_context(OnnxRuntime(keep_warm=False))
    intake = Intake(storage, runtime, LIMITS, folder / "files", allow_private_addresses=True)
    provider = Address(OWNER.address)
    chain = ChainSide(contracts, OPERATOR, provider, journal)
    work = Work(
        chain=chain,
        intake=intake,
        runtime=runtime,
        storage=storage,
        policy=POLICY,
        outputs=folder / "outputs",
        envelope_keep_s=86_400,
        max_jobs=1,
    )
    shell = Shell(chain, work, CrashPoint(None))
    stack.push_async_callback(shell.close)
    shell.time_s = await client.time_s()
    watch = Watch(chain, shell, POLICY)
    signer = OfferSigner(provider, OPERATOR.account, client.chain_id, deployment.market, journal)
    desk = OfferDesk(chain, shell, intake, POLICY, signer, max_jobs=1)
    cursor = EventCursor(
        client,
        deployment.contract_addresses(),
        "node",
        state_path=folder / "events.sqlite",
        start_block=await client.block_number() + 1,
    )
    stack.callback(cursor.close)
    settings = AgentSettings(poll_interval_s=0.05, harvest_threshold_wei=1, stop_grace_s=30.0)
    agent = Agent(chain, shell, watch, cursor, intake, desk, settings)
    return Station(
        folder,
        contracts,
        control,
        storage,
        runtime,
        intake,
        journal,
        chain,
        work,
        shell,
        watch,
        desk,
        cursor,
        agent,
    )
