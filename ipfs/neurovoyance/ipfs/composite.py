"""The embedded store with more places to look: known providers, then a daemon, then gateways.

Place: what nodes and clients open when ``kubo_rpc_url`` or ``gateways`` is set; everything that
types against the embedded store takes it. Content is kept on this disk; the daemon is asked for
what is missing, told of what is provided, and given a copy of it, so that the public network gets
it from there. Never: send private bytes to the daemon by itself; only what is provided goes there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.dagpb import Link
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.gateway_client import Timeouts
from neurovoyance.ipfs.gateways import GatewayBackend, check_gateways
from neurovoyance.ipfs.kubo import KuboBackend
from neurovoyance.ipfs.kubo_rpc import KuboTimeouts, rpc_url
from neurovoyance.ipfs.reader import DagReader
from neurovoyance.ipfs.swarm import SwarmRules
from neurovoyance.ipfs.tiers import BlockSource, PutBlock
from neurovoyance.ipfs.unixfs import FileNode
from neurovoyance.protocol.errors import ConfigError, SpecError, StorageError

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Places:
    """Where content is looked for besides this disk and known providers.

    Attributes:
        kubo_rpc_url: RPC of an IPFS daemon; None for none.
        kubo_authorization: what its Authorization header must say.
        gateways: base URLs of trustless gateways; none by default.
        allow_private_gateways: whether those may lie in private networks.
        kubo_timeouts: when the daemon counts as away.
    """

    kubo_rpc_url: str | None = None
    kubo_authorization: str | None = field(default=None, repr=False)
    gateways: tuple[str, ...] = ()
    allow_private_gateways: bool = False
    kubo_timeouts: KuboTimeouts | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """A store: bytes in blocks of its own, its budget, roots on offer, peers banned for lies."""

    stored_bytes: int
    max_bytes: int
    provided_count: int
    banned: dict[str, int]


def check_places(places: Places) -> Places:
    """Return ``places`` if every address in it can be one.

    Raises:
        ConfigError: the fields at fault are named.
    """
    if places.kubo_rpc_url is not None:
        try:
            rpc_url(places.kubo_rpc_url)
        except SpecError as error:
            raise ConfigError(error.message, hint=error.hint, faults=["kubo_rpc_url"]) from error
    check_gateways(places.gateways, places.allow_private_gateways)
    return places


def open_storage(root: Path, places: Places | None = None, **settings: Any) -> EmbeddedBackend:
    """Return the store in ``root``, with further places if there are any.

    Args:
        root: directory of the store.
        places: where else to look; None for nowhere.
        settings: as :class:`~.embedded.EmbeddedBackend` takes them.

    Raises:
        ConfigError: an address among the places is none.
    """
    if places is None or not (places.kubo_rpc_url or places.gateways):
        return EmbeddedBackend(root, **settings)
    return Composite(root, places, **settings)


class Composite(EmbeddedBackend):
    """The embedded store in ``root`` in front of ``places``; use as a context manager.

    Args:
        root: directory of the store.
        places: where else to look; None for nowhere.
        settings: as :class:`~.embedded.EmbeddedBackend` takes them.
    """

    def __init__(self, root: Path, places: Places | None = None, **settings: Any) -> None:
        places = check_places(places or Places())
        super().__init__(root, **settings)
        rules: SwarmRules | None = settings.get("rules")
        timeouts: Timeouts | None = settings.get("timeouts")
        self._opened = AsyncExitStack()
        self._announcing: set[asyncio.Task[None]] = set()
        self.kubo: KuboBackend | None = None
        self.gateways: GatewayBackend | None = None
        if places.kubo_rpc_url:
            self.kubo = KuboBackend(
                places.kubo_rpc_url,
                authorization=places.kubo_authorization,
                timeouts=places.kubo_timeouts,
            )
            self.fallbacks.append(_FromKubo(self.kubo))
        if places.gateways:
            self.gateways = GatewayBackend(
                places.gateways,
                allow_private_addresses=places.allow_private_gateways,
                timeouts=timeouts,
                rules=rules,
                bans=self.store.index,
            )
            self.fallbacks.append(self.gateways)

    async def __aenter__(self) -> Composite:
        for part in (self.kubo, self.gateways):
            if part is not None:
                await self._opened.enter_async_context(part)
        return self

    async def close(self) -> None:
        """Stop telling the daemon, close the other places, then the store."""
        for task in self._announcing:
            task.cancel()
        await asyncio.gather(*self._announcing, return_exceptions=True)
        await self._opened.aclose()
        await super().close()

    async def provide(self, cid: Cid) -> None:
        """Offer ``cid`` to peers; the daemon gets a copy and tells its network, in the background.

        A daemon that is away is logged, and the offer to peers stands all the same.
        """
        await super().provide(cid)
        if self.kubo is not None:
            task = asyncio.create_task(self._announce(self.kubo, cid))
            self._announcing.add(task)
            task.add_done_callback(self._announcing.discard)

    async def announced(self) -> None:
        """Wait until the daemon was told of everything provided so far, or did not take it."""
        await asyncio.gather(*self._announcing)

    async def _announce(self, kubo: KuboBackend, cid: Cid) -> None:
        try:
            await kubo.put_archive(self, cid)
            await kubo.provide(cid)
        except StorageError as error:
            _LOG.warning("the daemon did not take %s: %s", cid, error.message)

    async def resolve(self, cid: Cid, path: Sequence[str], *, sources: Iterable[str] = ()) -> Cid:
        """Return what ``path`` below the directory ``cid`` names; :class:`StorageNotFound` else."""
        async with self._obtaining(sources) as blocks:
            return await DagReader(blocks.block).find(cid, path)

    async def entries(self, cid: Cid, *, sources: Iterable[str] = ()) -> Sequence[tuple[str, Link]]:
        """Return the entries of a directory by name; their files are not fetched.

        Raises:
            StorageError: ``cid`` is a file.
        """
        async with self._obtaining(sources) as blocks:
            reader = DagReader(blocks.block)
            node = await reader.node(cid)
            if isinstance(node, FileNode):
                raise StorageError(f"{cid} is a file, not a directory.", cid=str(cid))
            async with aclosing(reader.entries(cid, node)) as entries:
                return sorted([entry async for entry in entries], key=lambda entry: entry[0])

    async def usage(self) -> Usage:
        """Return how full the store is, what it offers, and who is banned."""
        return await asyncio.to_thread(self._usage)

    def _usage(self) -> Usage:
        index = self.store.index
        return Usage(
            index.stored_bytes(),
            self._room.max_bytes,
            len(index.provided()),
            index.bans(int(time.time())),
        )

    async def find_providers(self, cid: Cid) -> Sequence[str]:
        """Return base URLs said to have ``cid``, by peers, daemon and gateways."""
        found = dict.fromkeys(await super().find_providers(cid))
        for part in (self.kubo, self.gateways):
            if part is not None:
                found.update(dict.fromkeys(await _named_by(part, cid)))
        return list(found)


async def _named_by(part: KuboBackend | GatewayBackend, cid: Cid) -> Iterable[str]:
    try:
        return await part.find_providers(cid)
    except StorageError as error:
        _LOG.warning("providers of %s were not found: %s", cid, error.message)
        return []


@dataclass(frozen=True, slots=True)
class _FromKubo:
    """The daemon as a place for one operation."""

    kubo: KuboBackend

    @asynccontextmanager
    async def source(self, put: PutBlock) -> AsyncIterator[BlockSource]:
        """Return the daemon, whose blocks are stored here too."""
        yield _Storing(self.kubo, put)


@dataclass(frozen=True, slots=True)
class _Storing:
    kubo: KuboBackend
    put: PutBlock

    @property
    def width(self) -> int:
        return self.kubo.width

    async def obtain(self, cid: Cid, limit_bytes: int) -> bytes:
        data = await self.kubo.obtain(cid, limit_bytes)
        await self.put(cid, data)
        return data
