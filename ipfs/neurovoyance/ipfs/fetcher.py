"""Makes a whole DAG local: runs and single blocks, limits checked before bytes are asked for.

Place: :meth:`EmbeddedBackend.ensure`. It walks from the root; what is on disk is used, what is
missing is obtained from its source, so an interrupted job goes on where it stopped. Neighbouring
leaves come in runs from peers that can stream them; towards the end runs get short, so that no slow
peer is waited for with much in hand. Memory: the blocks in flight and the links still to follow.
Never: ask for a block that would pass a limit.

Limits: a block two MiB, a DAG 32 deep, content ``max_bytes``; the tree's own nodes may add an
eighth of that and four MiB.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace

from neurovoyance.ipfs.backend import ProgressMeter
from neurovoyance.ipfs.cid import RAW, Cid
from neurovoyance.ipfs.dagpb import MAX_BLOCK_BYTES, InvalidBlock
from neurovoyance.ipfs.reader import check_child
from neurovoyance.ipfs.runs import MIN_RUN_BLOCKS, Run, Want, runs_of, take
from neurovoyance.ipfs.streams import Slot, Streams
from neurovoyance.ipfs.tiers import BlockSource
from neurovoyance.ipfs.unixfs import FileNode, ShardNode, UnixNode, read_node
from neurovoyance.ipfs.walk import MAX_DEPTH
from neurovoyance.protocol.errors import StorageFull, StorageTooLarge

TREE_SHARE = 8
TREE_SLACK_BYTES = 4 * 1024 * 1024

SizesOf = Callable[[Sequence[Cid]], Awaitable[list[int | None]]]
ReadLocal = Callable[[Cid], Awaitable[bytes | None]]


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
        sizes_of: SizesOf,
        read_local: ReadLocal,
        max_bytes: int,
        meter: ProgressMeter,
        streams: Streams | None = None,
    ) -> None:
        self._root = root
        self._streams = streams
        self._source = source
        self._sizes_of = sizes_of
        self._read_local = read_local
        self._max_bytes = max_bytes
        self._meter = meter
        self._allowance = _Allowance(max_bytes)
        self._seen: dict[bytes, int | None] = {}
        self._pending: list[Want] = []
        self._stated_bytes = 0

    async def run(self) -> None:
        """Return when every block is local.

        Raises:
            StorageTooLarge, StorageNotFound, StorageFull, InvalidBlock, InvalidCid: what was
            stored until then stays and is used next time.
        """
        self._push([Want(self._root, None, 0)])
        running: set[asyncio.Task[list[Want]]] = set()
        done: set[asyncio.Task[list[Want]]] = set()
        try:
            while self._pending or running:
                while len(running) < self._source.width and (step := self._next()):
                    running.add(asyncio.ensure_future(step))
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

    def _push(self, wants: list[Want]) -> None:
        """Queue what was not queued before, first link on top."""
        for want in reversed(wants):
            key = want.cid.binary
            if key not in self._seen:
                self._seen[key] = want.size_bytes
                self._pending.append(want)
            elif self._contradicts(want):
                raise InvalidBlock(f"Two parents of {want.cid} state different sizes.")

    def _contradicts(self, want: Want) -> bool:
        before = self._seen[want.cid.binary]
        return before is not None and want.size_bytes not in (None, before)

    def _next(self) -> Coroutine[None, None, list[Want]] | None:
        """Return what to do next; ``None`` when there is nothing, or it should come in a run."""
        if not self._pending:
            return None
        streams, want = self._streams, self._pending[-1]
        if streams is not None and want.node is not None and want.is_streamable:
            most_blocks = len(self._pending) // max(2 * streams.width, 1)
            if most_blocks >= MIN_RUN_BLOCKS:
                if slot := streams.claim(want.node):
                    wants = take(self._pending, most_blocks, slot.most_bytes)
                    if len(wants) >= MIN_RUN_BLOCKS:
                        return self._stream(streams, slot, wants)
                    streams.give_back(slot)
                    return self._handle(wants[0])
                if streams.is_busy(want.node):
                    return None
        return self._handle(self._pending.pop())

    async def _handle(self, want: Want) -> list[Want]:
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

    def _children(self, want: Want, node: UnixNode) -> list[Want]:
        depth = want.depth + 1
        if not isinstance(node, FileNode):
            links = [link for _, link in node.entries]
            links += node.shards if isinstance(node, ShardNode) else ()
            if want.depth == 0:
                self._meter.bytes_total = sum(link.total_size for link in links)
            return [Want(link.cid, None, depth) for link in links]
        if want.size_bytes is None:
            self._stated_bytes += node.file_size
            if self._stated_bytes > self._max_bytes:
                raise self._too_large(f"It states {self._stated_bytes} bytes.")
            if want.depth == 0:
                self._meter.bytes_total = node.file_size
        self._meter.advance(len(node.data))
        wants, start = [], len(node.data)
        for child in node.children:
            wants.append(Want(child.cid, child.file_size, depth, want.cid, start))
            start += child.file_size
        return wants

    async def _stream(self, streams: Streams, slot: Slot, wants: list[Want]) -> list[Want]:
        """Take leaves from one peer, as many as it gives; what is left is queued again."""
        try:
            held = await self._sizes_of([want.cid for want in wants])
            missing = [w for w, size in zip(wants, held, strict=True) if not self._hold(w, size)]
            left: list[Want] = []
            for run in runs_of(missing):
                if len(run.leaves) >= MIN_RUN_BLOCKS and streams.may_use(slot, run.node):
                    left += await self._run(streams, slot, run)
                elif len(run.leaves) >= MIN_RUN_BLOCKS:
                    left += run.leaves
                else:
                    left += [replace(leaf, node=None) for leaf in run.leaves]  # asked for alone
        finally:
            streams.give_back(slot)
        self._pending.extend(reversed(left))
        return []

    async def _run(self, streams: Streams, slot: Slot, run: Run) -> list[Want]:
        """Take one run; return the leaves that did not come."""
        missing = {leaf.cid: leaf for leaf in run.leaves}
        limit = await self._allowance.reserve(run.stop - run.start)
        if limit is None:
            raise self._too_large("Its leaves are larger.")
        used = 0

        def note(cid: Cid) -> None:
            nonlocal used
            size_bytes = missing.pop(cid).size_bytes or 0
            used += size_bytes
            self._meter.advance(size_bytes)

        try:
            await streams.fetch(slot, run, note)
        finally:
            await self._allowance.settle(limit, used)
        return list(missing.values())

    def _hold(self, want: Want, held: int | None) -> bool:
        """Count a leaf that is held, if it is."""
        if held is None:
            return False
        if want.size_bytes is not None and held != want.size_bytes:
            raise InvalidBlock(
                f"The leaf {want.cid} has {held} bytes but its parent states {want.size_bytes}."
            )
        if not self._allowance.take(held):
            raise self._too_large("Its leaves are larger.")
        self._meter.advance(held, is_moved=False)
        return True

    async def _leaf(self, want: Want) -> None:
        stated = want.size_bytes
        if self._hold(want, (await self._sizes_of([want.cid]))[0]):
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
