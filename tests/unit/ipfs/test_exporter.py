from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.ipfs.dags import directory_node, file_blocks, pb
from tests.unit.ipfs.test_reader import reader_of

from neurovoyance.ipfs.backend import Progress, ProgressMeter
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.dagpb import Node, encode_node
from neurovoyance.ipfs.exporter import Exporter
from neurovoyance.protocol.errors import (
    NeurovoyanceError,
    StorageError,
    StorageNotFound,
    StorageTooLarge,
)

FILE = Cid.of(b"content")


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def exporter(blocks: dict[Cid, bytes], max_bytes: int = 10_000) -> Exporter:
    return Exporter(reader_of(blocks | {FILE: b"content"}), ProgressMeter(None), max_bytes)


@pytest.mark.parametrize(
    "name", [b"..", b".", b"", b"/etc/passwd", b"../up", b"a/b", b"a\\b", b"a\x00b", b"\xff"]
)
async def test_a_name_that_leaves_its_directory_is_refused(tmp_path: Path, name: bytes) -> None:
    (tmp_path / "in").mkdir()
    block = directory_node([(b"fine", FILE), (name, FILE)])
    with pytest.raises(NeurovoyanceError):
        await exporter({pb(block): block}).write(pb(block), tmp_path / "in" / "out")
    assert [path.name for path in tmp_path.rglob("*")] == ["in"]


async def test_symbolic_links_in_content_are_refused(tmp_path: Path) -> None:
    link = encode_node(Node((), b"\x08\x04\x12\x0b/etc/passwd"))
    block = directory_node([(b"link", pb(link))])
    with pytest.raises(StorageError, match="symbolic"):
        await exporter({pb(block): block, pb(link): link}).write(pb(block), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


async def test_a_missing_block_leaves_nothing_behind(tmp_path: Path) -> None:
    block = directory_node([(b"a", FILE), (b"b", Cid.of(b"missing"))])
    with pytest.raises(StorageNotFound):
        await exporter({pb(block): block}).write(pb(block), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


async def test_the_limit_counts_repeats(tmp_path: Path) -> None:
    block = directory_node((str(n).encode(), FILE) for n in range(10))
    with pytest.raises(StorageTooLarge):
        await exporter({pb(block): block}, max_bytes=69).write(pb(block), tmp_path / "a")
    await exporter({pb(block): block}, max_bytes=70).write(pb(block), tmp_path / "b")
    assert len(list((tmp_path / "b").iterdir())) == 10
    assert not (tmp_path / "a").exists()


async def test_nothing_is_visible_under_the_final_name_before_the_end(tmp_path: Path) -> None:
    root, blocks = file_blocks(bytes(range(200)))
    seen: list[list[str]] = []
    meter = ProgressMeter(lambda progress: seen.append(names_in(tmp_path)))
    await Exporter(reader_of(blocks), meter, 1000).write(root, tmp_path / "out")
    assert seen and all("out" not in names for names in seen)
    assert names_in(tmp_path) == ["out"]


async def test_a_name_taken_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    def take_name(progress: Progress) -> None:
        (tmp_path / "out").write_bytes(b"theirs")

    meter = ProgressMeter(take_name)
    with pytest.raises(StorageError):
        await Exporter(reader_of({FILE: b"content"}), meter, 1000).write(FILE, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"theirs"
    assert names_in(tmp_path) == ["out"]


async def test_the_parent_must_exist(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        await exporter({}).write(FILE, tmp_path / "no" / "out")
