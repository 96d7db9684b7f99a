"""UnixFS: files as balanced trees of raw leaves, directories as sorted links; same CIDs as Kubo.

Place: turns leaves into one CID (``FileTree``, ``encode_directory``) and one block back into
what it says (:func:`read_node`). Pure: no disk, no network. Never: believe a stated size; a
child is checked against its parent by whoever walks the tree.

Two profiles of IPIP-499 are written: ``unixfs-v0-2015`` and ``unixfs-v1-2025``. Source of the
message: https://specs.ipfs.tech/unixfs/ (fields Type 1, Data 2, filesize 3, blocksizes 4).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from neurovoyance.ipfs.cid import DAG_PB, RAW, Cid
from neurovoyance.ipfs.dagpb import InvalidBlock, Link, Node, decode_node, encode_node, read_fields
from neurovoyance.ipfs.varint import encode_varint
from neurovoyance.protocol.errors import StorageError

HAMT_THRESHOLD_BYTES = 256 * 1024
HAMT_SHARD = 5
HAMT_HASH = 0x22  # murmur3-x64-64
HAMT_FANOUT = 256
MAX_NAME_BYTES = 255
_FIELD_FILESIZE, _FIELD_BLOCKSIZE = b"\x18", b"\x20"
_DIRECTORY_DATA = b"\x08\x01"


@dataclass(frozen=True, slots=True)
class Profile:
    """How a file is cut: ``chunk_bytes`` a leaf, ``max_links`` children an inner node.

    ``shards_by_links``: a directory is sharded when names and CIDs of its links, instead of its
    whole block, pass 256 KiB.
    """

    name: str
    chunk_bytes: int
    max_links: int
    shards_by_links: bool = False


V0_2015 = Profile("unixfs-v0-2015", 256 * 1024, 174, shards_by_links=True)
V1_2025 = Profile("unixfs-v1-2025", 1024 * 1024, 1024)
DEFAULT_PROFILE = V1_2025
PROFILES = {profile.name: profile for profile in (V0_2015, V1_2025)}


class Kind(enum.Enum):
    """What a root names."""

    FILE = "file"
    DIRECTORY = "directory"


@dataclass(frozen=True, slots=True)
class Child:
    """One finished part of a tree: ``total_size`` counts its blocks, ``file_size`` its content."""

    cid: Cid
    total_size: int
    file_size: int


@dataclass(frozen=True, slots=True)
class FileNode:
    """A file or a part of one: inline ``data``, then ``children`` with their content sizes."""

    data: bytes
    children: tuple[Child, ...]
    file_size: int


@dataclass(frozen=True, slots=True)
class DirectoryNode:
    """A directory: safe, unique names with what they link to."""

    entries: tuple[tuple[str, Link], ...]


@dataclass(frozen=True, slots=True)
class ShardNode:
    """A part of a sharded directory: ``slots`` of (two hex digits, name, link).

    A slot without a name leads to the shard below it.
    """

    slots: tuple[tuple[str, str | None, Link], ...]

    @property
    def entries(self) -> tuple[tuple[str, Link], ...]:
        """The entries that lie in this shard itself."""
        return tuple((name, link) for _, name, link in self.slots if name is not None)

    @property
    def shards(self) -> tuple[Link, ...]:
        """The shards below."""
        return tuple(link for _, name, link in self.slots if name is None)


UnixNode = FileNode | DirectoryNode | ShardNode
EmitBlock = Callable[[Cid, bytes], object]


class FileTree:
    """Builds the balanced tree over leaves that come one by one, in order.

    Memory: one open node a level. ``emit`` receives each finished inner node. The result equals
    Kubo's ``add --raw-leaves`` with the profile's chunk size and link count.
    """

    def __init__(self, profile: Profile, emit: EmitBlock) -> None:
        self._max_links = profile.max_links
        self._emit = emit
        self._levels: list[list[Child]] = [[]]

    def add_leaf(self, cid: Cid, size_bytes: int) -> None:
        """Append a raw leaf of ``size_bytes`` bytes."""
        self._push(0, Child(cid, size_bytes, size_bytes))

    def finish(self) -> Child:
        """Close every open node and return the root; at least one leaf must have been added."""
        level = 0
        while level < len(self._levels):
            open_node = self._levels[level]
            is_top = level == len(self._levels) - 1
            if is_top and len(open_node) == 1:
                return open_node[0]
            if open_node:
                self._levels[level] = []
                self._push(level + 1, self._close(open_node))
            level += 1
        raise StorageError("A file tree was finished without a leaf.")

    def _push(self, level: int, child: Child) -> None:
        if level == len(self._levels):
            self._levels.append([])
        open_node = self._levels[level]
        if len(open_node) == self._max_links:
            self._levels[level] = [child]
            self._push(level + 1, self._close(open_node))
        else:
            open_node.append(child)

    def _close(self, children: list[Child]) -> Child:
        file_size = sum(child.file_size for child in children)
        data = bytearray(b"\x08\x02" + _FIELD_FILESIZE + encode_varint(file_size))
        for child in children:
            data += _FIELD_BLOCKSIZE + encode_varint(child.file_size)
        links = tuple(Link(child.cid, b"", child.total_size) for child in children)
        block = encode_node(Node(links, bytes(data)))
        cid = Cid.of(block, DAG_PB)
        self._emit(cid, block)
        total = len(block) + sum(child.total_size for child in children)
        return Child(cid, total, file_size)


def directory_links(entries: Iterable[tuple[str, Child]]) -> tuple[Link, ...]:
    """Return the links of a directory, sorted by the bytes of their names.

    Raises:
        StorageError: a name is unsafe or used twice.
    """
    links = tuple(
        sorted(
            (Link(child.cid, _name_bytes(name), child.total_size) for name, child in entries),
            key=lambda link: link.name,
        )
    )
    if len({link.name for link in links}) != len(links):
        raise StorageError("A directory has two entries of one name.")
    return links


def is_sharded(links: Sequence[Link], profile: Profile) -> bool:
    """Tell whether a directory of ``links`` is sharded (IPIP-499: above 256 KiB)."""
    if profile.shards_by_links:
        size_bytes = sum(len(link.name) + len(link.cid.binary) for link in links)
    else:
        size_bytes = len(encode_node(Node(tuple(links), _DIRECTORY_DATA)))
    return size_bytes > HAMT_THRESHOLD_BYTES


def encode_directory(links: Sequence[Link], emit: EmitBlock) -> Child:
    """Emit the one block of a directory that is not sharded; return its root."""
    block = encode_node(Node(tuple(links), _DIRECTORY_DATA))
    cid = Cid.of(block, DAG_PB)
    emit(cid, block)
    return Child(cid, len(block) + sum(link.total_size for link in links), 0)


def _name_bytes(name: str) -> bytes:
    raw = name.encode("utf-8", "surrogateescape")
    safe_name(raw)
    return raw


def safe_name(raw: bytes) -> str:
    """Return a directory entry's name, refused unless it is one plain path component.

    Raises:
        StorageError: empty, ``.``, ``..``, with a slash, NUL or control byte, not UTF-8, or
            longer than 255 bytes.
    """
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StorageError(f"The file name {raw[:64]!r} is not UTF-8.") from error
    is_control = any(ord(letter) < 32 or ord(letter) == 127 for letter in name)
    if not name or name in (".", "..") or "/" in name or "\\" in name or is_control:
        raise StorageError(f"The file name {name[:64]!r} is not one plain path component.")
    if len(raw) > MAX_NAME_BYTES:
        raise StorageError(f"A file name has {len(raw)} bytes; at most 255 are accepted.")
    return name


def read_node(cid: Cid, block: bytes) -> UnixNode:
    """Return what a verified block says.

    Raises:
        InvalidBlock: malformed, or sizes that do not add up.
        StorageError: a symbolic link, or another kind that is not read.
    """
    if cid.codec == RAW:
        return FileNode(block, (), len(block))
    node = decode_node(block)
    message = _read_data(node.data)
    kind, data, file_size, sizes = message.kind, message.data, message.file_size, message.sizes
    if kind == 1:
        return _read_directory(node)
    if kind == HAMT_SHARD:
        return _read_shard(cid, node, message)
    if kind not in (0, 2):
        name = {3: "metadata", 4: "symbolic link"}.get(kind, f"entry of type {kind}")
        raise StorageError(f"{cid} is a {name}, which is refused.", cid=str(cid))
    if len(sizes) != len(node.links):
        raise InvalidBlock(f"{cid} states {len(sizes)} sizes for {len(node.links)} links.")
    if file_size != len(data) + sum(sizes):
        raise InvalidBlock(f"{cid} states {file_size} bytes but its parts add up to another sum.")
    children = tuple(
        Child(link.cid, link.total_size, size) for link, size in zip(node.links, sizes, strict=True)
    )
    return FileNode(data, children, file_size)


def _read_directory(node: Node) -> DirectoryNode:
    entries: dict[str, Link] = {}
    for link in node.links:
        name = safe_name(link.name)
        if name in entries:
            raise InvalidBlock(f"A directory has two entries named {name[:64]!r}.")
        entries[name] = link
    return DirectoryNode(tuple(entries.items()))


def _read_shard(cid: Cid, node: Node, message: _Message) -> ShardNode:
    if (message.hash_type, message.fanout) != (HAMT_HASH, HAMT_FANOUT):
        raise InvalidBlock(
            f"{cid} is a shard with hash {message.hash_type:#x} and fan-out {message.fanout}; "
            f"only murmur3-x64-64 and {HAMT_FANOUT} are read."
        )
    slots: list[tuple[str, str | None, Link]] = []
    bits = 0
    for link in node.links:
        slot, raw = link.name[:2], link.name[2:]
        if len(slot) != 2 or any(letter not in b"0123456789ABCDEF" for letter in slot):
            raise InvalidBlock(f"{cid} is a shard with a link that names no slot.")
        if bits >> int(slot, 16):
            raise InvalidBlock(f"{cid} is a shard whose slots are out of order.")
        bits |= 1 << int(slot, 16)
        slots.append((slot.decode(), safe_name(raw) if raw else None, link))
    if int.from_bytes(message.data, "big") != bits or not slots:
        raise InvalidBlock(f"{cid} is a shard whose bit field does not match its links.")
    return ShardNode(tuple(slots))


@dataclass(slots=True)
class _Message:
    """The UnixFS fields of a node."""

    kind: int = -1
    data: bytes = b""
    file_size: int = 0
    sizes: list[int] = field(default_factory=list)
    hash_type: int = 0
    fanout: int = 0


def _read_data(message: bytes) -> _Message:
    found, stated = _Message(), None
    for number, value in read_fields(message):
        if number == 1 and isinstance(value, int):
            found.kind = value
        elif number == 2 and isinstance(value, bytes):
            found.data = value
        elif number == 3 and isinstance(value, int):
            stated = value
        elif number == 4 and isinstance(value, int):
            found.sizes.append(value)
        elif number == 4 and isinstance(value, bytes):
            raise InvalidBlock("The sizes of a node are packed, which no importer writes.")
        elif number == 5 and isinstance(value, int):
            found.hash_type = value
        elif number == 6 and isinstance(value, int):
            found.fanout = value
    if found.kind < 0:
        raise InvalidBlock("The node is not UnixFS: it states no type.")
    found.file_size = len(found.data) + sum(found.sizes) if stated is None else stated
    return found
