"""A service over an index of a small market, without a server or a chain."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.unit.marketplace.market_events import DEPLOYMENT, busy_market, index_blocks

from neurovoyance.marketplace.api.accounts import Accounts
from neurovoyance.marketplace.api.app import make_app, make_parts
from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.loop import Progress
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.marketplace.settings import make_settings

JOBS, NOW_S = 30, 1_800_000_000


@dataclass
class Clock:
    now_s: float = NOW_S

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'index.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def store(database: Database) -> IndexStore:
    return IndexStore(database, DEPLOYMENT)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(database: Database, clock: Clock) -> Accounts:
    return Accounts(database, clock)


@pytest.fixture
def settings_given(tmp_path: Path) -> dict[str, object]:
    """What the settings of ``service`` are made with; a test may give others."""
    return {
        "database_url": "sqlite:///unused",
        "rpc_urls": ["http://127.0.0.1:1"],
        "chain_id": 31337,
        "deployment_path": tmp_path / "deployment.json",
        "state_dir": tmp_path,
        "reads_per_minute": 100_000,
        "writes_per_minute": 100_000,
    }


@pytest.fixture
def parts(
    database: Database,
    store: IndexStore,
    accounts: Accounts,
    clock: Clock,
    settings_given: dict[str, object],
) -> Parts:
    index_blocks(store, busy_market(JOBS), "a", 3)
    progress = Progress(chain_time_s=int(clock.now_s))
    settings = make_settings(settings_given, {})
    return make_parts(settings, DEPLOYMENT, database, progress, port=80, accounts=accounts)


@pytest.fixture
async def service(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(make_app(parts), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client
