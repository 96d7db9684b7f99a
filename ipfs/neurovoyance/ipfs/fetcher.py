"""Makes a whole DAG local: raw blocks in parallel, limits checked before bytes are asked for.

Place: :meth:`EmbeddedBackend.ensure`. It walks from the root; what is on disk is used, what is
missing is obtained from its source, so an interrupted job goes on where it stopped. Memory: the
blocks in flight and the links still to follow. Never: ask for a block that would pass a limit.

Limits: a block two MiB, a DAG 32 deep, content ``max_bytes``; the tree's own nodes may add an
eighth of that and four MiB.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from neurovoyance.ipfs.backend import ProgressMeter
from neurovoyance.ipfs.cid import RAW, Cid
from neurovoyance.ipfs.dagpb import MAX_BLOCK_BYTES, InvalidBlock
from neurovoyance.ipfs.reader import check_child
from neurovoyance.ipfs.tiers import BlockSource
from neurovoyance.ipfs.unixfs import FileNode, ShardNode, UnixNode, read_node
from neurovoyance.ipfs.walk import MAX_DEPTH
from neurovoyance.protocol.errors import StorageFull, StorageTooLarge

TREE_SHARE = 8
TREE_SLACK_BYTES = 4 * 1024 * 1024

SizeOf = Callable[[Cid], Awaitable[int | None]]
ReadLocal = Callable[[Cid], Awaitable[bytes | None]]


@dataclass(frozen=True, slots=True)
class _Want:
    """A block to have: ``size_bytes`` is what its parent states, ``None`` for a root."""

    cid: Cid
    size_bytes: int | None
    depth: int


class _Allowance:
    """Bytes that may still be taken in; a leaf of unknown size reserves a whole block's."""

    def __init__(self, max_bytes: int) -> None:
        self._content = max_bytes
        self._open = 0
        self._settled = asyncio.Condition()
        self.tree = max_bytes // TREE_SHARE + TREE_SLACK_BYTES

    def take(self, size_bytes: int) -> bool:
        """Count content that is held already; ``False`` when it passes the limit by itself."""
        self._content -= size_bytes
        return self._content >= 0 or self._open > 0

    @property
    def is_passed(self) -> bool:
        """Whether more content was counted than agreed, with nothing in flight."""
        return self._content < 0

    async def reserve(self, stated: int | None) -> int | None:
        """Return the bytes that a leaf may have, or ``None`` when there is no room for it.

        Near the limit this waits for leaves in flight, whose reservations may shrink.
        """
        wanted = MAX_BLOCK_BYTES if stated is None else stated
        async with self._settled:
            while self._content < wanted and self._open > 0:
                await self._settled.wait()
            limit = wanted if stated is not None else min(wanted, self._content)
            if limit < 0 or limit > self._content:
                return None
            self._content -= limit
            self._open += 1
            return limit

    async def settle(self, limit: int, used: int) -> None:
        """Give back what a reservation did not use."""
        async with self._settled:
            self._content += limit - used
            self._open -= 1
            self._settled.notify_all()


class DagFetch:
    """One job: the DAG under ``root``, at most ``max_bytes`` of content."""

    def __init__(
        self,
        root: Cid,
        *,
        source: BlockSource,
        size_of: SizeOf,
        read_local: ReadLocal,
        max_bytes: int,
        meter: ProgressMeter,
    ) -> None:
        self._root = root
        self._source = source
        self._size_of = size_of
        self._read_local = read_local
        self._max_bytes = max_bytes
        self._meter = meter
        self._allowance = _Allowance(max_bytes)
        self._seen: dict[bytes, int | None] = {}
        self._pending: list[_Want] = []
        self._stated_bytes = 0

    async def run(self) -> None:
        """Return when every block is local.

        Raises:
            StorageTooLarge, StorageNotFound, StorageFull, InvalidBlock, InvalidCid: what was
            stored until then stays and is used next time.
        """
        self._push([_Want(self._root, None, 0)])
        running: set[asyncio.Task[list[_Want]]] = set()
        done: set[asyncio.Task[list[_Want]]] = set()
        try:
            while self._pending or running:
                while self._pending and len(running) < self._source.width:
                    running.add(asyncio.ensure_future(self._handle(self._pending.pop())))
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    self._push(task.result())
        except StorageFull as error:
            raise self._full(error) from error
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, *done, return_exceptions=True)
        if self._allowance.is_passed:
            raise self._too_large("Its leaves are larger.")
        self._meter.bytes_total = self._meter.bytes_done
        self._meter.report()

    def _push(self, wants: list[_Want]) -> None:
        """Queue what was not queued before, first link on top."""
        for want in reversed(wants):
            key = want.cid.binary
            if key not in self._seen:
                self._seen[key] = want.size_bytes
                self._pending.append(want)
            elif self._contradicts(want):
                raise InvalidBlock(f"Two parents of {want.cid} state different sizes.")

    def _contradicts(self, want: _Want) -> bool:
        before = self._seen[want.cid.binary]
        return before is not None and want.size_bytes not in (None, before)

    async def _handle(self, want: _Want) -> list[_Want]:
        if want.depth > MAX_DEPTH:
            raise StorageTooLarge(
                f"{self._root} is deeper than {MAX_DEPTH} nodes.", cid=str(self._root)
            )
        if want.cid.codec == RAW:
            await self._leaf(want)
            return []
        block = await self._read_local(want.cid)
        if block is None:
            limit = min(MAX_BLOCK_BYTES, self._allowance.tree)
            block = await self._source.obtain(want.cid, limit)
        self._allowance.tree -= len(block)
        if self._allowance.tree < 0:
            raise self._too_large("Its tree alone is larger than its content may be.")
        node = read_node(want.cid, block)
        if want.size_bytes is not None:
            check_child(want.cid, node, want.size_bytes)
        return self._children(want, node)

    def _children(self, want: _Want, node: UnixNode) -> list[_Want]:
        depth = want.depth + 1
        if not isinstance(node, FileNode):
            links = [link for _, link in node.entries]
            links += node.shards if isinstance(node, ShardNode) else ()
            if want.depth == 0:
                self._meter.bytes_total = sum(link.total_size for link in links)
            return [_Want(link.cid, None, depth) for link in links]
        if want.size_bytes is None:
            self._stated_bytes += node.file_size
            if self._stated_bytes > self._max_bytes:
                raise self._too_large(f"It states {self._stated_bytes} bytes.")
            if want.depth == 0:
                self._meter.bytes_total = node.file_size
        self._meter.advance(len(node.data))
        return [_Want(child.cid, child.file_size, depth) for child in node.children]

    async def _leaf(self, want: _Want) -> None:
        held = await self._size_of(want.cid)
        stated = want.size_bytes
        if held is not None:
            if stated is not None and held != stated:
                raise InvalidBlock(
                    f"The leaf {want.cid} has {held} bytes but its parent states {stated}."
                )
            if not self._allowance.take(held):
                raise self._too_large("Its leaves are larger.")
            self._meter.advance(held, is_moved=False)
            return
        if stated is not None and stated > MAX_BLOCK_BYTES:
            raise self._too_large(f"A leaf states {stated} bytes.")
        limit = await self._allowance.reserve(stated)
        if limit is None:
            raise self._too_large("Its leaves are larger.")
        used = 0
        try:
            used = len(await self._source.obtain(want.cid, limit))
        finally:
            await self._allowance.settle(limit, used)
        if stated is not None and used != stated:
            raise InvalidBlock(
                f"The leaf {want.cid} has {used} bytes but its parent states {stated}."
            )
        self._meter.advance(used)

    def _too_large(self, why: str) -> StorageTooLarge:
        return StorageTooLarge(
            f"{self._root} has more than the {self._max_bytes} bytes agreed. {why} "
            "The excess was not downloaded.",
            cid=str(self._root),
            max_bytes=self._max_bytes,
        )

    def _full(self, error: StorageFull) -> StorageFull:
        total = self._meter.bytes_total
        missing = None if total is None else max(total - self._meter.bytes_done, 0)
        shown = "an unknown number of" if missing is None else str(missing)
        return StorageFull(
            f"{error.message} {shown} bytes of {self._root} are still missing.",
            hint=error.hint,
            cid=str(self._root),
            missing_bytes=missing,
            held_bytes=self._meter.bytes_done,
        )
