from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.ipfs.dags import directory_node, file_blocks, pb, random_bytes

from neurovoyance.ipfs.blockstore import BlockStore
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.walk import content_size, walk


@pytest.fixture
def store(tmp_path: Path) -> Iterator[BlockStore]:
    made = BlockStore(tmp_path / "s")
    yield made
    made.close()


def test_a_walk_is_depth_first_and_visits_each_block_once(store: BlockStore) -> None:
    root, blocks = file_blocks(random_bytes(100))
    folder = directory_node([(b"a", root), (b"b", root)])
    for cid, block in (blocks | {pb(folder): folder}).items():
        store.put(cid, block)
    visits = list(walk(store, [pb(folder), root]))
    assert [v.cid for v in visits[:2]] == [pb(folder), root]
    assert len(visits) == len({v.cid for v in visits}) == len(blocks) + 1
    assert all(v.size_bytes is not None for v in visits)


def test_what_is_missing_is_said_and_not_followed(store: BlockStore) -> None:
    root, blocks = file_blocks(random_bytes(100))
    store.put(root, blocks[root])
    sizes = [visit.size_bytes for visit in walk(store, [root])]
    assert sizes[0] == len(blocks[root]) and set(sizes[1:]) == {None}


def test_a_malformed_block_ends_the_walk_there(store: BlockStore) -> None:
    store.put(pb(b"\xff\xff"), b"\xff\xff")
    assert len(list(walk(store, [pb(b"\xff\xff")]))) == 1
    assert content_size(store, pb(b"\xff\xff")) == 0


def test_the_size_of_a_directory_counts_repeats_and_stated_sizes(store: BlockStore) -> None:
    store.put(Cid.of(b"12345"), b"12345")
    folder = directory_node(
        [(b"a", Cid.of(b"12345")), (b"b", Cid.of(b"12345")), (b"c", Cid.of(b"?"))]
    )
    store.put(pb(folder), folder)
    assert content_size(store, pb(folder)) == 5 + 5 + 1
