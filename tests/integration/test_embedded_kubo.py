"""A real Kubo reads what we wrote, and we read what it wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration import kubo_library
from tests.unit.ipfs.dags import random_bytes

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.unixfs import PROFILES

pytestmark = pytest.mark.skipif(
    kubo_library.library_path() is None,
    reason=f"the embedded Kubo is not installed ({kubo_library.PIP})",
)
ENTRIES, WIDTH = 1300, 200  # names of this length pass 256 KiB together


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files of one and of several leaves, a nested folder, and one that is sharded."""
    top = tmp_path / "tree"
    (top / "nested" / "deep").mkdir(parents=True)
    (top / "empty.bin").write_bytes(b"")
    (top / "small.txt").write_bytes(b"hello world\n")
    (top / "nested" / "large").write_bytes(random_bytes(3_000_000))
    (top / "nested" / "deep" / "ä ö 語").write_bytes(b"name")
    (top / "many").mkdir()
    for index in range(ENTRIES):
        (top / "many" / f"{index:0{WIDTH}d}").write_bytes(b"file %d" % index)
    return top


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    made = tmp_path / "repo"
    made.mkdir()
    kubo_library.call(made, "init")
    return made


def content(top: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
async def test_kubo_reads_what_we_wrote(
    tree: Path, repo: Path, tmp_path: Path, profile: object
) -> None:
    async with EmbeddedBackend(tmp_path / "store") as store:
        cid = await store.add(tree, profile)  # type: ignore[arg-type]
        async for block in store.list():
            kubo_library.write_block(repo, block, await store.get_block(block))
    kubo_library.call(repo, "get", cid, tmp_path / "out")
    assert content(tmp_path / "out") == content(tree)


async def test_we_read_what_kubo_wrote(tree: Path, repo: Path, tmp_path: Path) -> None:
    # Kubo's default is version 0: inner nodes and wrapped leaves, all of them dag-pb.
    text = kubo_library.call(repo, "add", tree)
    async with EmbeddedBackend(tmp_path / "store") as store:
        for cid, data in kubo_library.read_blocks(repo):
            await store.put_block(cid, data)
        await store.fetch(Cid.from_any_text(text), tmp_path / "out")
    assert content(tmp_path / "out") == content(tree)
