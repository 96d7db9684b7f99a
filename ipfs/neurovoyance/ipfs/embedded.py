"""The default back-end: blocks on this disk, missing ones from peers' gateways; no daemon.

Place: implements :class:`~.backend.StorageBackend` and is what nodes and clients use. It joins the
parts (store, room, importer, reader, fetcher) and adds nothing but order: a lease protects what an
operation uses from eviction until it ends. Hashing and disk run in worker threads. Never: listen
on a socket (see :mod:`.gateway`), or ask anybody who was not configured or named by the caller.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path
from types import TracebackType

from neurovoyance.ipfs.backend import (
    GcReport,
    OnProgress,
    PinInfo,
    ProgressMeter,
    Source,
    Stat,
)
from neurovoyance.ipfs.blockstore import BlockStore
from neurovoyance.ipfs.car import InvalidCar, decode_header, encode_header, encode_section, read_car
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.exporter import Exporter
from neurovoyance.ipfs.fetcher import DagFetch
from neurovoyance.ipfs.gateway_client import GatewayClient, Timeouts
from neurovoyance.ipfs.importer import Importer
from neurovoyance.ipfs.lease import Workers, lease
from neurovoyance.ipfs.obtaining import Obtaining, PeerPolicy, missing_block
from neurovoyance.ipfs.peers import check_url
from neurovoyance.ipfs.reader import DagReader
from neurovoyance.ipfs.room import Room
from neurovoyance.ipfs.swarm import SwarmRules
from neurovoyance.ipfs.tiers import Fallback
from neurovoyance.ipfs.unixfs import DEFAULT_PROFILE, FileNode, Kind, Profile, read_node
from neurovoyance.ipfs.walk import content_size, walk
from neurovoyance.protocol.errors import StorageNotFound

GIB = 1 << 30
DEFAULT_MAX_BYTES = 50 * GIB
_WORKERS = 8  # more than cores: some wait for the disk to flush
_LIST_PAGE = 1000


class EmbeddedBackend:
    """Content-addressed storage in the directory ``root`` (made with mode 0700).

    Args:
        root: directory of the store; several processes may open it at once.
        max_bytes: budget for blocks that have their own file; references are free.
        peers: base URLs of gateways that are asked for what is missing.
        allow_private_addresses: whether peers may have private addresses (devnet, LAN).
        max_dag_bytes: content limit of one fetch when the caller states none.
        timeouts: when a peer counts as failed.
        rules: how many requests a peer gets, when it is dropped, how long a ban lasts.
    """

    def __init__(
        self,
        root: Path,
        *,
        max_bytes: int = DEFAULT_MAX_BYTES,
        peers: Iterable[str] = (),
        allow_private_addresses: bool = False,
        max_dag_bytes: int | None = None,
        timeouts: Timeouts | None = None,
        rules: SwarmRules | None = None,
    ) -> None:
        self._peers = tuple(check_url(url, allow_private_addresses) for url in peers)
        self._policy = PeerPolicy(
            allow_private_addresses, timeouts or Timeouts(), rules or SwarmRules()
        )
        self._max_dag_bytes = max_bytes if max_dag_bytes is None else max_dag_bytes
        self.fallbacks: list[Fallback] = []
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.store = BlockStore(root)
        self._room = Room(self.store, max_bytes)
        self.store.reserve = self._room.reserve
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="storage")
        self._workers = Workers(self._pool)
        self._run = self._workers.run

    async def __aenter__(self) -> EmbeddedBackend:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Finish jobs in worker threads and close the index; the store must not be used after."""
        await asyncio.to_thread(self._pool.shutdown)
        self.store.close()

    # Adding.

    async def add(
        self,
        source: Source,
        profile: Profile = DEFAULT_PROFILE,
        *,
        copy: bool = False,
        pin_name: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Cid:
        """Store a file, directory, bytes or stream, pin it and return its root.

        Leaves of files on disk become references to them unless ``copy`` is set: the files must
        stay where and as they are.

        Raises:
            StorageError: a symbolic link, device or unsafe name; nothing is pinned.
            StorageSourceChanged: a file changed while it was read.
            StorageFull: no room for the blocks.
        """
        meter = ProgressMeter(on_progress)
        importer = Importer(self.store, self._workers, profile, copy, meter)
        async with self._lease(None):
            if isinstance(source, Path):
                child = await importer.add_path(source)
                name = source.name if pin_name is None else pin_name
            else:
                stream = _one_piece(source) if isinstance(source, bytes) else source
                child = await importer.add_stream(stream)
                name = pin_name or ""
            await self.pin(child.cid, name)
        return child.cid

    async def put_block(self, cid: Cid, data: bytes) -> None:
        """Verify and store one block, of whatever accepted hash; it is not pinned.

        Raises:
            StorageIntegrityError: the bytes do not have the hash.
        """
        await self._run(self.store.put, cid, data)

    async def get_block(self, cid: Cid) -> bytes:
        """Return one block, from peers when it is not held; :class:`StorageNotFound` otherwise."""
        async with self._obtaining() as blocks:
            return await blocks.block(cid)

    # Reading.

    async def open(
        self, cid: Cid, offset: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield a byte range of a file; blocks that are missing come from the peers.

        Raises:
            StorageNotFound: a block is missing everywhere.
            StorageSourceChanged: a referenced file is not the same any more.
            StorageError: ``cid`` is a directory.
        """
        async with self._lease(cid), self._obtaining() as blocks:
            reader = DagReader(blocks.block)
            async with aclosing(reader.read(cid, offset, length)) as pieces:
                async for piece in pieces:
                    yield piece

    async def fetch(
        self,
        cid: Cid,
        dest: Path,
        on_progress: OnProgress | None = None,
        *,
        sources: Iterable[str] = (),
        max_bytes: int | None = None,
    ) -> None:
        """Write a file or directory to ``dest``, which appears whole or not at all.

        What is missing is made local first (see :meth:`ensure`). Progress counts bytes from peers,
        or bytes written when everything was held.

        Raises:
            StorageError: ``dest`` exists, or its parent does not.
            StorageTooLarge, StorageNotFound, StorageFull: see :meth:`ensure`.
        """
        limit = self._max_dag_bytes if max_bytes is None else max_bytes
        async with self._lease(cid):
            was_held = await self.has(cid)
            if not was_held:
                await self.ensure(
                    cid, sources=sources, max_bytes=max_bytes, on_progress=on_progress
                )
            meter = ProgressMeter(on_progress if was_held else None)
            meter.bytes_total = await self._run(content_size, self.store, cid)
            async with self._obtaining(sources) as blocks:
                await Exporter(DagReader(blocks.block), meter, limit).write(cid, dest)

    async def ensure(
        self,
        cid: Cid,
        *,
        sources: Iterable[str] = (),
        max_bytes: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        """Make everything under ``cid`` local, from ``sources`` and the configured peers.

        Args:
            cid: root of the content.
            sources: base URLs of gateways, asked besides the configured peers.
            max_bytes: content limit, as the manifest states it.
            on_progress: called with bytes done, total, rate and ETA.

        Raises:
            StorageNotFound: nobody has a block; names the peers asked and why each failed.
            StorageTooLarge: more content than agreed; the excess was not downloaded.
            StorageFull: disk or budget is full; verified blocks are kept.
            InvalidBlock: the content contradicts itself; its author is to blame.
        """
        limit = self._max_dag_bytes if max_bytes is None else max_bytes
        async with self._lease(cid), self._obtaining(sources) as blocks:
            await DagFetch(
                cid,
                source=await blocks.tiers(),
                streams=await blocks.streams(),
                sizes_of=blocks.sizes_of,
                read_local=blocks.read_local,
                max_bytes=limit,
                meter=ProgressMeter(on_progress),
            ).run()

    async def has(self, cid: Cid) -> bool:
        """Return whether every block under ``cid`` is held here."""
        return await self._run(
            lambda: all(visit.size_bytes is not None for visit in walk(self.store, [cid]))
        )

    async def stat(self, cid: Cid) -> Stat:
        """Describe ``cid``; :class:`StorageNotFound` when not even its root is held."""
        return await self._run(self._stat, cid)

    async def list(self) -> AsyncGenerator[Cid, None]:
        """Yield the CID of every block held, in the order of their bytes."""
        last = b""
        while page := await self._run(self.store.index.cids_after, last, _LIST_PAGE):
            for binary in page:
                yield Cid.from_bytes(binary)
            last = page[-1]

    # Keeping.

    async def pin(self, cid: Cid, name: str = "", expiry: int | None = None) -> None:
        """Keep everything under ``cid`` until ``expiry`` (Unix seconds); replaces an older pin."""
        await self._run(self.store.index.put_pin, cid.binary, name, expiry)

    async def unpin(self, cid: Cid) -> None:
        """Let ``cid`` go; :class:`StorageNotFound` when it is not pinned."""
        if not await self._run(self.store.index.remove_pin, cid.binary):
            raise StorageNotFound(f"{cid} is not pinned.", cid=str(cid))

    async def pins(self) -> Sequence[PinInfo]:
        """Return the pins that have not expired."""
        rows = await self._run(self.store.index.pins, int(time.time()))
        return [PinInfo(Cid.from_bytes(cid), name, expires) for cid, name, expires in rows]

    async def gc(self, max_bytes: int | None = None) -> GcReport:
        """Remove unpinned blocks, longest unused first, until ``max_bytes`` are left (default 0).

        With 0, references that nothing pinned needs are forgotten too; files are never touched.
        """

        def collect() -> GcReport:
            self.store.reconcile()
            return self._room.collect(max_bytes or 0)

        return await self._run(collect)

    # Archives.

    async def export_car(self, cid: Cid) -> AsyncGenerator[bytes, None]:
        """Yield a CARv1 archive of everything under ``cid``, depth first, without repeats."""
        async with self._lease(cid):
            yield encode_header([cid])
            visits = walk(self.store, [cid])
            while (visit := await self._run(next, visits, None)) is not None:
                yield encode_section(visit.cid, await self._held(visit.cid))

    async def import_car(self, stream: AsyncIterable[bytes]) -> Sequence[Cid]:
        """Verify and store each block of an archive; return its roots. Nothing is pinned.

        Raises:
            InvalidCar: truncated or malformed; verified blocks before the fault are kept.
            StorageIntegrityError: a block does not match its CID.
            StorageNotFound: the archive does not hold a root that it names.
        """
        roots: Sequence[Cid] | None = None
        async with self._lease(None), aclosing(read_car(stream)) as sections:
            async for cid, data in sections:
                if cid is None:
                    roots = decode_header(data)
                    continue
                await self._run(self.store.put, cid, data)
            if roots is None:
                raise InvalidCar("The archive has no header.")
            for root in roots:
                await self._held(root)
        return roots

    # Peers.

    async def provide(self, cid: Cid) -> None:
        """Offer ``cid`` and everything under it, now or later held, to peers."""

        def mark() -> None:
            if self.store.size_of(cid) is None:
                raise missing_block(cid)
            served = (visit.cid.binary for visit in walk(self.store, [cid]))
            self.store.index.put_provided(cid.binary, list(served))

        await self._run(mark)

    async def unprovide(self, cid: Cid) -> None:
        """Stop offering ``cid``; what other offered roots reach stays on offer."""

        def unmark() -> None:
            others = [c for c in self.store.index.provided() if c != cid.binary]
            reached = walk(self.store, map(Cid.from_bytes, others))
            self.store.index.replace_served(cid.binary, [v.cid.binary for v in reached])

        await self._run(unmark)

    async def served_block(self, cid: Cid) -> bytes | None:
        """Return a block if it is offered and held; gateways call this and nothing else."""

        def read() -> bytes | None:
            if not self.store.index.is_served(cid.binary):
                return None
            return self.store.read(cid, for_peer=True)

        return await self._run(read)

    async def find_providers(self, cid: Cid) -> Sequence[str]:
        """Return base URLs said to have ``cid``: configured peers, and those that they name."""
        found: dict[str, None] = {}
        async with GatewayClient(self._policy.allow_private, self._policy.timeouts) as client:
            held = await asyncio.gather(*(client.has(url, cid) for url in self._peers))
            named = await asyncio.gather(*(client.providers(url, cid) for url in self._peers))
        found.update((url, None) for url, has in zip(self._peers, held, strict=True) if has)
        found.update((url, None) for urls in named for url in urls)
        return list(found)

    # Parts.

    def _stat(self, cid: Cid) -> Stat:
        root = self.store.read(cid)
        if root is None:
            raise missing_block(cid)
        is_directory = not isinstance(read_node(cid, root), FileNode)
        sizes = [visit.size_bytes for visit in walk(self.store, [cid])]
        held = [size for size in sizes if size is not None]
        return Stat(
            cid,
            Kind.DIRECTORY if is_directory else Kind.FILE,
            content_size(self.store, cid),
            len(sizes),
            sum(held),
            len(sizes) - len(held),
        )

    async def _held(self, cid: Cid) -> bytes:
        data = await self._run(self.store.read, cid)
        if data is None:
            raise missing_block(cid)
        return data

    def _obtaining(self, sources: Iterable[str] = ()) -> Obtaining:
        urls = (*sources, *self._peers)
        return Obtaining(self.store, self._workers, self._policy, urls, self.fallbacks)

    def _lease(self, root: Cid | None) -> AbstractAsyncContextManager[None]:
        return lease(self.store.index, self._workers, root)


async def _one_piece(data: bytes) -> AsyncIterator[bytes]:
    yield data
