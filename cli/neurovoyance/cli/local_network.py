"""A private network on this machine: devnet, contracts, provider nodes, and a profile to use it.

Place: what ``up`` keeps running and ``demo`` plays on. Chain, nodes and services are processes of
their own; :mod:`.local_chain`, :mod:`.local_node` and :mod:`.local_services` know how each starts.
The keys are the devnet's publicly known ones; account 0 deploys, 1 is the client, each node has an
owner and an operator, and another one gives test coins to visitors of the pages. Never: a network
that others can reach, or keys of any other chain.
"""

from __future__ import annotations

import asyncio
import fcntl
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TextIO

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deploy import AuditSettings, deploy
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.genesis import CanaryModel, EconomySettings
from neurovoyance.chain.rewards import EPOCH_S
from neurovoyance.chain.wallet import DEVNET_CHAIN_ID
from neurovoyance.cli.local_chain import connect, keep_time, start_devnet, wait_for_devnet
from neurovoyance.cli.local_node import AUDIT_POOL, LocalNode, make_node
from neurovoyance.cli.local_ports import free_port
from neurovoyance.cli.local_samples import register_sample, write_samples
from neurovoyance.cli.local_services import MarketProcess, Services, worker_process
from neurovoyance.cli.processes import Child, stop_all
from neurovoyance.client.joining import Invitation
from neurovoyance.client.opening import PROFILE_NAME
from neurovoyance.client.settings import NetworkProfile, save_profile
from neurovoyance.node.enrolment import enrol, take_seats
from neurovoyance.protocol.certificate import pool_of
from neurovoyance.protocol.errors import ConfigError
from neurovoyance.protocol.units import WEI_PER_NVY

CLIENT_ACCOUNT = 1
CLIENT_FUNDS_WEI = 1_000 * WEI_PER_NVY
FAUCET_ACCOUNT = 30
"""Between the nodes' accounts and those of guests, see ``join``."""
FAUCET_FUNDS_WEI = 500_000 * WEI_PER_NVY
FAUCET_GAS_WEI = 500 * 10**18
NODE_STAKE_WEI = 5_000 * WEI_PER_NVY
NODE_SEATS = 4
AUDIT_POOL_WEI = 1_000 * WEI_PER_NVY
NODE_GAS_WEI = 10**18
MAX_NODES = 8

OnStep = Callable[[str], None]


def _say_nothing(_step: str) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class LocalNetwork:
    """A running private network; use as an asynchronous context manager.

    Attributes:
        home: folder of the client that is to use it; the profile is written there.
        node_count: provider nodes to start.
        rpc_port: port of the chain; 0 picks a free one.
        max_jobs: executions that each node computes at once.
        audits: what the courts are deployed with; None for a market without audits.
        has_economy: fees are split, rewards vest and parameters are voted on.
        canary_models: the canaries' catalogue in the genesis; with audits and economy alone.
        collects: nodes collect rewards by themselves, and have canaries drawn.
        cheats: how many of the nodes, the last ones, compute with other weights than they claim;
            they ask for less, and are started by :meth:`start_node` alone.
        kubo_rpc_url: RPC of an IPFS daemon that client and nodes use.
        services: what runs beside the nodes, and real servers in place of built-in parts.
        registers_sample: the pages' sample is registered here; False where somebody else does.
        on_step: told of each step of the start.
        content_port: where nodes look for the models of the catalogue; nothing listens there
            until somebody serves them.
    """

    home: Path
    node_count: int = 3
    rpc_port: int = 0
    max_jobs: int = 1
    audits: AuditSettings | None = None
    has_economy: bool = False
    canary_models: Sequence[CanaryModel] = ()
    collects: bool = True
    cheats: int = 0
    kubo_rpc_url: str | None = None
    services: Services = field(default_factory=Services)
    registers_sample: bool = True
    on_step: OnStep = _say_nothing
    nodes: list[LocalNode] = field(default_factory=list)
    rpc_url: str = ""
    content_port: int = field(default_factory=lambda: free_port())
    deployment: Deployment | None = None
    market: MarketProcess | None = None
    _children: list[Child] = field(default_factory=list)
    _clock: asyncio.Task[None] | None = None
    _lock: TextIO | None = None

    @property
    def children(self) -> tuple[Child, ...]:
        """The processes of the network, the chain first."""
        return tuple(self._children)

    @property
    def honest(self) -> list[LocalNode]:
        """The nodes that compute what they claim."""
        return self.nodes[: self.node_count - self.cheats]

    @property
    def folder(self) -> Path:
        """Where the network keeps what ends with it: logs, node data, the deployment file."""
        return self.home / "local"

    async def __aenter__(self) -> LocalNetwork:
        try:
            await self._start()
        except BaseException:
            if self._clock is not None:
                self._clock.cancel()
            self.stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._clock is not None:
            self._clock.cancel()
            await asyncio.wait([self._clock])
        await asyncio.to_thread(self.stop)

    def stop(self) -> None:
        """Stop nodes and chain."""
        stop_all(self._children)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def _start(self) -> None:
        if not 1 <= self.node_count <= MAX_NODES:
            raise ConfigError(f"A local network has 1 to {MAX_NODES} nodes.", faults=["nodes"])
        self._claim_home()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, mode=0o700)
        async with await self._open_chain() as chain:
            self.on_step("deploying the contracts")
            self.deployment = await deploy(
                chain,
                devnet_wallet(0),
                audits=self.audits,
                economy=self._economy(),
                path=self.folder / "deployment.json",
            )
            if self.has_economy:
                await _to_whole_week(chain)
            self.on_step(f"staking and starting {self.node_count - self.cheats} nodes")
            save_profile(self.profile(), self.home / PROFILE_NAME)
            self._make_nodes()
            if self.market is not None:
                self.market.tell(self.rpc_url, FAUCET_ACCOUNT, [node.url for node in self.nodes])
                await self._offer_sample(Contracts(chain, self.deployment), self.market)
            # The market answers before a node starts, or it would miss the first standing offers.
            await asyncio.gather(
                self._enrol(chain, Contracts(chain, self.deployment)),
                *([self.market.start()] if self.market else []),
            )
        self.invitation_path.write_text(self.invitation().model_dump_json(indent=2) + "\n")
        if self.services.redis_url is not None:
            self._children.append(worker := worker_process(self.services, self.folder))
            worker.start()
        await asyncio.gather(*(self.start_node(node) for node in self.honest))

    async def start_node(self, node: LocalNode) -> None:
        """Start a node that does not run and wait until it answers."""
        await node.start()

    async def _offer_sample(self, contracts: Contracts, market: MarketProcess) -> None:
        """Give the pages a model for a first try, registered where jobs are audited."""
        sample = await write_samples(self.folder)
        if sample is None:
            return
        market.offer_samples(sample.path)
        if self.audits is not None and self.registers_sample:
            await register_sample(contracts, sample)

    def _claim_home(self) -> None:
        """Hold the home folder: a second network would wipe the first one's files."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = (self.home / "local.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(
                f"A local network runs in {self.home} already.",
                hint="Use it, end it with Ctrl-C in its terminal, or name another with --home.",
                faults=["home: in use"],
            ) from error

    async def _open_chain(self) -> ChainClient:
        if self.services.rpc_url is None:
            self.on_step("starting a private chain")
            self.rpc_url, child = start_devnet(self.rpc_port, self.folder / "logs")
            self._children.append(child)
            await wait_for_devnet(child, self.rpc_url)
        else:
            self.rpc_url = self.services.rpc_url
            self.on_step(f"using the chain at {self.rpc_url}")
        chain = await connect(self.rpc_url, self.folder / "setup")
        if self.services.rpc_url is not None:
            self._clock = asyncio.create_task(keep_time(self.rpc_url, self.folder / "clock"))
        if self.services.has_market:
            self.market = MarketProcess(self.services, self.home, self.folder)
            self._children += self.market.children
        return chain

    def _make_nodes(self) -> None:
        """Write the settings of the nodes; none runs yet."""
        common = {
            "max_jobs": self.max_jobs,
            "collect_rewards": self.collects,
            "peers": self._peers,
            "markets": self._markets,
            **({"kubo_rpc_url": self.kubo_rpc_url} if self.kubo_rpc_url else {}),
            **self.services.node_settings(),
        }
        honest = self.node_count - self.cheats
        for index in range(self.node_count):
            cheats = index >= honest
            node = make_node(index, self.folder, self.rpc_url, common, cheats=cheats)
            self.nodes.append(node)
            self._children.append(node.child)

    async def _enrol(self, chain: ChainClient, contracts: Contracts) -> None:
        """Give client and nodes their money, register and stake; the deployer holds it all."""
        bank = devnet_wallet(0)
        await contracts.token.transfer(
            bank, devnet_wallet(CLIENT_ACCOUNT).address, CLIENT_FUNDS_WEI
        )
        if self.market is not None:
            faucet = devnet_wallet(FAUCET_ACCOUNT).address
            await contracts.token.transfer(bank, faucet, FAUCET_FUNDS_WEI)
            await chain.transfer_native(bank, faucet, FAUCET_GAS_WEI)
        for node in self.nodes:
            for wallet in (node.owner, node.operator):
                # Chains differ in how many of the known accounts they fund.
                if await chain.balance_wei(wallet.address) < NODE_GAS_WEI:
                    await chain.transfer_native(bank, wallet.address, NODE_GAS_WEI)
            await contracts.token.transfer(bank, node.owner.address, NODE_STAKE_WEI)
        await asyncio.gather(
            *(
                enrol(contracts, node.owner, node.operator.address, node.url, NODE_STAKE_WEI)
                for node in self.nodes
            )
        )
        if self.audits is not None:
            if not self.has_economy:
                await self._fund_audits(contracts)
            pools = [pool_of(AUDIT_POOL)]
            await asyncio.gather(
                # Who cheats does not audit; and it does not run yet.
                *(take_seats(contracts, node.owner, pools, NODE_SEATS) for node in self.honest)
            )

    async def _fund_audits(self, contracts: Contracts) -> None:
        """Seed the audit pool as the insurance fund does on a public network."""
        bank, market = devnet_wallet(0), contracts.deployment.market
        await contracts.token.approve(bank, market, AUDIT_POOL_WEI)
        await contracts.market.deposit(bank, AUDIT_POOL_WEI)
        await contracts.audits.fund_pool(bank, AUDIT_POOL_WEI)

    def _economy(self) -> EconomySettings | None:
        if not self.has_economy:
            return None
        local = EconomySettings.local(devnet_wallet(0).address)
        return replace(local, canary_models=self.canary_models if self.audits else ())

    @property
    def known_deployment(self) -> Deployment:
        """The deployment of a started network."""
        if self.deployment is None:
            raise ConfigError("The local network has not been started.")
        return self.deployment

    def profile(self) -> NetworkProfile:
        """Return what a client needs to use the network, with the key of its account."""
        return NetworkProfile(
            name="local",
            chain_id=DEVNET_CHAIN_ID,
            rpc_urls=[self.rpc_url],
            deployment="local/deployment.json",
            devnet_account=CLIENT_ACCOUNT,
            poll_s=0.25,
            kubo_rpc_url=self.kubo_rpc_url,
            markets=self._markets,
        )

    def invitation(self) -> Invitation:
        """Return what others on this machine need to join, without a key."""
        return Invitation.of(self.profile(), self.known_deployment, peers=self._peers)

    @property
    def invitation_path(self) -> Path:
        """The file of the invitation; it ends with the network."""
        return self.folder / "invitation.json"

    @property
    def _peers(self) -> list[str]:
        """Where nodes look for the models of the catalogue."""
        return [f"http://127.0.0.1:{self.content_port}"] if self.canary_models else []

    @property
    def _markets(self) -> list[str]:
        """Where nodes publish standing offers, and clients look for them."""
        return [self.market.url] if self.market else []

    def node_of(self, provider: str) -> LocalNode | None:
        """Return the node of a provider."""
        return next((node for node in self.nodes if node.owner.address == provider), None)


async def _to_whole_week(chain: ChainClient) -> None:
    """Begin where an epoch begins: the first whole one is the first that emits."""
    missing_s = EPOCH_S - await chain.time_s() % EPOCH_S
    await ChainControl(chain.rpc).increase_time(missing_s)
