"""Which blocks a CAR answer holds: path, dag-scope and entity-bytes of the trustless gateway.

Place: under :mod:`.gateway`; reads blocks through a callable and knows no HTTP. Blocks come
depth first, each once; the next leaf is read while one is sent. Never: touch a block outside what
was asked for.

Source: https://specs.ipfs.tech/http-gateways/trustless-gateway/
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from neurovoyance.ipfs.cid import DAG_PB, Cid
from neurovoyance.ipfs.dagpb import decode_node
from neurovoyance.ipfs.hamt import find
from neurovoyance.ipfs.unixfs import DirectoryNode, FileNode, ShardNode, UnixNode, read_node
from neurovoyance.ipfs.walk import MAX_DEPTH
from neurovoyance.protocol.errors import SpecError, StorageError, StorageNotFound, StorageTooLarge

ReadServed = Callable[[Cid], Awaitable[bytes | None]]


class Scope(enum.Enum):
    """How much below the end of the path is sent."""

    BLOCK = "block"
    ENTITY = "entity"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class ByteRange:
    """``first:last`` of a file, both inclusive; negative counts from the end, ``None`` is ``*``."""

    first: int
    last: int | None

    @classmethod
    def parse(cls, text: str) -> ByteRange:
        """Parse ``from:to``.

        Raises:
            SpecError: not two integers, or ``*`` as the second.
        """
        first, colon, last = text.partition(":")
        try:
            if not colon or len(text) > 64:
                raise ValueError
            return cls(int(first), None if last == "*" else int(last))
        except ValueError as error:
            raise SpecError(f"entity-bytes is {text[:64]!r}, not from:to.") from error

    def clip(self, size_bytes: int) -> tuple[int, int]:
        """Return ``[start, stop)`` inside a file of ``size_bytes`` bytes; may be empty."""
        first = self.first + size_bytes if self.first < 0 else self.first
        last = size_bytes - 1 if self.last is None else self.last
        last = last + size_bytes if self.last is not None and last < 0 else last
        return max(first, 0), min(last + 1, size_bytes)


class Resolved(NamedTuple):
    """Where a path ends, the blocks passed on the way with the end last, and each part's CID."""

    end: Cid
    passed: list[tuple[Cid, bytes]]
    heads: list[Cid]


async def resolve(read: ReadServed, root: Cid, path: Sequence[str]) -> Resolved:
    """Follow ``path`` below ``root``.

    Raises:
        StorageNotFound: a block or a name on the way is not here.
    """
    cid, passed = root, []
    heads: list[Cid] = []
    for name in (*path, None):
        heads.append(cid)
        block = await read(cid)
        if block is None:
            raise StorageNotFound(f"{cid} is not provided here.", cid=str(cid))
        passed.append((cid, block))
        if name is None:
            break
        node, depth = read_node(cid, block), 0
        link = dict(node.entries).get(name) if isinstance(node, DirectoryNode) else None
        while isinstance(node, ShardNode):
            link = find(node, name, depth)
            if link is None or (name, link) in node.entries:
                break
            # The name lies deeper: the shard on the way is part of the proof.
            shard = await read(link.cid)
            if shard is None:
                raise StorageNotFound(f"{link.cid} is not provided here.", cid=str(link.cid))
            passed.append((link.cid, shard))
            node, depth, link = read_node(link.cid, shard), depth + 1, None
        if link is None:
            raise StorageNotFound(f"{cid} has no entry {name[:64]!r}.", cid=str(cid))
        cid = link.cid
    return Resolved(cid, passed, heads)


async def select(
    read: ReadServed,
    passed: list[tuple[Cid, bytes]],
    scope: Scope,
    byte_range: ByteRange | None,
) -> AsyncGenerator[tuple[Cid, bytes], None]:
    """Yield the blocks of the answer: those passed, then what ``scope`` says of the last one.

    Raises:
        StorageNotFound: a block below is not here; the answer ends incomplete.
    """
    sent: set[bytes] = set()
    for cid, block in passed:
        if cid.binary not in sent:
            sent.add(cid.binary)
            yield cid, block
    ahead = _Ahead(read, passed[-1][0], _below(*passed[-1], scope, byte_range))
    try:
        while (taken := await ahead.take()) is not None:
            cid, data = taken
            if cid.binary not in sent:
                sent.add(cid.binary)
                yield cid, data
    finally:
        await ahead.close()


class _Ahead:
    """Reads the blocks of ``stack`` in order, leaves one ahead of the block taken last."""

    def __init__(self, read: ReadServed, end: Cid, stack: list[_Step]) -> None:
        self._read = read
        self._end = end
        self._stack = stack
        self._walked: set[tuple[bytes, _Span]] = set()
        self._reading: tuple[_Step, asyncio.Task[bytes | None]] | None = None
        self._start()

    async def take(self) -> tuple[Cid, bytes] | None:
        if self._reading is None:
            return None
        (cid, depth, span), task = self._reading
        data = await task
        if data is None:
            raise StorageNotFound(f"{cid} is not provided here.", cid=str(cid))
        if depth > MAX_DEPTH:
            raise StorageTooLarge(f"{self._end} is deeper than {MAX_DEPTH} nodes.", cid=str(cid))
        if cid.codec == DAG_PB:
            self._stack.extend(_links(cid, data, depth, span))
        self._start()
        return cid, data

    async def close(self) -> None:
        if self._reading is not None:
            self._reading[1].cancel()
            await asyncio.gather(self._reading[1], return_exceptions=True)

    def _start(self) -> None:
        self._reading = None
        while self._stack and self._reading is None:
            step = self._stack.pop()
            key = step[0].binary, step[2]
            if key not in self._walked:
                self._walked.add(key)
                self._reading = step, asyncio.ensure_future(_reading(self._read, step[0]))


async def _reading(read: ReadServed, cid: Cid) -> bytes | None:
    return await read(cid)


_Span = tuple[int, int] | None
"""Bytes ``[start, stop)`` wanted of the part below one node; ``None`` for everything linked."""

_SHARDS = (-1, -1)
"""In place of a span: the shards below, not the entries."""

_Step = tuple[Cid, int, _Span]

_MAX_RECENT_BYTES = 128 * 1024
"""Of a node that is remembered; with what it says it takes 2 MB of memory."""


def _below(end: Cid, block: bytes, scope: Scope, byte_range: ByteRange | None) -> list[_Step]:
    if scope is Scope.BLOCK or end.codec != DAG_PB:
        return []
    span = None
    if scope is Scope.ENTITY:
        try:
            node = _node(end, block)
        except (SpecError, StorageError):
            return []
        if isinstance(node, ShardNode):
            # An entity is the whole listing, so every shard of it.
            return [(link.cid, 1, _SHARDS) for link in reversed(node.shards)]
        if isinstance(node, DirectoryNode):
            return []
        if byte_range is not None:
            span = byte_range.clip(node.file_size)
            if span[0] >= span[1]:
                return []
    return _links(end, block, 0, span)


def _links(cid: Cid, block: bytes, depth: int, span: _Span) -> list[_Step]:
    """Return the children to visit, last first, each with what is wanted of it."""
    if span is None:
        links = decode_node(block).links
        return [(link.cid, depth + 1, None) for link in reversed(links)]
    node = _node(cid, block)
    if isinstance(node, ShardNode) and span == _SHARDS:
        return [(link.cid, depth + 1, _SHARDS) for link in reversed(node.shards)]
    if not isinstance(node, FileNode):
        return []
    steps: list[_Step] = []
    at = len(node.data)
    for child in node.children:
        low, high = max(span[0] - at, 0), min(span[1] - at, child.file_size)
        if low < high:
            steps.append((child.cid, depth + 1, (low, high)))
        at += child.file_size
    return steps[::-1]


def _node(cid: Cid, block: bytes) -> UnixNode:
    """Return what a block says; of a node from which many ranges are asked, it is remembered."""
    return _recent_node(cid, block) if len(block) <= _MAX_RECENT_BYTES else read_node(cid, block)


@lru_cache(maxsize=8)
def _recent_node(cid: Cid, block: bytes) -> UnixNode:
    return read_node(cid, block)
