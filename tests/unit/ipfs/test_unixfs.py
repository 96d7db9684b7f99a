from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ipfs.dags import directory_node, file_blocks, file_node, pb
from tests.unit.ipfs.test_cid import VECTORS

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.dagpb import InvalidBlock, Link, Node, encode_node
from neurovoyance.ipfs.unixfs import (
    PROFILES,
    V0_2015,
    V1_2025,
    Child,
    DirectoryNode,
    FileNode,
    FileTree,
    Profile,
    directory_links,
    encode_directory,
    is_sharded,
    read_node,
    safe_name,
)
from neurovoyance.protocol.errors import NeurovoyanceError, StorageError

LEAF = Child(Cid.of(b"leaf"), 4, 4)


def golden_files() -> dict[str, bytes]:
    source = random.Random(1)
    files = {"f100": b"".join(source.randbytes(1 << 20) for _ in range(100))}
    files["f1"] = source.randbytes(1 << 20)
    files["f3"] = source.randbytes(3 * (1 << 20) + 12345)
    return files | {"small": b"hello world\n", "empty": b""}


def test_files_have_the_cids_that_kubo_gives_them() -> None:
    files = golden_files()
    for case in VECTORS["files"]:
        profile = PROFILES[case["profile"]]
        tree = FileTree(profile, lambda cid, block: None)
        data = memoryview(files[case["name"]])
        for offset in range(0, max(len(data), 1), profile.chunk_bytes):
            leaf = bytes(data[offset : offset + profile.chunk_bytes])
            tree.add_leaf(Cid.of(leaf), len(leaf))
        assert str(tree.finish().cid) == case["cid"], case


def test_the_empty_directory_has_its_well_known_cid() -> None:
    made = encode_directory([], lambda cid, block: None)
    assert str(made.cid) == VECTORS["empty_directory"]
    assert made.total_size == 4


@given(st.binary(max_size=800), st.integers(1, 20), st.integers(2, 5))
def test_any_file_reads_back_from_its_tree(data: bytes, chunk: int, links: int) -> None:
    root, blocks = file_blocks(data, Profile("any", chunk, links))

    def text(cid: Cid) -> bytes:
        node = read_node(cid, blocks[cid])
        assert isinstance(node, FileNode)
        parts = [text(child.cid) for child in node.children]
        assert [len(part) for part in parts] == [child.file_size for child in node.children]
        assert len(node.children) <= links
        return node.data + b"".join(parts)

    assert text(root) == data


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.just(LEAF), max_size=6))
def test_directories_read_back_or_are_refused(entries: dict[str, Child]) -> None:
    try:
        links = directory_links(entries.items())
    except StorageError:
        assert any(not name.isprintable() or set(name) & set("/\\.") for name in entries)
        return
    blocks: dict[Cid, bytes] = {}
    cid = encode_directory(links, blocks.__setitem__).cid
    node = read_node(cid, blocks[cid])
    assert isinstance(node, DirectoryNode)
    assert {name for name, _ in node.entries} == set(entries)
    assert [n for n, _ in node.entries] == sorted(entries, key=lambda name: name.encode())


@pytest.mark.parametrize(
    "name",
    [b"", b".", b"..", b"a/b", b"/", b"a\\b", b"a\x00", b"a\nb", b"\x7f", b"\xff\xfe", b"x" * 256],
)
def test_names_that_are_not_one_component_are_refused(name: bytes) -> None:
    with pytest.raises(StorageError):
        safe_name(name)
    with pytest.raises(StorageError):
        block = directory_node([(name, LEAF.cid)])
        read_node(pb(block), block)


def test_a_name_that_is_no_unicode_text_is_refused_on_writing() -> None:
    with pytest.raises(StorageError):
        directory_links([("\udcff", LEAF)])


def test_two_entries_of_one_name_are_refused() -> None:
    block = directory_node([(b"a", LEAF.cid), (b"a", LEAF.cid)])
    with pytest.raises(InvalidBlock):
        read_node(pb(block), block)
    with pytest.raises(StorageError):
        directory_links([("a", LEAF), ("a", LEAF)])


def test_a_directory_is_sharded_above_256_kib_by_block_or_by_links() -> None:
    # A link of a 30-byte name takes 66 bytes by names and CIDs, 75 in the block.
    fits_both, fits_links, fits_none = (
        directory_links((f"{index:030d}", LEAF) for index in range(count))
        for count in (3400, 3971, 3972)
    )
    assert not is_sharded(fits_both, V1_2025) and not is_sharded(fits_both, V0_2015)
    assert is_sharded(fits_links, V1_2025) and not is_sharded(fits_links, V0_2015)
    assert is_sharded(fits_none, V1_2025) and is_sharded(fits_none, V0_2015)


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"\x08\x04\x12\x03/etc", "symbolic"), (b"\x08\x63", "type")],
)
def test_kinds_that_are_not_read_are_named(data: bytes, words: str) -> None:
    block = encode_node(Node((), data.replace(b"\x03/etc", b"\x04/etc")))
    with pytest.raises(StorageError, match=words):
        read_node(pb(block), block)


def test_sizes_that_do_not_add_up_are_refused() -> None:
    for block in (
        file_node([LEAF], file_size=5),
        encode_node(Node((), b"\x08\x02\x18\x01")),
        encode_node(Node((Link(LEAF.cid, b"", 4),), b"\x08\x02\x18\x04")),
        encode_node(Node((Link(LEAF.cid, b"", 4),), b"\x08\x02\x18\x04\x22\x01\x04")),
        encode_node(Node((), b"")),
    ):
        with pytest.raises(InvalidBlock):
            read_node(pb(block), block)


@given(st.binary(max_size=60))
def test_random_unixfs_messages_never_crash(data: bytes) -> None:
    block = encode_node(Node((Link(LEAF.cid, b"n", 4),), data))
    try:
        read_node(pb(block), block)
    except NeurovoyanceError:
        return
