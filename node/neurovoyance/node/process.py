"""One node as a process: build the parts from the settings, run, end in order.

Place: the top of the package; ``python -m neurovoyance.node`` and the command line call
:func:`run_node`. Never: start half; what is wrong is said before anything listens or is promised.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import getpass
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deploy import verify_deployment
from neurovoyance.chain.deployment import load_deployment
from neurovoyance.chain.events import EventCursor
from neurovoyance.chain.wallet import Wallet
from neurovoyance.ipfs.patience import Patience, impatient
from neurovoyance.node.agent import Agent
from neurovoyance.node.api import node_app
from neurovoyance.node.assembly import Machine, build_agent, build_control, limited, own_cores
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.control_api import ControlApi, make_token
from neurovoyance.node.farm.opening import open_pool, warm_policy
from neurovoyance.node.idle.budget import BudgetedBackend, DayBudget
from neurovoyance.node.idle.gate import Gate
from neurovoyance.node.journal import Journal
from neurovoyance.node.logs import log_event
from neurovoyance.node.operations.metrics_api import tell_metrics
from neurovoyance.node.runtime.base import Runtime
from neurovoyance.node.runtime.numeric_class import numeric_class
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.settings import NodeSettings
from neurovoyance.node.task_assembly import task_routes
from neurovoyance.protocol.errors import ChainError, ConfigError, ExecutionError, RpcError

RPC_WAIT_S = 60.0
RECURSION_LIMIT = 2_000
LISTEN_BACKLOG = 128
RPC_PAUSE_S = 1.0
SERVER_TICK_S = 1.0
CONNECTIONS_MAX = 512
PATIENCE = Patience(per_peer=CONNECTIONS_MAX // 4, uncounted=frozenset({"127.0.0.1", "::1"}))
"""A proxy on this machine speaks for many, and is not counted."""
_ENDPOINT_NOTE = "announced endpoint"


async def run_node(
    settings: NodeSettings,
    stop: asyncio.Event | None = None,
    *,
    runtime: Runtime | None = None,
) -> None:
    """Run a provider's node until it is stopped by SIGTERM, SIGINT or ``stop``.

    Args:
        settings: see :class:`NodeSettings`.
        stop: asks for an orderly end when set.
        runtime: runs the models in place of the engine that the settings name; for tests and
            demonstrations of what a dishonest provider loses. The caller closes it.

    Raises:
        ConfigError: the settings do not fit the chain, the keys or this machine.
        RpcError: no endpoint answered within a minute of the start.
    """
    stop = stop or asyncio.Event()
    # A library of the key files raises the limit so far that JSON nested by a stranger could
    # overflow the stack and end the process; nothing here recurses deeply.
    sys.setrecursionlimit(RECURSION_LIMIT)
    with _only_one(settings.data_dir), _signals(stop):
        wallet = open_operator(settings)
        async with AsyncExitStack() as stack:
            parts = await _build(settings, wallet, stack, runtime)
            await _check_operator(parts.chain)
            server = await stack.enter_async_context(served(parts.app, parts.listener))
            log_event(logging.INFO, "listening", endpoint=parts.endpoint)
            announcing = asyncio.create_task(_announce(parts))
            stack.callback(announcing.cancel)
            yielding = asyncio.create_task(parts.gate.run())
            stack.callback(yielding.cancel)
            ending = asyncio.create_task(_stop_with(server, stop))
            stack.callback(ending.cancel)
            await parts.agent.run(stop)


def open_operator(settings: NodeSettings) -> Wallet:
    """Return the operator's key, asking for its password if no file holds it.

    Raises:
        ConfigError: no password can be had, or a raw key off the devnet.
        AccessDenied: the password is wrong.
    """
    if settings.operator_raw_key is not None:
        return Wallet.from_raw_key(
            settings.operator_raw_key.get_secret_value(), chain_id=settings.chain_id
        )
    if settings.operator_keystore is None:
        raise ConfigError("No operator key is named.", faults=["operator_keystore: missing"])
    return Wallet.open(settings.operator_keystore, _password(settings))


def _password(settings: NodeSettings) -> str:
    path = settings.operator_password_file
    if path is None:
        if not sys.stdin.isatty():
            raise ConfigError(
                "The operator's keystore needs a password and nobody can be asked.",
                hint="Write it into a file of mode 0600 and name it as operator_password_file.",
                faults=["operator_password_file: missing"],
            )
        return getpass.getpass("Password of the operator's key: ")
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(
                f"The password file {path} can be read by others.",
                hint=f"chmod 600 {path}",
                faults=["operator_password_file: mode is not 0600"],
            )
        return path.read_text(encoding="utf-8").splitlines()[0]
    except (OSError, IndexError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The password file {path} cannot be read.",
            faults=["operator_password_file: unreadable"],
        ) from error


@dataclass(frozen=True, slots=True)
class _Parts:
    chain: ChainSide
    agent: Agent
    gate: Gate
    app: Starlette
    listener: socket.socket
    endpoint: str


async def _build(
    settings: NodeSettings, wallet: Wallet, stack: AsyncExitStack, runtime: Runtime | None
) -> _Parts:
    data = settings.data_dir
    client = await stack.enter_async_context(await _connected(settings))
    deployment = load_deployment(settings.deployment_path, settings.chain_id)
    await verify_deployment(client, deployment)
    contracts = Contracts(client, deployment)
    identity = {
        "chain_id": str(settings.chain_id),
        "genesis": deployment.genesis_hash,
        "market": deployment.market,
        "provider": settings.owner,
    }
    journal = Journal(data / "journal.sqlite", identity)
    stack.callback(journal.close)
    store = BudgetedBackend(
        data / "storage",
        settings.places,
        max_bytes=limited(settings).storage_bytes,
        peers=settings.peers,
        allow_private_addresses=settings.allow_private_addresses,
    )
    store.budget = DayBudget(settings.idle.download_bytes_per_day)
    storage = await stack.enter_async_context(store)
    engine = runtime
    if engine is None:
        engine = await stack.enter_async_context(
            OnnxRuntime(cores=own_cores(settings), warm=warm_policy(settings))
        )
    cursor = EventCursor(
        client,
        deployment.contract_addresses(),
        "node",
        state_path=data / "events.sqlite",
        start_block=deployment.deploy_block,
    )
    stack.callback(cursor.close)
    listener = stack.enter_context(_listener(settings))
    endpoint = settings.endpoint or _url_of(listener)
    chain = ChainSide(contracts, wallet, settings.owner, journal)
    reference = await _reference(engine, contracts, stack)
    own_class = await _numeric_class(reference)
    pool = await open_pool(settings, stack)
    machine = Machine(
        chain, storage, engine, cursor, identity, reference, own_class, endpoint, pool
    )
    agent = build_agent(settings, machine, stack)
    gate, control = build_control(settings, machine, agent, stack)
    owner = ControlApi(control, make_token(data))
    app = node_app(
        agent,
        wallet.address,
        storage,
        endpoint=endpoint,
        allowed_hosts=settings.allowed_hosts,
        numeric_class=own_class,
        owner_routes=[*owner.routes(), *task_routes(agent)],
    )
    await tell_metrics(settings, agent, gate, storage.store.index.stored_bytes, served, stack)
    return _Parts(chain, agent, gate, app, listener, endpoint)


async def _reference(
    engine: Runtime, contracts: Contracts, stack: AsyncExitStack
) -> OnnxRuntime | None:
    """Return what computes reproducibly, for disputes; None in a deployment without audits."""
    if not contracts.has_audits:
        return None
    if isinstance(engine, OnnxRuntime):
        return engine
    return await stack.enter_async_context(OnnxRuntime())


async def _numeric_class(reference: OnnxRuntime | None) -> bytes | None:
    """Return the numeric class of this machine, or None where nobody asks or it has none."""
    if reference is None:
        return None
    try:
        return await numeric_class(reference)
    except ExecutionError as error:
        log_event(logging.WARNING, "numeric_class_unknown", error=error)
        return None
    finally:
        reference.shed()  # the model of the suite never comes again


async def _connected(settings: NodeSettings) -> ChainClient:
    """Connect, waiting out an endpoint that is not up yet."""
    state_dir = settings.data_dir / "chain"
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    deadline = asyncio.get_running_loop().time() + RPC_WAIT_S
    while True:
        try:
            return await ChainClient.connect(
                settings.rpc_urls,
                state_dir=state_dir,
                expected_chain_id=settings.chain_id,
                confirmations=settings.confirmations,
                poll_s=min(settings.poll_interval_s, 0.5),
            )
        except RpcError as error:
            if asyncio.get_running_loop().time() >= deadline:
                raise
            log_event(logging.WARNING, "chain_unreachable", error=error)
            await asyncio.sleep(RPC_PAUSE_S)


async def _check_operator(chain: ChainSide) -> None:
    operator = await chain.contracts.stakes.operator_of(chain.provider)
    if operator != chain.wallet.address:
        raise ConfigError(
            f"The chain names {operator} as the operator of {chain.provider}, not this node's key "
            f"{chain.wallet.address}.",
            hint="Enrol the provider first: `neurovoyance node init`.",
            faults=["operator: not registered for this owner"],
        )


async def _announce(parts: _Parts) -> None:
    """Tell the chain where this node answers, if that changed since it was last told."""
    chain = parts.chain
    if chain.journal.note(_ENDPOINT_NOTE) == parts.endpoint:
        return
    try:
        await chain.contracts.stakes.set_endpoint(chain.wallet, chain.provider, parts.endpoint)
    except ChainError as error:
        log_event(logging.WARNING, "endpoint_not_announced", error=error)
        return
    chain.journal.set_note(_ENDPOINT_NOTE, parts.endpoint)
    log_event(logging.INFO, "endpoint_announced", endpoint=parts.endpoint)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the node, which ends its work before the server."""
        yield

    async def main_loop(self) -> None:
        """Renew the date of the answers each second; uvicorn itself wakes ten times as often."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), SERVER_TICK_S)

    def end(self) -> None:
        """Ask for an orderly end, at once."""
        self.should_exit = True
        self._ending.set()


@asynccontextmanager
async def served(
    app: Starlette, listener: socket.socket, patience: Patience = PATIENCE
) -> AsyncIterator[asyncio.Task[None]]:
    """Serve while the context lasts."""
    config = uvicorn.Config(
        app,
        http=impatient(patience),
        ws="none",
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=3,
        limit_concurrency=CONNECTIONS_MAX,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield task
    finally:
        server.end()
        await asyncio.gather(task, return_exceptions=True)


async def _stop_with(server: asyncio.Task[None], stop: asyncio.Event) -> None:
    """A node that cannot be asked any more is no node: stop when the server ends."""
    await asyncio.wait([server])
    stop.set()


@contextmanager
def _listener(settings: NodeSettings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.listen_host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.listen_host, settings.listen_port))
            # From here on callers wait instead of being refused, also before the server runs.
            listener.listen(LISTEN_BACKLOG)
        except OSError as error:
            raise ConfigError(
                f"The node cannot listen on {settings.listen_host}:{settings.listen_port}: "
                f"{error.strerror}.",
                hint="Choose another listen_port, or end the program that uses it.",
                faults=["listen_port: not available"],
            ) from error
        yield listener


def _url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    """Hold the data directory: two nodes on one journal could promise the same stake."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data_dir / "node.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(
                f"Another node uses {data_dir} already.",
                hint="Give each node a data directory of its own.",
                faults=["data_dir: in use"],
            ) from error
        yield


@contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """The first SIGTERM or SIGINT asks for an orderly end, the second ends at once."""
    loop = asyncio.get_running_loop()

    def ask() -> None:
        if stop.is_set():
            log_event(logging.WARNING, "stopped_at_once")
            os._exit(1)
        stop.set()

    names = (signal.SIGTERM, signal.SIGINT)
    for name in names:
        with contextlib.suppress(ValueError, RuntimeError):
            loop.add_signal_handler(name, ask)
    try:
        yield
    finally:
        for name in names:
            with contextlib.suppress(ValueError, RuntimeError):
                loop.remove_signal_handler(name)
