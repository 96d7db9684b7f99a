"""Content behind trustless gateways: read only, several at once, nothing of them believed.

Place: implements the reading half of :class:`~.backend.StorageBackend`, and is the last tier of
:mod:`.composite`. Blocks are asked for raw and hashed here; a gateway that sends other bytes is
banned for the day; a slow one is overtaken by a second. There is no default gateway. Never: ask a
gateway for a file or a page, which could not be verified.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import NoReturn

from neurovoyance.ipfs.backend import GcReport, OnProgress, PinInfo, ProgressMeter, Source, Stat
from neurovoyance.ipfs.car import encode_header, encode_section
from neurovoyance.ipfs.cid import DAG_PB, PROBE, Cid
from neurovoyance.ipfs.dagpb import MAX_BLOCK_BYTES, decode_node
from neurovoyance.ipfs.embedded import DEFAULT_MAX_BYTES
from neurovoyance.ipfs.exporter import Exporter
from neurovoyance.ipfs.gateway_client import GatewayClient, Timeouts
from neurovoyance.ipfs.peers import check_url
from neurovoyance.ipfs.reader import DagReader
from neurovoyance.ipfs.survey import survey
from neurovoyance.ipfs.swarm import BanBook, MemoryBans, Swarm, SwarmRules
from neurovoyance.ipfs.tiers import BlockSource, PutBlock
from neurovoyance.ipfs.unixfs import DEFAULT_PROFILE, Profile
from neurovoyance.protocol.errors import (
    ConfigError,
    NeurovoyanceError,
    StorageIntegrityError,
    StorageNotFound,
    StorageReadOnly,
)


def check_gateways(urls: Iterable[str], allow_private: bool) -> tuple[str, ...]:
    """Return the base URLs in normal form.

    Raises:
        ConfigError: some are no URLs of gateways, or private where that is refused; all are named.
    """
    found, faults = [], []
    for url in urls:
        try:
            found.append(check_url(url, allow_private))
        except NeurovoyanceError as error:
            faults.append(f"gateways: {error.message}")
    if faults:
        raise ConfigError(
            " ".join(faults),
            hint="A gateway is named by its base URL, for example https://gateway.example.",
            faults=faults,
        )
    return tuple(dict.fromkeys(found))


class GatewayBackend:
    """Reads through the gateways ``urls``; use as an asynchronous context manager.

    Args:
        urls: base URLs, at least one.
        allow_private_addresses: whether they may lie in private networks.
        timeouts: when a gateway counts as failed.
        rules: requests at once, hedging, bans.
        bans: where lies are remembered; memory by default, a store's index for longer.
        max_dag_bytes: content limit of one fetch.
    """

    def __init__(
        self,
        urls: Iterable[str],
        *,
        allow_private_addresses: bool = False,
        timeouts: Timeouts | None = None,
        rules: SwarmRules | None = None,
        bans: BanBook | None = None,
        max_dag_bytes: int = DEFAULT_MAX_BYTES,
    ) -> None:
        self.urls = check_gateways(urls, allow_private_addresses)
        self._allow_private = allow_private_addresses
        self._timeouts = timeouts or Timeouts()
        self._rules = rules or SwarmRules()
        self._bans: BanBook = bans or MemoryBans()
        self._max_dag_bytes = max_dag_bytes
        self._open = AsyncExitStack()
        self._client: GatewayClient | None = None

    async def __aenter__(self) -> GatewayBackend:
        client = GatewayClient(self._allow_private, self._timeouts)
        self._client = await self._open.enter_async_context(client)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    # One operation.

    @asynccontextmanager
    async def source(self, put: PutBlock) -> AsyncIterator[BlockSource]:
        """Return the gateways for one operation; what they lack is remembered during it."""
        yield self._swarm(put)

    def _swarm(self, put: PutBlock) -> Swarm:
        swarm = Swarm(
            self._session(), self._bans, put, allow_private=self._allow_private, rules=self._rules
        )
        swarm.add_peers(self.urls)
        return swarm

    def _session(self) -> GatewayClient:
        if self._client is None:
            raise RuntimeError("the gateways are used outside their context")
        return self._client

    def _reader(self) -> DagReader:
        swarm = self._swarm(_verify)

        async def read(cid: Cid) -> bytes:
            return b"" if cid == PROBE else await swarm.obtain(cid, MAX_BLOCK_BYTES)

        return DagReader(read)

    # Reading.

    async def get_block(self, cid: Cid) -> bytes:
        """Return one verified block."""
        return await self._reader().block(cid)

    async def open(
        self, cid: Cid, offset: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield a byte range of a file; only the blocks of that range are asked for."""
        async with aclosing(self._reader().read(cid, offset, length)) as pieces:
            async for piece in pieces:
                yield piece

    async def fetch(self, cid: Cid, dest: Path, on_progress: OnProgress | None = None) -> None:
        """Write a file or directory to ``dest``, which appears whole or not at all.

        Nothing is kept when it is interrupted; through a store a transfer resumes.
        """
        reader, meter = self._reader(), ProgressMeter(on_progress)
        meter.bytes_total = await reader.size(cid)
        await Exporter(reader, meter, self._max_dag_bytes).write(cid, dest)

    async def export_car(self, cid: Cid) -> AsyncGenerator[bytes, None]:
        """Yield a CARv1 archive of everything under ``cid``, depth first, without repeats."""
        reader, seen, stack = self._reader(), set[bytes](), [cid]
        yield encode_header([cid])
        while stack:
            found = stack.pop()
            if found.binary in seen:
                continue
            seen.add(found.binary)
            block = await reader.block(found)
            if found.codec == DAG_PB:
                stack.extend(link.cid for link in reversed(decode_node(block).links))
            yield encode_section(found, block)

    async def has(self, cid: Cid) -> bool:
        """Return whether every block under ``cid`` is to be had."""
        try:
            return (await self.stat(cid)).is_complete
        except StorageNotFound:
            return False

    async def stat(self, cid: Cid) -> Stat:
        """Describe what is to be had of ``cid``; raw leaves are fetched to see that they are."""
        reader = self._reader()

        async def read(found: Cid) -> bytes | None:
            try:
                return await reader.block(found)
            except StorageNotFound:
                return None

        async def size_of(found: Cid) -> int | None:
            block = await read(found)
            return None if block is None else len(block)

        return await survey(cid, size_of=size_of, read=read)

    async def find_providers(self, cid: Cid) -> Sequence[str]:
        """Return those of the gateways that say they have ``cid``, and whom they name."""
        client, found = self._session(), dict[str, None]()
        for url in self.urls:
            if await client.has(url, cid):
                found[url] = None
            found.update((named, None) for named in await client.providers(url, cid))
        return list(found)

    async def check(self) -> dict[str, bool]:
        """Return which gateways answer the probe."""
        client = self._session()
        answers = await asyncio.gather(*(client.has(url, PROBE) for url in self.urls))
        return dict(zip(self.urls, answers, strict=True))

    async def pins(self) -> Sequence[PinInfo]:
        """Return nothing: a gateway keeps what it likes."""
        return []

    # What a gateway cannot.

    async def list(self) -> AsyncGenerator[Cid, None]:
        """Refuse: a gateway does not tell what it holds."""
        _refuse("list what it holds")
        yield PROBE

    async def add(self, source: Source, profile: Profile = DEFAULT_PROFILE) -> Cid:
        """Refuse."""
        del source, profile
        _refuse("add content")

    async def import_car(self, stream: AsyncIterable[bytes]) -> Sequence[Cid]:
        """Refuse."""
        del stream
        _refuse("import an archive")

    async def pin(self, cid: Cid, name: str = "", expiry: int | None = None) -> None:
        """Refuse."""
        del cid, name, expiry
        _refuse("pin")

    async def unpin(self, cid: Cid) -> None:
        """Refuse."""
        del cid
        _refuse("unpin")

    async def provide(self, cid: Cid) -> None:
        """Refuse."""
        del cid
        _refuse("provide")

    async def gc(self, max_bytes: int | None = None) -> GcReport:
        """Refuse."""
        del max_bytes
        _refuse("collect")


async def _verify(cid: Cid, data: bytes) -> None:
    if not cid.is_hash_of(data):
        raise StorageIntegrityError(f"The bytes do not match {cid}.", cid=str(cid))


def _refuse(what: str) -> NoReturn:
    raise StorageReadOnly(
        f"A gateway cannot {what}; it is read only.",
        hint="Use the embedded store, or a daemon with kubo_rpc_url.",
    )
