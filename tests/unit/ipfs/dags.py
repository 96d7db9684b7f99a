"""Blocks built by hand, honest and hostile, for the tests of this folder."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterable

from neurovoyance.ipfs.cid import DAG_PB, Cid
from neurovoyance.ipfs.dagpb import Link, Node, encode_node
from neurovoyance.ipfs.unixfs import Child, FileTree, Profile
from neurovoyance.ipfs.varint import encode_varint

TINY = Profile("test-tiny", 16, 3)


def random_bytes(size_bytes: int, seed: int = 7) -> bytes:
    return random.Random(seed).randbytes(size_bytes)


def file_blocks(data: bytes, profile: Profile = TINY) -> tuple[Cid, dict[Cid, bytes]]:
    """Return the root and all blocks of a file."""
    blocks: dict[Cid, bytes] = {}
    tree = FileTree(profile, blocks.__setitem__)
    for offset in range(0, max(len(data), 1), profile.chunk_bytes):
        leaf = data[offset : offset + profile.chunk_bytes]
        blocks[Cid.of(leaf)] = leaf
        tree.add_leaf(Cid.of(leaf), len(leaf))
    return tree.finish().cid, blocks


def file_node(children: Iterable[Child], file_size: int | None = None) -> bytes:
    """Return a file node with whatever sizes are stated."""
    parts = list(children)
    size = sum(part.file_size for part in parts) if file_size is None else file_size
    data = b"\x08\x02\x18" + encode_varint(size)
    data += b"".join(b"\x20" + encode_varint(part.file_size) for part in parts)
    links = tuple(Link(part.cid, b"", part.total_size) for part in parts)
    return encode_node(Node(links, data))


def directory_node(entries: Iterable[tuple[bytes, Cid]]) -> bytes:
    """Return a directory node with whatever names are given."""
    links = tuple(Link(cid, name, 1) for name, cid in entries)
    return encode_node(Node(links, b"\x08\x01"))


def pb(block: bytes) -> Cid:
    return Cid.of(block, DAG_PB)


async def collect(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def pieces_of(data: bytes, size_bytes: int = 1000) -> AsyncIterator[bytes]:
    for offset in range(0, len(data), size_bytes):
        yield data[offset : offset + size_bytes]


def chain(depth: int) -> tuple[Cid, dict[Cid, bytes]]:
    """Return a file of one byte under ``depth`` inner nodes."""
    blocks = {Cid.of(b"x"): b"x"}
    cid = Cid.of(b"x")
    for _ in range(depth):
        block = file_node([Child(cid, 1, 1)])
        cid = pb(block)
        blocks[cid] = block
    return cid, blocks
