"""The same index in PostgreSQL as in SQLite, row for row, through reorganisations.

The cluster is the test's own: a temporary folder, a socket in it, no port; skipped where the
programs of PostgreSQL are not installed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.unit.marketplace.market_events import (
    DEPLOYMENT,
    address,
    batch_of,
    busy_market,
    contents,
    fresh,
    index_blocks,
    position,
    times,
)

from neurovoyance.chain.checkpoints import Checkpoint
from neurovoyance.marketplace.api.accounts import Accounts
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.marketplace.service_tables import SERVICE
from neurovoyance.protocol.errors import ConfigError, InternalError, SignatureError


def programs() -> Path:
    """Return the folder of the newest server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql).")
    return found[-1].parent


def as_nobody(command: list[str], folder: Path) -> None:
    """Run a program of PostgreSQL; it refuses to run as root, so then as ``nobody``."""
    user = "nobody" if os.geteuid() == 0 else None
    done = subprocess.run(
        command, user=user, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    bin_dir = programs()
    # A socket's path has to be short, and pytest's own folders are closed to other users.
    folder = Path(subprocess.check_output(["mktemp", "-d", "-t", "pg.XXXXXX"], text=True).strip())
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    data = folder / "data"
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    try:
        initdb = [str(bin_dir / "initdb"), "-D", str(data), "-U", "market", "-A", "trust"]
        as_nobody([*initdb, "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"], folder)
        control = [str(bin_dir / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log")]
        as_nobody([*control, "-o", options, "start"], folder)
        try:
            yield f"postgresql://market@/postgres?host={folder}"
        finally:
            as_nobody([*control, "-m", "immediate", "stop"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(cluster: str) -> Iterator[Database]:
    opened = Database(cluster)
    with opened.writer.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    yield opened
    opened.close()


def live(store: IndexStore) -> None:
    """Index a market, replace its newest blocks by others, go on."""
    index_blocks(store, busy_market(60, 10), "a", 3)
    other = busy_market(60, 10, chain="b")
    kept = store.newest_first()[2]
    events = [event for block in other[kept.block_number :] for event in block]
    to = Checkpoint(len(other), "0x" + "b" * 64)
    store.apply(batch_of(position(store), events, to, kept.block_number), times(events))


def test_both_databases_hold_the_same_rows(database: Database, tmp_path: Path) -> None:
    live(IndexStore(database, DEPLOYMENT))
    for embedded, store in fresh(tmp_path):
        live(store)
        assert contents(database) == contents(embedded)


def test_a_second_process_cannot_double_a_batch(database: Database) -> None:
    blocks = busy_market(4)
    one, other = (IndexStore(database, DEPLOYMENT) for _ in range(2))
    base = position(one)
    index_blocks(one, blocks[:1], "a", 1)
    with pytest.raises(InternalError, match="read again"):
        other.apply(batch_of(base, blocks[0], Checkpoint(1, "0x1")), times(blocks[0]))


def test_sign_ins_work_there_too(database: Database) -> None:
    accounts = Accounts(database)
    nonce, _ = accounts.new_nonce()
    secret, _ = accounts.open_session(nonce, address(1), 60)
    with pytest.raises(SignatureError):
        accounts.open_session(nonce, address(1), 60)
    assert accounts.caller(secret).address == address(1)
    assert accounts.begin_once("p", "r") is None
    accounts.end_once("p", 200, "{}")
    assert accounts.begin_once("p", "r") == (200, "{}")
    SERVICE.drop_all(database.writer)


def test_a_server_that_is_down_stops_the_start(tmp_path: Path) -> None:
    away = Database(f"postgresql://market:hidden@/postgres?host={tmp_path}")
    with pytest.raises(ConfigError) as refused:
        away.check()
    assert "hidden" not in str(refused.value)
    away.close()
