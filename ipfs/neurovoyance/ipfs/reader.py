"""Reads files out of blocks: byte ranges, in order, a few leaves ahead, every size checked.

Place: between a source of verified blocks (local, or local with peers behind it) and whoever
wants content. Memory: the window of leaves read ahead, one open node a level. Never: yield bytes
of a leaf whose size differs from what its parent states.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from neurovoyance.ipfs.cid import RAW, Cid
from neurovoyance.ipfs.dagpb import InvalidBlock, Link
from neurovoyance.ipfs.hamt import HASH_BYTES, find, name_hash
from neurovoyance.ipfs.unixfs import DirectoryNode, FileNode, ShardNode, UnixNode, read_node
from neurovoyance.ipfs.walk import MAX_DEPTH
from neurovoyance.protocol.errors import SpecError, StorageError, StorageNotFound, StorageTooLarge

ReadBlock = Callable[[Cid], Awaitable[bytes]]
WINDOW_LEAVES = 4


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a file: bytes ``[low, high)`` of inline ``data`` or of the leaf ``cid``."""

    cid: Cid | None
    data: bytes
    size_bytes: int
    low: int
    high: int


class DagReader:
    """Reads UnixFS content through ``read_block``, which returns verified bytes or raises."""

    def __init__(self, read_block: ReadBlock) -> None:
        self._read_block = read_block
        self._last: tuple[Cid, UnixNode] | None = None

    async def block(self, cid: Cid) -> bytes:
        """Return the verified block ``cid``."""
        return await self._read_block(cid)

    async def node(self, cid: Cid) -> UnixNode:
        """Return what the block ``cid`` says; the last one is remembered, as it is asked twice."""
        if self._last is None or self._last[0] != cid:
            self._last = cid, read_node(cid, await self._read_block(cid))
        return self._last[1]

    async def entries(
        self, cid: Cid, node: DirectoryNode | ShardNode
    ) -> AsyncGenerator[tuple[str, Link], None]:
        """Yield the names of a directory with what they link to, through all of its shards.

        Raises:
            InvalidBlock: an entry lies in another slot than its name's hash says.
        """
        if isinstance(node, DirectoryNode):
            for entry in node.entries:
                yield entry
            return
        stack: list[tuple[ShardNode, bytes]] = [(node, b"")]
        while stack:
            shard, path = stack.pop()
            below: list[tuple[Link, bytes]] = []
            for slot, name, link in shard.slots:
                at = path + bytes.fromhex(slot)
                if name is None:
                    below.append((link, at))
                elif name_hash(name.encode())[: len(at)] != at:
                    raise InvalidBlock(f"{cid} has the entry {name[:64]!r} in a wrong slot.")
                else:
                    yield name, link
            for link, at in reversed(below):
                stack.append((await self._shard(cid, link, len(at)), at))

    async def size(self, cid: Cid) -> int:
        """Return the content's size in bytes; entries of a directory count as their links state."""
        node = await self.node(cid)
        if isinstance(node, FileNode):
            return node.file_size
        total = 0
        async with aclosing(self.entries(cid, node)) as entries:
            async for _, link in entries:
                if link.cid.codec == RAW:
                    total += link.total_size
                else:
                    total += await self.size(link.cid)
        return total

    async def find(self, cid: Cid, path: Sequence[str]) -> Cid:
        """Return what ``path`` below the directory ``cid`` names.

        Raises:
            StorageNotFound: there is no such entry.
        """
        for name in path:
            node, link = await self.node(cid), None
            if isinstance(node, DirectoryNode):
                link = dict(node.entries).get(name)
            elif isinstance(node, ShardNode):
                link = await self._find_sharded(cid, node, name)
            if link is None:
                raise StorageNotFound(f"{cid} has no entry {name[:64]!r}.", cid=str(cid))
            cid = link.cid
        return cid

    async def _find_sharded(self, cid: Cid, shard: ShardNode, name: str) -> Link | None:
        for depth in range(HASH_BYTES):
            link = find(shard, name, depth)
            if link is None or (name, link) in shard.entries:
                return link
            shard = await self._shard(cid, link, depth + 1)
        return None

    async def _shard(self, cid: Cid, link: Link, depth: int) -> ShardNode:
        node = await self.node(link.cid)
        if not isinstance(node, ShardNode) or depth >= HASH_BYTES:
            raise InvalidBlock(f"{cid} has a slot that leads to no shard.")
        return node

    async def read(
        self, cid: Cid, offset: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield the bytes ``[offset, offset + length)`` of the file ``cid``, at most to its end.

        Raises:
            StorageError: a directory, or another kind that is not read.
            InvalidBlock: sizes that contradict each other.
            SpecError: a negative offset or length.
        """
        if offset < 0 or (length is not None and length < 0):
            raise SpecError(f"The byte range {offset}+{length} is negative.")
        ahead: deque[tuple[_Piece, asyncio.Task[bytes] | None]] = deque()
        end = None if length is None else offset + length
        try:
            async with aclosing(self._pieces(cid, offset, end)) as pieces:
                async for piece in pieces:
                    task = None
                    if piece.cid is not None:
                        task = asyncio.ensure_future(self._leaf(piece.cid, piece.size_bytes))
                    ahead.append((piece, task))
                    if len(ahead) >= WINDOW_LEAVES:
                        yield await _take(ahead)
            while ahead:
                yield await _take(ahead)
        finally:
            tasks = [task for _, task in ahead if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _leaf(self, cid: Cid, size_bytes: int) -> bytes:
        data = await self._read_block(cid)
        if len(data) != size_bytes:
            raise InvalidBlock(
                f"The leaf {cid} has {len(data)} bytes but its parent states {size_bytes}.",
                cid=str(cid),
            )
        return data

    async def _pieces(self, cid: Cid, start: int, end: int | None) -> AsyncGenerator[_Piece, None]:
        """Yield the pieces that cover the range, reading inner nodes as they are reached."""
        root = await self.node(cid)
        if not isinstance(root, FileNode):
            raise StorageError(
                f"{cid} is a directory, not a file.",
                hint="Fetch the directory, or open one of its files.",
                cid=str(cid),
            )
        stop = root.file_size if end is None else min(end, root.file_size)
        stack: list[tuple[FileNode, int, int, int]] = [(root, 0, 0, 0)]
        while stack:
            node, base, index, at = stack.pop()
            if index == 0 and node.data:
                piece = _clip(None, node.data, len(node.data), base, start, stop)
                if piece:
                    yield piece
                at = base + len(node.data)
            elif index == 0:
                at = base
            while index < len(node.children) and at < stop:
                child = node.children[index]
                index, child_at, at = index + 1, at, at + child.file_size
                if at <= start or child.file_size == 0:
                    continue
                if child.cid.codec == RAW:
                    piece = _clip(child.cid, b"", child.file_size, child_at, start, stop)
                    if piece:
                        yield piece
                    continue
                if len(stack) >= MAX_DEPTH:
                    raise StorageTooLarge(f"{cid} is deeper than {MAX_DEPTH} nodes.", cid=str(cid))
                inner = await self.node(child.cid)
                part = check_child(child.cid, inner, child.file_size)
                stack.append((node, base, index, at))
                stack.append((part, child_at, 0, child_at))
                break


def check_child(cid: Cid, node: UnixNode, size_bytes: int) -> FileNode:
    """Return ``node`` if it is a part of a file with the stated size, or raise InvalidBlock."""
    if not isinstance(node, FileNode) or node.file_size != size_bytes:
        raise InvalidBlock(
            f"The node {cid} is not the {size_bytes} bytes that its parent states.", cid=str(cid)
        )
    return node


def _clip(
    cid: Cid | None, data: bytes, size_bytes: int, at: int, start: int, stop: int
) -> _Piece | None:
    low, high = max(start - at, 0), min(stop - at, size_bytes)
    return _Piece(cid, data, size_bytes, low, high) if low < high else None


async def _take(ahead: deque[tuple[_Piece, asyncio.Task[bytes] | None]]) -> bytes:
    piece, task = ahead[0]
    data = piece.data if task is None else await task
    ahead.popleft()
    if piece.low == 0 and piece.high == len(data):
        return data
    return data[piece.low : piece.high]
