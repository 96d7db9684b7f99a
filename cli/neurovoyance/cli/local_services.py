"""What stands beside chain and nodes in a local network: the market's service, a farm's worker.

Place: under :mod:`.local_network`; ``up`` says which real servers take the place of built-in parts.
Both are the commands that people run by hand, as processes of their own. Addresses of servers may
hold passwords, so they go into the environment of these processes. Never: such an address in a log,
an error or an argument.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from neurovoyance.cli.local_ports import free_port, is_listening, wait_until_answers
from neurovoyance.cli.processes import Child
from neurovoyance.protocol.errors import ConfigError

MARKET_NEEDS = ("neurovoyance.marketplace", "fastapi", "limits", "sqlalchemy", "uvicorn")
_COMMAND = "neurovoyance.cli.main"
_DATABASE = "NEUROVOYANCE_MARKET_DATABASE_URL"
_STATE = "NEUROVOYANCE_MARKET_STATE_DIR"
_WALLET_RPC = "NEUROVOYANCE_MARKET_WALLET_RPC_URL"
_FAUCET = "NEUROVOYANCE_MARKET_FAUCET_ACCOUNT"
_NODES = "NEUROVOYANCE_MARKET_NODE_URLS"
_SAMPLES = "NEUROVOYANCE_MARKET_SAMPLES_PATH"
_REDIS = "NEUROVOYANCE_FARM_REDIS"
_MARKET_REDIS = "NEUROVOYANCE_MARKET_REDIS_URL"


@dataclass(frozen=True, slots=True)
class Services:
    """Which services run beside the nodes.

    Attributes:
        has_market: index and REST API of the market.
        market_port: where it answers; 0 picks a free one.
        rpc_url: a development chain that runs already, in place of the built-in one.
        postgres_url: database of the market in place of a file; it may hold a password.
        redis_url: nodes hand their executions, and the market following the chain, to workers
            behind this Redis; it may hold a password.
        farm: name of these workers' farm; a network's own, or orders of an earlier one are found.
    """

    has_market: bool = False
    market_port: int = 0
    rpc_url: str | None = None
    postgres_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    farm: str = "local"

    def node_settings(self) -> dict[str, Any]:
        """Return what nodes are told of the farm."""
        if self.redis_url is None:
            return {}
        return {"farm_redis": self.redis_url, "farm_name": self.farm}


def missing_for_market() -> str | None:
    """Return a package that the market's service lacks here, or None."""
    return next((name for name in MARKET_NEEDS if find_spec(name) is None), None)


def has_pages() -> bool:
    """Return whether the web pages were built into this installation."""
    from neurovoyance.marketplace.dapp.side import STATIC

    return (STATIC / "index.html").is_file()


async def check_servers(services: Services) -> None:
    """Refuse servers that cannot be used before anything is started.

    Raises:
        ConfigError: Redis or PostgreSQL does not answer, or a package for it is missing.
    """
    if services.redis_url is not None:
        await _check_redis(services.redis_url)
    if services.postgres_url is not None:
        _check_postgres(services.postgres_url)


async def _check_redis(url: str) -> None:
    try:
        from neurovoyance.node.farm.worker import check_redis
    except ImportError as error:
        raise ConfigError(
            f"--redis needs a package that is not installed: {error.name}.",
            hint="pip install 'neurovoyance[farm]'",
            faults=["redis: its client is not installed"],
        ) from error
    await check_redis(url)


def _check_postgres(url: str) -> None:
    if not url.startswith("postgresql"):
        raise ConfigError(
            "The market's database has to be given as postgresql://USER@HOST/NAME.",
            hint="For example postgresql://market@127.0.0.1/neurovoyance, a database of its own.",
            faults=["postgres: not an address of PostgreSQL"],
        )
    from neurovoyance.marketplace.database import Database

    database = Database(url)
    try:
        database.check()
    finally:
        database.close()


@dataclass(slots=True)
class MarketProcess:
    """The market's service of one network.

    Args:
        services: which; ``has_market`` is taken for granted.
        home: folder of the client whose profile it uses.
        folder: of the network; index, state and log lie there.
    """

    services: Services
    home: Path
    folder: Path
    port: int = field(init=False)
    child: Child = field(init=False)
    worker: Child | None = field(init=False)

    def __post_init__(self) -> None:
        """Choose a port.

        Raises:
            ConfigError: the one that was asked for is in use.
        """
        self.port = self.services.market_port or free_port()
        if is_listening(self.port):
            raise ConfigError(
                f"Port {self.port}, where the market's service would answer, is in use already.",
                hint="Choose another with `neurovoyance up --market-port N`, or leave the service "
                "out with --no-market.",
                faults=["market-port: in use"],
            )
        self.child = self._child("serve", "--host", "127.0.0.1", "--port", str(self.port))
        self.worker = None
        if self.services.redis_url is not None:
            self.worker = self._child("worker")
            self.worker.name = "the market's worker"

    @property
    def children(self) -> list[Child]:
        """The service, and its worker if it has one."""
        return [self.child] if self.worker is None else [self.child, self.worker]

    @property
    def url(self) -> str:
        """Base URL of its pages and its API."""
        return f"http://127.0.0.1:{self.port}"

    def tell(self, rpc_url: str, faucet_account: int, node_urls: Sequence[str]) -> None:
        """Tell it what its pages show, before it starts.

        Args:
            rpc_url: of the chain, for wallets.
            faucet_account: number of the publicly known account that gives test coins.
            node_urls: of this network's nodes.
        """
        self.child.environment |= {
            _WALLET_RPC: rpc_url,
            _FAUCET: str(faucet_account),
            _NODES: ",".join(node_urls),
        }

    def offer_samples(self, path: Path) -> None:
        """Tell it which models its pages offer for a first try, before it starts."""
        self.child.environment[_SAMPLES] = str(path)

    async def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            ConfigError: it ended, or does not answer in time; the message quotes its log.
        """
        if self.services.postgres_url is not None:
            # What an earlier network left there belongs to a chain that is gone.
            emptied = self._child("reindex")
            if await asyncio.to_thread(emptied.run_to_end):
                raise ConfigError(
                    f"The market's index could not be made anew: {emptied.tail(2)}",
                    hint=f"Its log is {emptied.log_path}.",
                    faults=["postgres: no index"],
                )
        for child in self.children:
            child.start()
        await wait_until_answers(self.child, f"{self.url}/v1/health")

    def _child(self, command: str, *options: str) -> Child:
        state = self.folder / "market"
        return Child(
            "the market",
            [_COMMAND, "market", command, *options, "--home", str(self.home)],
            self.folder / "logs" / "market.log",
            environment={
                _STATE: str(state),
                _DATABASE: self.services.postgres_url or f"sqlite:///{state / 'index.sqlite'}",
                **({_MARKET_REDIS: self.services.redis_url} if self.services.redis_url else {}),
            },
        )


def worker_line(services: Services, folder: Path) -> str:
    """Return the command that lends another worker, without the address of Redis."""
    return f"neurovoyance node worker --farm {services.farm} --shared {folder}"


def worker_process(services: Services, folder: Path) -> Child:
    """Return a worker of the network's farm that does not run yet."""
    options = ["--farm", services.farm, "--folder", str(folder / "worker"), "--shared", str(folder)]
    return Child(
        "the worker",
        [_COMMAND, "node", "worker", *options],
        folder / "logs" / "worker.log",
        environment={_REDIS: services.redis_url or ""},
    )
