"""Journals are copied whole while they are written to, and only into an empty folder."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tomllib
from pathlib import Path

import pytest

from neurovoyance.chain.wallet import Wallet
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.operations.backup import collect, restore
from neurovoyance.node.operations.bundle import pack, unpack
from neurovoyance.node.settings import load_settings
from neurovoyance.node.sqlite_file import SqliteFile
from neurovoyance.protocol.errors import ConfigError

SCHEMA = "CREATE TABLE IF NOT EXISTS t (x INTEGER) STRICT;"


class Book(SqliteFile):
    def add(self, number: int) -> None:
        with self._transaction():
            self._db.execute("INSERT INTO t VALUES (?)", (number,))


@pytest.fixture
def provider(tmp_path: Path) -> tuple[Path, Path]:
    """A home with a key, a profile, and a node with an operator's key and a journal."""
    home = tmp_path / "home"
    node = home / "node"
    Wallet.create(home / "keys" / "me.json", "password", scrypt_n=2)
    Wallet.create(node / "operator.json", "password", scrypt_n=2)
    (home / "local").mkdir()
    (home / "local" / "deployment.json").write_text('{"a": 1}')
    profile = {"name": "x", "deployment": "local/deployment.json"}
    (home / "network.json").write_text(json.dumps(profile))
    config = node / "node.toml"
    lines = {
        "rpc_urls": ["http://127.0.0.1:1"],
        "deployment_path": str(home / "local" / "deployment.json"),
        "data_dir": str(node / "data"),
        "owner": "0x" + "11" * 20,
        "operator_keystore": str(node / "operator.json"),
        "operator_password_file": str(node / "password"),
        "chain_id": 1,
    }
    text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in lines.items())
    config.write_text("# mine\n" + text + '\n[idle]\nmode = "idle"\n')
    (node / "password").write_text("password\n")
    return home, config


async def test_everything_needed_is_there_and_nothing_secret_in_the_clear(
    provider: tuple[Path, Path], tmp_path: Path
) -> None:
    home, config = provider
    settings = load_settings(config, {})
    book = Book(settings.data_dir / "journal.sqlite", SCHEMA, {"market": "x"})
    book.add(7)
    (settings.data_dir / "control.token").write_text("token")
    (settings.data_dir / "outputs").mkdir()
    (settings.data_dir / "outputs" / "one").write_bytes(b"output")
    async with EmbeddedBackend(settings.data_dir / "storage") as store:
        cid = await store.add(b"envelope of a result")
        await store.pin(cid, name="envelope", expiry=2_000_000_000)
        await store.add(b"a model that can be fetched again")
    bundle = unpack(pack(await collect(home, settings, config)))
    book.add(8)  # after the backup
    book.close()
    names = set(bundle.files)
    assert {"keys/me.json", "node/operator.json", "node/node.toml", "network.json"} <= names
    assert {"node/data/journal.sqlite", "node/data/outputs/one"} <= names
    assert not any("token" in name or "password" in name or "-wal" in name for name in names)

    new = tmp_path / "new"
    await restore(bundle, new)
    restored = load_settings(new / "node" / "node.toml", {})
    assert restored.data_dir == new / "node" / "data"
    assert restored.operator_password_file is None
    assert restored.idle.mode.value == "idle", "tables stay"
    assert restored.deployment_path.read_text() == '{"a": 1}'
    assert Wallet.open(restored.operator_keystore or new, "password").address
    assert json.loads((new / "network.json").read_text())["deployment"] == "deployment.json"
    with contextlib.closing(sqlite3.connect(new / "node/data/journal.sqlite")) as database:
        assert database.execute("SELECT x FROM t").fetchall() == [(7,)]
    async with EmbeddedBackend(restored.data_dir / "storage") as store:
        assert b"".join([piece async for piece in store.open(cid)]) == b"envelope of a result"
        assert [pin.expires_s for pin in await store.pins()] == [2_000_000_000]
        assert await store.served_block(cid) is not None, "clients can fetch it"
    for path in new.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0 or path.is_dir() or "storage" in str(path), path
    assert tomllib.loads((new / "node" / "node.toml").read_text())["chain_id"] == 1


async def test_nothing_is_written_over(provider: tuple[Path, Path], tmp_path: Path) -> None:
    home, config = provider
    bundle = await collect(home, load_settings(config, {}), config)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        await restore(bundle, tmp_path / "full")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]


async def test_a_damaged_journal_and_a_swapped_key_are_found(
    provider: tuple[Path, Path], tmp_path: Path
) -> None:
    home, config = provider
    settings = load_settings(config, {})
    Book(settings.data_dir / "journal.sqlite", SCHEMA, {"market": "x"}).close()
    bundle = await collect(home, settings, config)
    whole = bundle.files["node/data/journal.sqlite"]
    bundle.files["node/data/journal.sqlite"] = whole[: len(whole) // 2]
    with pytest.raises((ConfigError, sqlite3.DatabaseError)):
        await restore(bundle, tmp_path / "damaged")
    bundle.files["node/data/journal.sqlite"] = whole
    bundle.files["keys/me.json"] = bundle.files["node/operator.json"]
    with pytest.raises(ConfigError, match="another key"):
        await restore(bundle, tmp_path / "swapped")


async def test_an_empty_home_has_nothing_to_keep(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing to back up"):
        await collect(tmp_path, None, None)
