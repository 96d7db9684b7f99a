"""The service as a process: database, chain, index, application and server, opened in this order.

Place: called by the commands ``market serve`` and ``market reindex``. An unreachable database or
chain stops the start with a plain reason.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deploy import verify_deployment
from neurovoyance.chain.deployment import Deployment, load_deployment
from neurovoyance.ipfs.patience import Patience, impatient
from neurovoyance.marketplace.api.app import make_app, make_parts
from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.api.reading import Reading
from neurovoyance.marketplace.background import SWEEP_S, Distant, InProcess, Runner, every
from neurovoyance.marketplace.dapp.opening import opened_side
from neurovoyance.marketplace.dapp.side import DappSide
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.loop import Indexer, Progress
from neurovoyance.marketplace.indexer.store import IndexStore, drop_index
from neurovoyance.marketplace.indexer.watching import IndexWatch
from neurovoyance.marketplace.matching import StandingMarket, rank_published, records_in
from neurovoyance.marketplace.settings import MarketSettings
from neurovoyance.protocol.errors import ConfigError

TURN_S = 0.001
"""After this time a thread that computes hands over; by default others wait five times as long for
it at every read and write."""
_ANNOUNCE = Callable[[str], None]


@dataclass(slots=True)
class Opened:
    """What both commands work with."""

    database: Database
    chain: ChainClient
    deployment: Deployment
    store: IndexStore


@asynccontextmanager
async def opened(settings: MarketSettings, *, anew: bool = False) -> AsyncIterator[Opened]:
    """Open database and chain; with ``anew`` every table of an index is made again first.

    Raises:
        ConfigError: the database, the deployment file or the chain do not fit the settings.
        RpcError: no endpoint answers.
    """
    deployment = load_deployment(settings.deployment_path, settings.chain_id)
    database = Database(settings.database_url.get_secret_value())
    try:
        database.check()
        chain = await ChainClient.connect(
            settings.rpc_urls,
            state_dir=settings.state_dir,
            expected_chain_id=settings.chain_id,
        )
        async with chain:
            await verify_deployment(chain, deployment)
            if anew:
                drop_index(database)
            yield Opened(database, chain, deployment, IndexStore(database, deployment))
    finally:
        database.close()


async def reindex(settings: MarketSettings) -> Progress:
    """Make the index again from the first block to the head; sign-ins and offers stay."""
    async with opened(settings, anew=True) as parts:
        indexer = Indexer(
            parts.chain, parts.deployment, parts.store, confirmations=settings.confirmations
        )
        return await indexer.to_head()


async def serve(
    settings: MarketSettings, announce: _ANNOUNCE, *, runner: Runner | None = None
) -> None:
    """Serve until told to stop.

    Args:
        settings: how; with ``redis_url`` workers do the work beside the answers.
        announce: hears the base URL when the service listens.
        runner: of the work beside the answers; as the settings say if None.

    Raises:
        ConfigError: the port is taken, Redis is away, or as :func:`opened`.
    """
    sys.setswitchinterval(TURN_S)
    async with opened(settings) as parts:
        contracts = Contracts(parts.chain, parts.deployment)
        found = runner or await chosen_runner(settings, parts.database)
        with _bound(settings) as listener:
            async with opened_side(settings, contracts, parts.database) as side:
                await _serve(settings, parts, side, listener, announce, found)


async def _serve(
    settings: MarketSettings,
    opened_parts: Opened,
    side: DappSide,
    listener: socket.socket,
    announce: _ANNOUNCE,
    runner: Runner,
) -> None:
    port = int(listener.getsockname()[1])
    progress = Progress(chain_time_s=await opened_parts.chain.time_s())
    contracts = Contracts(opened_parts.chain, opened_parts.deployment)
    parts = make_parts(
        settings,
        opened_parts.deployment,
        opened_parts.database,
        progress,
        port=port,
        matcher=rank_published,
        standing=StandingMarket.of(
            contracts,
            lambda: progress.chain_time_s,
            records_in(Reading(opened_parts.database)),
            progress.position,
        ),
        dapp=side,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with _background(settings, opened_parts, parts, runner):
            announce(f"http://{settings.host}:{port}")
            yield

    config = uvicorn.Config(
        make_app(parts, lifespan),
        http=impatient(Patience(head_s=settings.header_timeout_s)),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=settings.connections_max,
        timeout_graceful_shutdown=3,
    )
    await uvicorn.Server(config).serve(sockets=[listener])


@asynccontextmanager
async def _background(
    settings: MarketSettings, opened_parts: Opened, parts: Parts, runner: Runner
) -> AsyncIterator[None]:
    """Have the work beside the answers done, and know how far the index is."""
    chain, progress = opened_parts.chain, parts.progress
    indexer = Indexer(
        chain,
        opened_parts.deployment,
        opened_parts.store,
        confirmations=settings.confirmations,
        poll_s=settings.poll_s,
        on_change=parts.changes.tell,
        progress=progress,
    )

    def ended(name: str) -> None:
        progress.last_error = f"The work {name} ended; see the log."

    async def sweep() -> None:
        await every(SWEEP_S, lambda: parts.accounts.sweep(parts.chain_time_s()))

    watching = InProcess()
    if isinstance(runner, Distant):
        watch = IndexWatch(
            opened_parts.database,
            progress,
            on_change=parts.changes.tell,
            time_s=chain.time_s,
            doer=lambda: runner.doer("index"),
        )
        await watch.step()
        await watching.start({"watch": watch.run}, ended)
    await runner.start({"index": indexer.run, "sweep": sweep}, ended)
    try:
        yield
    finally:
        await runner.stop()
        await watching.stop()


async def chosen_runner(settings: MarketSettings, database: Database) -> Runner:
    """Return the runner that the settings ask for.

    Raises:
        ConfigError: Redis does not answer, or the packages for it are missing.
    """
    if settings.redis_url is None:
        return InProcess()
    try:
        from neurovoyance.marketplace.queued.place import place_of
        from neurovoyance.marketplace.queued.runner import Queued
    except ModuleNotFoundError as error:
        raise no_queue(error.name) from error
    place = await asyncio.to_thread(place_of, database)
    runner = Queued(settings.redis_url.get_secret_value(), place)
    await runner.check()
    return runner


def no_queue(missing: str | None) -> ConfigError:
    """Return what to say where a package for workers is not installed."""
    return ConfigError(
        f"Workers of the market need a package that is not installed: {missing}.",
        hint="pip install 'neurovoyance[market,queue]'",
        faults=["redis_url: its client is not installed"],
    )


def _bound(settings: MarketSettings) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(min(settings.connections_max, 1_024))
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"The service cannot listen on {settings.host}:{settings.port}: {error}.",
            hint="Choose another --port, or end what listens there.",
            faults=["port: taken"],
        ) from error
    return listener
