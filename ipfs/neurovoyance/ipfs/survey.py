"""What a store that is somewhere else holds of a DAG: sizes, blocks, what is missing.

Place: ``has`` and ``stat`` of the back-ends without blocks on this disk; :mod:`.walk` does it for
those that have them. Each distinct block is looked at once, a few at a time. Never: keep leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from neurovoyance.ipfs.backend import Stat
from neurovoyance.ipfs.cid import DAG_PB, Cid
from neurovoyance.ipfs.dagpb import Link
from neurovoyance.ipfs.unixfs import FileNode, Kind, ShardNode, UnixNode, read_node
from neurovoyance.ipfs.walk import MAX_DEPTH
from neurovoyance.protocol.errors import StorageNotFound, StorageTooLarge

WIDTH = 16
SizeOf = Callable[[Cid], Awaitable[int | None]]
Read = Callable[[Cid], Awaitable[bytes | None]]


@dataclass(slots=True)
class _Seen:
    """Sizes of the blocks, ``None`` for missing ones, and what the inner ones say."""

    sizes: dict[bytes, int | None] = field(default_factory=dict)
    nodes: dict[bytes, UnixNode] = field(default_factory=dict)


async def survey(root: Cid, *, size_of: SizeOf, read: Read) -> Stat:
    """Describe ``root``.

    Args:
        root: of the DAG.
        size_of: size of a raw block in bytes, ``None`` when it is missing.
        read: a verified inner block, ``None`` when it is missing.

    Raises:
        StorageNotFound: the root itself is missing.
        StorageTooLarge: deeper than 32 nodes.
    """
    seen, level = _Seen(), [root]
    for _ in range(MAX_DEPTH + 1):
        if not level:
            break
        for start in range(0, len(level), WIDTH):
            await asyncio.gather(
                *(_look(cid, seen, size_of, read) for cid in level[start : start + WIDTH])
            )
        found = {link.cid.binary: link.cid for cid in level for link in _links(seen, cid)}
        level = [cid for binary, cid in found.items() if binary not in seen.sizes]
    if level:
        raise StorageTooLarge(f"{root} is deeper than {MAX_DEPTH} nodes.", cid=str(root))
    if seen.sizes[root.binary] is None:
        raise StorageNotFound(f"{root} is not held there.", cid=str(root))
    held = [size for size in seen.sizes.values() if size is not None]
    node = seen.nodes.get(root.binary)
    is_file = node is None or isinstance(node, FileNode)
    return Stat(
        root,
        Kind.FILE if is_file else Kind.DIRECTORY,
        _content(root, 0, seen, {}),
        len(seen.sizes),
        sum(held),
        len(seen.sizes) - len(held),
    )


async def _look(cid: Cid, seen: _Seen, size_of: SizeOf, read: Read) -> None:
    if cid.codec != DAG_PB:
        seen.sizes[cid.binary] = await size_of(cid)
        return
    block = await read(cid)
    seen.sizes[cid.binary] = None if block is None else len(block)
    if block is not None:
        seen.nodes[cid.binary] = read_node(cid, block)


def _links(seen: _Seen, cid: Cid) -> list[Link]:
    node = seen.nodes.get(cid.binary)
    if node is None:
        return []
    if isinstance(node, FileNode):
        return [Link(child.cid, b"", child.total_size) for child in node.children]
    links = [link for _, link in node.entries]
    return [*links, *(node.shards if isinstance(node, ShardNode) else ())]


def _content(cid: Cid, stated: int, seen: _Seen, known: dict[bytes, int]) -> int:
    """Return the content's size; entries of a directory count each time, missing ones as stated."""
    if cid.binary in known:
        return known[cid.binary]
    node = seen.nodes.get(cid.binary)
    if isinstance(node, FileNode):
        size = node.file_size
    elif node is not None:
        size = sum(_content(link.cid, link.total_size, seen, known) for link in _links(seen, cid))
    else:
        held = seen.sizes.get(cid.binary) if cid.codec != DAG_PB else None
        size = stated if held is None else held
    known[cid.binary] = size
    return size
