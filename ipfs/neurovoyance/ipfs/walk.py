"""Walks over the blocks held locally: which CIDs a root reaches, what it holds, how large it is.

Place: under pins, provision, statistics and collection; synchronous. Only inner nodes are read;
raw leaves are looked up. Each distinct block is visited once, so a DAG with repeated links costs
what its distinct blocks cost. Never: fail because something is missing or malformed below a root;
the caller decides what that means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from neurovoyance.ipfs.blockstore import BlockStore
from neurovoyance.ipfs.cid import DAG_PB, RAW, Cid
from neurovoyance.ipfs.dagpb import decode_node
from neurovoyance.ipfs.unixfs import FileNode, ShardNode, read_node
from neurovoyance.protocol.errors import SpecError, StorageError

MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Visit:
    """One distinct block of a walk; ``size_bytes`` is ``None`` when it is not held."""

    cid: Cid
    size_bytes: int | None


def walk(store: BlockStore, roots: Iterable[Cid]) -> Iterator[Visit]:
    """Yield each distinct CID reachable from ``roots`` through blocks that are held."""
    stack = list(roots)[::-1]
    seen: set[bytes] = set()
    while stack:
        cid = stack.pop()
        if cid.binary in seen:
            continue
        seen.add(cid.binary)
        yield Visit(cid, store.size_of(cid))
        stack.extend(reversed(_children(store, cid)))


def _children(store: BlockStore, cid: Cid) -> list[Cid]:
    if cid.codec != DAG_PB:
        return []
    block = store.read(cid)
    if block is None:
        return []
    try:
        return [link.cid for link in decode_node(block).links]
    except SpecError:
        return []


def content_size(store: BlockStore, root: Cid) -> int:
    """Return the content's size in bytes, repeated parts of a directory counted each time.

    Directories are summed with memory, so nesting that multiplies entries costs nothing; entries
    not held count with the total size that their link states.
    """
    known: dict[bytes, int] = {}

    def size(cid: Cid, stated: int, depth: int) -> int:
        if cid.binary in known:
            return known[cid.binary]
        if cid.codec == RAW:
            held = store.size_of(cid)
            return stated if held is None else held
        block = store.read(cid) if depth <= MAX_DEPTH else None
        result = stated
        if block is not None:
            try:
                node = read_node(cid, block)
            except (SpecError, StorageError):
                node = None
            if isinstance(node, FileNode):
                result = node.file_size
            elif node is not None:
                links = [link for _, link in node.entries]
                links += node.shards if isinstance(node, ShardNode) else ()
                result = sum(size(link.cid, link.total_size, depth + 1) for link in links)
        known[cid.binary] = result
        return result

    return size(root, 0, 0)
