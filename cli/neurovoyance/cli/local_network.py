"""A private network on this machine: devnet, contracts, provider nodes, and a profile to use it.

Place: what ``up`` keeps running and ``demo`` plays on. Chain and nodes are processes of their own.
The keys are the devnet's publicly known ones; account 0 deploys, 1 is the client, and each node
has an owner and an operator. Never: a network that others can reach, or keys of any other chain.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import shutil
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TextIO

import aiohttp

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deploy import AuditSettings, deploy
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.devnet import ACCOUNTS
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.genesis import CanaryModel, EconomySettings
from neurovoyance.chain.rewards import EPOCH_S
from neurovoyance.chain.wallet import DEVNET_CHAIN_ID, Wallet
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
NODE_STAKE_WEI = 5_000 * WEI_PER_NVY
NODE_SEATS = 4
AUDIT_POOL = "cpu"
AUDIT_POOL_WEI = 1_000 * WEI_PER_NVY
CHEAT_PRICE_WEI = 10**15
"""Base price of a node that cheats: less work can be sold for less."""
NODE_GAS_WEI = 10**18
MAX_NODES = 8
_START_S = 60.0
_POLL_S = 0.05

OnStep = Callable[[str], None]


def _say_nothing(_step: str) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class LocalNode:
    """One provider's node.

    Attributes:
        name: ``node 1`` and so on.
        owner: the provider: earnings and stake are its.
        operator: the hot key that the node works with.
        url: where it answers.
    """

    name: str
    owner: Wallet
    operator: Wallet
    port: int
    child: Child

    @property
    def url(self) -> str:
        """Base URL of its API and gateway."""
        return f"http://127.0.0.1:{self.port}"


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
    on_step: OnStep = _say_nothing
    nodes: list[LocalNode] = field(default_factory=list)
    rpc_url: str = ""
    content_port: int = field(default_factory=lambda: free_port())
    deployment: Deployment | None = None
    _children: list[Child] = field(default_factory=list)
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
            self.stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
        self.on_step("starting a private chain")
        chain_child = self._start_chain()
        async with await self._connect(chain_child) as chain:
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
            await self._enrol(chain, Contracts(chain, self.deployment))
        save_profile(self.profile(), self.home / PROFILE_NAME)
        self.invitation_path.write_text(self.invitation().model_dump_json(indent=2) + "\n")
        await asyncio.gather(*(self.start_node(node) for node in self.honest))

    async def start_node(self, node: LocalNode) -> None:
        """Start a node that does not run and wait until it answers."""
        node.child.start()
        await self.wait_for_node(node)

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

    def _start_chain(self) -> Child:
        port = self.rpc_port or free_port()
        if is_listening(port):
            raise ConfigError(
                f"Port {port}, where the private chain would answer, is in use already.",
                hint="Choose another with `neurovoyance up --port N`, or end what uses it.",
                faults=["port: in use"],
            )
        self.rpc_url = f"http://127.0.0.1:{port}"
        child = Child(
            "the chain",
            ["neurovoyance.cli.devnet_process", "--port", str(port)],
            self.folder / "logs" / "chain.log",
        )
        child.start()
        self._children.append(child)
        return child

    async def _connect(self, child: Child) -> ChainClient:
        deadline, port = time.monotonic() + _START_S, int(self.rpc_url.rsplit(":", 1)[1])
        while not is_listening(port):
            if not child.is_running or time.monotonic() > deadline:
                raise ConfigError(
                    f"The private chain did not start: {child.tail(2) or 'no message'}",
                    hint=f"Its log is {child.log_path}. Is the port in use?",
                    faults=["chain: did not start"],
                )
            await asyncio.sleep(_POLL_S)
        return await ChainClient.connect(
            [self.rpc_url],
            state_dir=self.folder / "setup",
            expected_chain_id=DEVNET_CHAIN_ID,
            poll_s=0.05,
        )

    async def _enrol(self, chain: ChainClient, contracts: Contracts) -> None:
        """Give client and nodes their money, register and stake; the deployer holds it all."""
        bank = devnet_wallet(0)
        for index in range(self.node_count):
            self.nodes.append(self._new_node(index))
        await contracts.token.transfer(
            bank, devnet_wallet(CLIENT_ACCOUNT).address, CLIENT_FUNDS_WEI
        )
        for index, node in enumerate(self.nodes):
            if 3 + 2 * index >= ACCOUNTS:
                for wallet in (node.owner, node.operator):
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

    def _new_node(self, index: int) -> LocalNode:
        port, name = free_port(), f"node-{index + 1}"
        owner, operator = devnet_wallet(2 + 2 * index), devnet_wallet(3 + 2 * index)
        data = self.folder / name
        data.mkdir(mode=0o700)
        config = data / "node.toml"
        settings = {
            "rpc_urls": [self.rpc_url],
            "chain_id": DEVNET_CHAIN_ID,
            "deployment_path": str(self.folder / "deployment.json"),
            "data_dir": str(data / "data"),
            "owner": owner.address,
            "operator_raw_key": "0x" + operator.account.key.hex().removeprefix("0x"),
            "listen_port": port,
            "allow_private_addresses": True,
            "max_jobs": self.max_jobs,
            "poll_interval_s": 0.25,
            "pools": [AUDIT_POOL],
            **({"kubo_rpc_url": self.kubo_rpc_url} if self.kubo_rpc_url else {}),
            "collect_rewards": self.collects,
            "peers": self._peers,
        }
        module = "neurovoyance.node"
        if index >= self.node_count - self.cheats:
            module = "neurovoyance.cli.cheating_node"
            settings["base_price_wei"] = str(CHEAT_PRICE_WEI)
        # JSON values of these kinds are TOML values.
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        config.chmod(0o600)
        child = Child(
            name,
            [module, "--config", str(config)],
            self.folder / "logs" / f"{name}.log",
        )
        self._children.append(child)
        return LocalNode(name.replace("-", " "), owner, operator, port, child)

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

    async def wait_for_node(self, node: LocalNode) -> None:
        """Wait until a node answers.

        Raises:
            ConfigError: it ended, or does not answer in time; the message quotes its log.
        """
        deadline = time.monotonic() + _START_S
        async with aiohttp.ClientSession(trust_env=False) as session:
            while True:
                try:
                    async with session.get(f"{node.url}/v1/status") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                if not node.child.is_running or time.monotonic() > deadline:
                    raise ConfigError(
                        f"{node.name} did not start: {node.child.tail(2) or 'no message'}",
                        hint=f"Its log is {node.child.log_path}.",
                        faults=[f"{node.name}: did not start"],
                    )
                await asyncio.sleep(_POLL_S)

    def node_of(self, provider: str) -> LocalNode | None:
        """Return the node of a provider."""
        return next((node for node in self.nodes if node.owner.address == provider), None)


async def _to_whole_week(chain: ChainClient) -> None:
    """Begin where an epoch begins: the first whole one is the first that emits."""
    missing_s = EPOCH_S - await chain.time_s() % EPOCH_S
    await ChainControl(chain.rpc).increase_time(missing_s)


def free_port() -> int:
    """Return a TCP port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_listening(port: int) -> bool:
    """Return whether something listens on a port of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
