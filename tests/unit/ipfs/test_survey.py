from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.ipfs.conftest import MakeStore
from tests.unit.ipfs.dags import TINY, directory_node, file_blocks, file_node, pb, random_bytes

from neurovoyance.ipfs.backend import Stat
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.survey import survey
from neurovoyance.ipfs.unixfs import Child
from neurovoyance.protocol.errors import StorageNotFound, StorageTooLarge


async def look(root: Cid, blocks: dict[Cid, bytes]) -> Stat:
    async def size_of(cid: Cid) -> int | None:
        return len(blocks[cid]) if cid in blocks else None

    async def read(cid: Cid) -> bytes | None:
        return blocks.get(cid)

    return await survey(root, size_of=size_of, read=read)


async def test_it_says_what_the_store_beside_it_says(make_store: MakeStore, tmp_path: Path) -> None:
    (tmp_path / "in" / "b").mkdir(parents=True)
    for name in ("a", "b/c", "b/d"):
        (tmp_path / "in" / name).write_bytes(b"x" * 500)
    for index in range(1200):
        (tmp_path / "in" / "b" / f"{index:0230d}").write_bytes(b"%d" % index)
    store = make_store()
    root = await store.add(tmp_path / "in", TINY)
    blocks = {cid: await store.get_block(cid) async for cid in store.list()}
    assert await look(root, blocks) == await store.stat(root)


async def test_missing_blocks_are_counted_and_a_missing_root_is_named() -> None:
    root, blocks = file_blocks(random_bytes(160))
    gone = Cid.of(random_bytes(160)[:16])
    del blocks[gone]
    stat = await look(root, blocks)
    assert stat.missing_count == 1 and not stat.is_complete and stat.size_bytes == 160
    with pytest.raises(StorageNotFound, match=str(gone)):
        await look(gone, blocks)


async def test_entries_that_multiply_cost_one_look_each() -> None:
    blocks = {Cid.of(b"x"): b"x"}
    cid = Cid.of(b"x")
    for _ in range(20):
        block = directory_node([(b"a", cid), (b"b", cid)])
        cid = pb(block)
        blocks[cid] = block
    assert (await look(cid, blocks)).size_bytes == 2**20


async def test_a_dag_that_is_too_deep_is_refused() -> None:
    blocks = {Cid.of(b"x"): b"x"}
    cid = Cid.of(b"x")
    for _ in range(40):
        block = file_node([Child(cid, 1, 1)])
        cid = pb(block)
        blocks[cid] = block
    with pytest.raises(StorageTooLarge):
        await look(cid, blocks)
