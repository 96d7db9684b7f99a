"""Fetching what others claim: absent, wrong and too large are one answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.disputing.content import Content


@pytest.fixture
async def content(tmp_path: Path) -> AsyncIterator[Content]:
    async with EmbeddedBackend(tmp_path / "store", allow_private_addresses=True) as storage:
        yield Content(storage, tmp_path / "disputes", allow_private=True, timeout_s=10)


async def test_what_is_served_lies_under_its_name_also_when_asked_twice(
    content: Content, tmp_path: Path
) -> None:
    cid = await content.storage.add(b"tensor")
    for _ in range(2):
        assert await content.fetch(cid, tmp_path / "x", [], 100)
    assert (tmp_path / "x").read_bytes() == b"tensor"


async def test_absent_too_large_and_nonsense_are_not_there(
    content: Content, tmp_path: Path
) -> None:
    large = await content.storage.add(b"x" * 1_000)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a").write_bytes(b"a")
    directory = await content.storage.add(folder)
    for wanted in (Cid.of(b"nobody has this"), large, directory, "nonsense", b"\x00"):
        assert not await content.fetch(wanted, tmp_path / "x", [], 100)
        assert not (tmp_path / "x").exists()


async def test_served_files_are_pinned_and_offered(content: Content, tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_bytes(path.name.encode())
    cids = await content.serve(paths, "trace 1", 2_000_000_000)
    assert [await content.storage.served_block(cid) for cid in cids] == [b"a", b"b"]
    assert {pin.cid for pin in await content.storage.pins()} == set(cids)
    await content.withdraw("trace 2")
    assert len(await content.storage.pins()) == 2
    await content.withdraw("trace 1")
    assert await content.storage.pins() == []
    assert await content.storage.served_block(cids[0]) is None


async def test_directories_are_made_empty_and_removed(content: Content) -> None:
    place = content.place("1-abc")
    (place / "x").write_text("x")
    await content.empty(place)
    assert list(place.iterdir()) == []
    await content.clear(place)
    await content.clear(place)
    assert not place.exists()


def test_sources_are_checked_and_named_once(tmp_path: Path) -> None:
    strict = Content(None, tmp_path, allow_private=False)  # type: ignore[arg-type]
    urls = ["https://a.example", "https://a.example", "http://127.0.0.1:1", "file:///etc", "x"]
    assert strict.usable(urls) == ["https://a.example"]
