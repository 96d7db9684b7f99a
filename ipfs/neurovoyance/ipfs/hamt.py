"""Sharded directories: a hash trie over the names, as Kubo writes and reads it.

Place: beside :mod:`.unixfs`, which tells when a directory is sharded and parses single shards.
A name's place is its murmur3-x64-64 hash, a byte a level; the trie follows from the set of names
alone, so the CID does not depend on the order of adding. Pure. Never: recurse past the eight
bytes that the hash has.

Source: https://specs.ipfs.tech/unixfs/#dag-pb-hamtdirectory
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mmh3

from neurovoyance.ipfs.cid import DAG_PB, Cid
from neurovoyance.ipfs.dagpb import Link, Node, encode_node
from neurovoyance.ipfs.unixfs import (
    HAMT_FANOUT,
    HAMT_HASH,
    HAMT_SHARD,
    Child,
    EmitBlock,
    ShardNode,
)
from neurovoyance.ipfs.varint import encode_varint
from neurovoyance.protocol.errors import StorageError

HASH_BYTES = 8
_HEAD = b"\x08" + bytes((HAMT_SHARD,))
_TAIL = b"\x28" + encode_varint(HAMT_HASH) + b"\x30" + encode_varint(HAMT_FANOUT)


@dataclass(frozen=True, slots=True)
class _Item:
    """A link to be placed, with the hash of its name."""

    digest: bytes
    link: Link


def name_hash(name: bytes) -> bytes:
    """Return the eight bytes that say where a name lies: murmur3-x64-64, big-endian."""
    first, _ = mmh3.hash64(name, seed=0, signed=False)
    return int(first).to_bytes(HASH_BYTES, "big")


def encode_sharded(links: Sequence[Link], emit: EmitBlock) -> Child:
    """Build a sharded directory of ``links``, whose names are checked already; return its root.

    Args:
        links: at least one, names distinct.
        emit: receives every block, children first, the root last.

    Raises:
        StorageError: two names share all eight bytes of their hash.
    """
    return _encode([_Item(name_hash(link.name), link) for link in links], 0, emit)


def _encode(items: list[_Item], depth: int, emit: EmitBlock) -> Child:
    if depth >= HASH_BYTES:
        raise StorageError(
            f"The names {items[0].link.name!r} and {items[1].link.name!r} have one hash and "
            "cannot lie in one sharded directory.",
            hint="Rename one of them.",
        )
    buckets: dict[int, list[_Item]] = {}
    for item in items:
        buckets.setdefault(item.digest[depth], []).append(item)
    links: list[Link] = []
    bits = 0
    for index in sorted(buckets):
        bits |= 1 << index
        prefix, bucket = f"{index:02X}".encode(), buckets[index]
        if len(bucket) == 1:
            link = bucket[0].link
            links.append(Link(link.cid, prefix + link.name, link.total_size))
        else:
            child = _encode(bucket, depth + 1, emit)
            links.append(Link(child.cid, prefix, child.total_size))
    field = bits.to_bytes((bits.bit_length() + 7) // 8, "big")
    data = _HEAD + b"\x12" + encode_varint(len(field)) + field + _TAIL
    block = encode_node(Node(tuple(links), data))
    cid = Cid.of(block, DAG_PB)
    emit(cid, block)
    return Child(cid, len(block) + sum(link.total_size for link in links), 0)


def find(shard: ShardNode, name: str, depth: int) -> Link | None:
    """Return the link that leads to ``name`` from a shard ``depth`` levels down.

    It is the entry itself, or the shard to look into next; ``None`` when the name is not there.
    """
    raw = name.encode("utf-8", "surrogateescape")
    if depth >= HASH_BYTES:
        return None
    prefix = f"{name_hash(raw)[depth]:02X}"
    for slot, entry, link in shard.slots:
        if slot == prefix:
            return link if entry in (None, name) else None
    return None
