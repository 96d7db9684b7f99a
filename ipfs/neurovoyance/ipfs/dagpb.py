"""The dag-pb block format: one protobuf node with links and data, in its canonical byte order.

Place: between :mod:`.cid` and :mod:`.unixfs`. Links come before data, a link is (hash, name,
total size), and links keep the order given (directories sort theirs). Never: recurse or
allocate more than the block's own length allows.

Source: https://ipld.io/specs/codecs/dag-pb/spec/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.varint import decode_varint, encode_varint
from neurovoyance.protocol.errors import SpecError

MAX_BLOCK_BYTES = 2 * 1024 * 1024


class InvalidBlock(SpecError):
    """A block has the hash asked for but is not a well-formed node; whoever made it is to blame."""

    code = "spec.block"


@dataclass(frozen=True, slots=True)
class Link:
    """A link to ``cid``; ``total_size`` is the claimed byte count of the whole DAG below it."""

    cid: Cid
    name: bytes
    total_size: int


@dataclass(frozen=True, slots=True)
class Node:
    """A dag-pb node."""

    links: tuple[Link, ...]
    data: bytes


def _field(tag: int, payload: bytes) -> bytes:
    return bytes((tag << 3 | 2,)) + encode_varint(len(payload)) + payload


def encode_node(node: Node) -> bytes:
    """Return the canonical bytes of ``node``."""
    out = bytearray()
    for link in node.links:
        body = _field(1, link.cid.binary) + _field(2, link.name)
        out += _field(2, body + b"\x18" + encode_varint(link.total_size))
    out += _field(1, node.data)
    return bytes(out)


def decode_node(block: bytes) -> Node:
    """Parse a block.

    Raises:
        InvalidBlock: not a canonical dag-pb node, or larger than two MiB.
        InvalidCid: a link names a CID that is not accepted here.
    """
    if len(block) > MAX_BLOCK_BYTES:
        raise InvalidBlock(f"The node has {len(block)} bytes; at most {MAX_BLOCK_BYTES} are read.")
    links: list[Link] = []
    data: bytes | None = None
    for number, value in read_fields(block):
        if not isinstance(value, bytes) or number not in (1, 2):
            raise InvalidBlock(f"The node has the unexpected field {number}.")
        if number == 2:
            if data is not None:
                raise InvalidBlock("The node has a link after its data.")
            links.append(_decode_link(value))
        elif data is not None:
            raise InvalidBlock("The node has data twice.")
        else:
            data = value
    return Node(tuple(links), data or b"")


def _decode_link(body: bytes) -> Link:
    cid: Cid | None = None
    name, size, last = b"", 0, 0
    for number, value in read_fields(body):
        if number <= last:
            raise InvalidBlock("A link has its fields out of order.")
        last = number
        if number == 1 and isinstance(value, bytes):
            cid, end = Cid.read_link(value)
            if end != len(value):
                raise InvalidBlock("A link has bytes after its hash.")
        elif number == 2 and isinstance(value, bytes):
            name = value
        elif number == 3 and isinstance(value, int):
            size = value
        else:
            raise InvalidBlock(f"A link has the unexpected field {number}.")
    if cid is None:
        raise InvalidBlock("A link has no hash.")
    return Link(cid, name, size)


def read_fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Yield ``(field number, value)`` of a protobuf message; only varints and byte strings.

    Raises:
        InvalidBlock: truncated, or of another wire type.
    """
    at = 0
    try:
        while at < len(data):
            key, at = decode_varint(data, at)
            if key & 7 == 0:
                value, at = decode_varint(data, at)
                yield key >> 3, value
            elif key & 7 == 2:
                length, at = decode_varint(data, at)
                if length > len(data) - at:
                    raise InvalidBlock("A field reaches past the end of its message.")
                yield key >> 3, bytes(data[at : at + length])
                at += length
            else:
                raise InvalidBlock(f"A field has the unknown wire type {key & 7}.")
    except InvalidBlock:
        raise
    except SpecError as error:
        raise InvalidBlock(f"The message is malformed: {error.message}") from error
