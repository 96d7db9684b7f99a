"""The settings decide what stands behind the pages, and all of it is closed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.marketplace.market_events import DEPLOYMENT, address

from neurovoyance.marketplace.dapp.opening import _endpoints, opened_side
from neurovoyance.marketplace.dapp.side import STATIC
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.schema import PROVIDER
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.marketplace.settings import make_settings
from neurovoyance.protocol.errors import ConfigError

CONTRACTS: Any = SimpleNamespace(client=SimpleNamespace(chain_id=31337), deployment=DEPLOYMENT)


async def test_the_devnet_has_everything_that_was_named(
    settings_given: dict[str, object], database: Database, tmp_path: Path
) -> None:
    settings = make_settings(
        settings_given | {"faucet_account": 30, "node_urls": ["http://127.0.0.1:9"]}, {}
    )
    async with opened_side(settings, CONTRACTS, database) as side:
        assert side.faucet is not None
        assert side.nodes is not None
        assert side.nodes.urls == ("http://127.0.0.1:9",)
        assert side.storage is not None
        assert side.storage.upload_max_bytes == 1 << 30
        assert (tmp_path / "storage").is_dir()
        assert side.static == STATIC


async def test_a_real_chain_has_the_relay_alone_unless_told(
    settings_given: dict[str, object], database: Database, tmp_path: Path
) -> None:
    settings = make_settings(settings_given | {"chain_id": 1}, {})
    async with opened_side(settings, CONTRACTS, database) as side:
        assert (side.faucet, side.nodes, side.storage) == (None, None, None)
        assert side.upstream is not None
    assert not (tmp_path / "storage").exists()
    keeping = make_settings(settings_given | {"chain_id": 1, "upload_max_bytes": 5}, {})
    async with opened_side(keeping, CONTRACTS, database) as side:
        assert side.storage is not None
        assert side.storage.upload_max_bytes == 5


def test_a_faucet_off_the_devnet_stops_the_start(settings_given: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="faucet_account"):
        make_settings(settings_given | {"chain_id": 1, "faucet_account": 30}, {})


@pytest.mark.parametrize("url", ["http://10.0.0.1:8420", "https://127.0.0.1", "http://x/", "node"])
def test_only_nodes_of_this_machine_are_shown(settings_given: dict[str, object], url: str) -> None:
    with pytest.raises(ConfigError, match="node_urls"):
        make_settings(settings_given | {"node_urls": [url]}, {})


def test_the_newest_providers_are_asked_for_files(store: IndexStore, database: Database) -> None:
    with database.writer.begin() as connection:
        for number, url in enumerate(["http://a", "", "http://b"]):
            row = {"provider": address(number), "endpoint": url, "born": number}
            filled = {
                column.name: row.get(column.name, "0" if column.type.python_type is str else 0)
                for column in PROVIDER.columns
            }
            connection.execute(PROVIDER.insert().values(**filled))
    assert _endpoints(database)() == ["http://b", "http://a"]
