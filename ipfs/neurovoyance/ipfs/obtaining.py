"""Blocks for one operation: from this disk, else from places that are opened when first needed.

Place: between :mod:`.embedded` and the swarm, so that reading a range of a large file fetches
the blocks of that range and no more. Use as an asynchronous context manager.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType

from neurovoyance.ipfs.blockstore import BlockStore
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.dagpb import MAX_BLOCK_BYTES
from neurovoyance.ipfs.gateway_client import GatewayClient, Timeouts
from neurovoyance.ipfs.lease import Workers
from neurovoyance.ipfs.streams import Streams
from neurovoyance.ipfs.swarm import Swarm, SwarmRules
from neurovoyance.ipfs.tiers import BlockSource, Fallback, Tiers
from neurovoyance.protocol.errors import StorageNotFound, StorageSourceChanged


@dataclass(frozen=True, slots=True)
class PeerPolicy:
    """Whether private addresses are allowed, when a peer failed, and how peers are used."""

    allow_private: bool
    timeouts: Timeouts
    rules: SwarmRules


class Obtaining:
    """Verified blocks from ``store``, from the gateways ``urls``, or from ``fallbacks``."""

    def __init__(
        self,
        store: BlockStore,
        workers: Workers,
        policy: PeerPolicy,
        urls: Sequence[str],
        fallbacks: Sequence[Fallback] = (),
    ) -> None:
        self._store = store
        self._workers = workers
        self._policy = policy
        self._urls = urls
        self._fallbacks = fallbacks
        self._open = AsyncExitStack()
        self._tiers: Tiers | None = None
        self._streams: Streams | None = None
        self._starting = asyncio.Lock()

    async def __aenter__(self) -> Obtaining:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    async def sizes_of(self, cids: Sequence[Cid]) -> list[int | None]:
        """Return the sizes of blocks held here, noting a use; ``None`` for one that is not."""
        return await self._workers.run(lambda: [self._look(cid) for cid in cids])

    async def read_local(self, cid: Cid) -> bytes | None:
        """Return a verified block held here, or ``None``."""
        return await self._workers.run(self._store.read, cid)

    async def block(self, cid: Cid) -> bytes:
        """Return a verified block.

        Raises:
            StorageNotFound: neither this disk nor a peer has it.
            StorageSourceChanged: the file it was added from changed, and there are no peers.
        """
        try:
            data = await self.read_local(cid)
        except StorageSourceChanged:
            if not self._has_places:
                raise
            data = None
        if data is not None:
            return data
        if not self._has_places:
            raise missing_block(cid)
        return await (await self.tiers()).obtain(cid, MAX_BLOCK_BYTES)

    @property
    def _has_places(self) -> bool:
        return bool(self._urls or self._fallbacks)

    async def tiers(self) -> Tiers:
        """Return the places to ask, known providers first, opening them if need be."""
        async with self._starting:
            if self._tiers is None:
                sources: list[BlockSource] = []
                if self._urls or not self._fallbacks:
                    sources.append(await self._known_providers())
                for fallback in self._fallbacks:
                    opening = fallback.source(self._put)
                    sources.append(await self._open.enter_async_context(opening))
                self._tiers = Tiers(sources)
            return self._tiers

    async def streams(self) -> Streams | None:
        """Return connections to the known providers for runs of blocks, if there are providers."""
        await self.tiers()
        return self._streams

    async def _known_providers(self) -> Swarm:
        policy = self._policy
        client = GatewayClient(policy.allow_private, policy.timeouts)
        swarm = Swarm(
            await self._open.enter_async_context(client),
            self._store.index,
            self._put,
            allow_private=policy.allow_private,
            rules=policy.rules,
        )
        swarm.add_peers(self._urls)
        streams = Streams(
            swarm,
            self._store.put,
            allow_private=policy.allow_private,
            timeouts=policy.timeouts,
        )
        self._streams = await self._open.enter_async_context(streams)
        return swarm

    def _look(self, cid: Cid) -> int | None:
        size = self._store.size_of(cid)
        if size is not None:
            self._store.touch(cid)
        return size

    async def _put(self, cid: Cid, data: bytes) -> None:
        await self._workers.run(self._store.put, cid, data)


def missing_block(cid: Cid) -> StorageNotFound:
    """Return the error for a block that is not here when nobody can be asked."""
    return StorageNotFound(
        f"{cid} is not held here and no peer is known that could be asked.",
        hint="Name a source, or configure peers.",
        cid=str(cid),
        providers={},
    )
