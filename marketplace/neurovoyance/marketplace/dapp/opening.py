"""Opens what stands behind the pages, as the settings say, and closes it in the end.

Place: called by ``serving`` between the index and the application.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from limits import RateLimitItemPerMinute
from sqlalchemy import select

from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.rpc import RpcPool
from neurovoyance.chain.wallet import DEVNET_CHAIN_ID
from neurovoyance.client.nodes import Node
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.marketplace.api.reading import Reading
from neurovoyance.marketplace.dapp.allowance import Allowance
from neurovoyance.marketplace.dapp.asking import ASKED_MAX, AskingDesk
from neurovoyance.marketplace.dapp.faucet import Faucet
from neurovoyance.marketplace.dapp.nodes import Nodes
from neurovoyance.marketplace.dapp.samples import publish_samples, read_samples
from neurovoyance.marketplace.dapp.side import DappSide
from neurovoyance.marketplace.dapp.storage import SOURCES_MAX, FileDesk
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.schema import PROVIDER
from neurovoyance.marketplace.matching import records_in
from neurovoyance.marketplace.settings import MarketSettings

RPC_TIMEOUT_S = 10.0


@asynccontextmanager
async def opened_side(
    settings: MarketSettings, contracts: Contracts, database: Database
) -> AsyncIterator[DappSide]:
    """Open the pages' parts.

    Raises:
        ConfigError: the settings want a faucet on a chain that is not the development chain.
    """
    async with AsyncExitStack() as stack:
        # Apart from the index's: a wallet's questions neither wait for it nor count against it,
        # and one round has to end before the request's own deadline.
        upstream = RpcPool(
            settings.rpc_urls,
            expected_chain_id=settings.chain_id,
            timeout_s=RPC_TIMEOUT_S,
            attempts=1,
        )
        stack.push_async_callback(upstream.close)
        side = DappSide(
            upstream=upstream,
            calls=Allowance(
                RateLimitItemPerMinute(settings.rpc_calls_per_minute), "calls of the chain"
            ),
        )
        if settings.faucet_account is not None:
            side.faucet = Faucet(
                contracts,
                devnet_wallet(settings.faucet_account),
                per_host_per_hour=settings.faucet_per_hour,
            )
        if settings.node_urls:
            side.nodes = Nodes(settings.node_urls)
            stack.push_async_callback(side.nodes.close)
        side.asking = AskingDesk(
            contracts,
            _nodes(database),
            records_in(Reading(database)),
            allow_private=settings.chain_id == DEVNET_CHAIN_ID,
        )
        if settings.upload_limit_bytes:
            side.storage = await _storage(settings, database, stack)
            if settings.samples_path is not None:
                files = read_samples(settings.samples_path)
                side.samples = await publish_samples(side.storage.backend, files)
        yield side


async def _storage(settings: MarketSettings, database: Database, stack: AsyncExitStack) -> FileDesk:
    is_devnet = settings.chain_id == DEVNET_CHAIN_ID
    backend = EmbeddedBackend(
        settings.state_dir / "storage",
        max_bytes=settings.storage_max_bytes,
        peers=settings.node_urls,
        allow_private_addresses=is_devnet,
    )
    await stack.enter_async_context(backend)
    return FileDesk(
        backend,
        upload_max_bytes=settings.upload_limit_bytes,
        folder=settings.state_dir / "uploads",
        providers=_endpoints(database),
        allow_private=is_devnet,
    )


def _nodes(database: Database) -> Callable[[], Sequence[Node]]:
    """Return a function that lists the nodes of providers, those with most settled jobs first."""

    wanted = (
        select(PROVIDER.c.provider, PROVIDER.c.endpoint)
        .where(PROVIDER.c.endpoint != "")
        .order_by(PROVIDER.c.jobs_settled.desc(), PROVIDER.c.born.desc())
        .limit(ASKED_MAX)
    )

    def useful() -> Sequence[Node]:
        with database.reader.connect() as connection:
            return [Node(str(name), str(url)) for name, url in connection.execute(wanted)]

    return useful


def _endpoints(database: Database) -> Callable[[], Sequence[str]]:
    """Return a function that lists the newest providers' endpoints."""

    wanted = select(PROVIDER.c.endpoint).order_by(PROVIDER.c.born.desc()).limit(SOURCES_MAX)

    def newest() -> Sequence[str]:
        with database.reader.connect() as connection:
            return [str(url) for url in connection.scalars(wanted) if url]

    return newest
