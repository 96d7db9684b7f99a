"""``storage get`` fetches from whoever has it, verified."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from starlette.responses import Response
from tests.unit.cli.storage_cli import Storage, storage
from tests.unit.ipfs.conftest import Serve, serve
from tests.unit.ipfs.dags import random_bytes
from tests.unit.ipfs.serving import Scripted

from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.gateway import gateway_app

__all__ = ["serve", "storage"]

DATA = random_bytes(3_000_000)


async def published(folder: Path, source: Path) -> tuple[Cid, EmbeddedBackend]:
    store = EmbeddedBackend(folder)
    cid = await store.add(source)
    await store.provide(cid)
    return cid, store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    (made / "sub").mkdir(parents=True)
    (made / "sub" / "data").write_bytes(DATA)
    (made / "note.txt").write_bytes(b"note")
    return made


def test_a_folder_and_a_file_in_it_come_from_a_source(
    storage: Storage, serve: Serve, tmp_path: Path, folder: Path
) -> None:
    cid, store = asyncio.run(published(tmp_path / "other", folder))
    source = ["--from", serve(gateway_app(store)), "--private"]
    got = storage("get", f"{cid}/sub/data", "-o", tmp_path / "data", *source)
    assert (tmp_path / "data").read_bytes() == DATA
    assert got["size_bytes"] == len(DATA)
    assert storage("ls", cid, *source)["entries"][0]["name"] == "note.txt"
    storage("get", f"/ipfs/{cid}", "-o", tmp_path / "out", *source)
    assert (tmp_path / "out" / "sub" / "data").read_bytes() == DATA
    # What is there is used without anybody.
    storage("get", cid, "-o", tmp_path / "again")
    asyncio.run(store.close())


def test_a_liar_and_a_missing_entry_are_plain_errors(
    storage: Storage, serve: Serve, tmp_path: Path
) -> None:
    liar = serve(Scripted(lambda cid, request: Response(b"wrong")).app)
    cid = Cid.of(b"right")
    words = storage("get", cid, "--gateway", liar, "--private", code=1, text=True)
    assert "wrong bytes" in " ".join(words.split())
    assert storage("status")["banned"] == {liar: 1}
    (tmp_path / "f").write_bytes(b"x")
    file_cid = storage("add", tmp_path / "f")["cid"]
    assert "no entry" in storage("get", f"{file_cid}/x", code=1)["error"]["message"]


def test_what_is_no_identifier_is_refused_early(storage: Storage) -> None:
    assert storage("get", "hello", code=2)["error"]["code"] == "spec.cid"
    assert "private" in storage(
        "get", Cid.of(b"x"), "--gateway", "http://127.0.0.1:1", code=2, text=True
    )
