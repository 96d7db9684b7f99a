"""Servers are checked before anything starts, and their passwords stay out of sight."""

from __future__ import annotations

import importlib.util
import socket
from pathlib import Path

import pytest

from neurovoyance.chain.wallet import DEVNET_CHAIN_ID
from neurovoyance.cli import local_services
from neurovoyance.cli.local_services import (
    MarketProcess,
    Services,
    check_servers,
    missing_for_market,
    worker_line,
    worker_process,
)
from neurovoyance.marketplace.settings import make_settings
from neurovoyance.protocol.errors import ConfigError

SECRET = "hush-hush"
REDIS = f"redis://:{SECRET}@127.0.0.1:1/0"
POSTGRES = f"postgresql://market:{SECRET}@127.0.0.1:1/market"


def test_what_the_market_needs_is_known_before_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing_for_market() is None
    found = importlib.util.find_spec
    monkeypatch.setattr(
        local_services, "find_spec", lambda name: None if name == "fastapi" else found(name)
    )
    assert missing_for_market() == "fastapi"


@pytest.mark.parametrize(
    ("services", "why"),
    [
        (Services(redis_url=REDIS), "Redis"),
        (Services(redis_url="http://127.0.0.1:6379"), "Redis"),
        (Services(postgres_url=POSTGRES), "database|PostgreSQL"),
        (Services(postgres_url="sqlite:///market.sqlite"), "postgresql://"),
    ],
)
async def test_a_server_that_cannot_be_used_stops_the_start(services: Services, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        await check_servers(services)
    assert SECRET not in str(caught.value.to_wire())


async def test_nothing_is_asked_where_nothing_was_named() -> None:
    await check_servers(Services(has_market=True))


def test_passwords_are_never_arguments(tmp_path: Path) -> None:
    services = Services(has_market=True, redis_url=REDIS, postgres_url=POSTGRES, farm="f")
    market = MarketProcess(services, tmp_path, tmp_path / "local")
    worker = worker_process(services, tmp_path / "local")
    assert market.worker is not None
    for child, url in (
        (market.child, POSTGRES),
        (market.child, REDIS),
        (market.worker, POSTGRES),
        (market.worker, REDIS),
        (worker, REDIS),
    ):
        assert SECRET not in " ".join(child.arguments)
        assert url in child.environment.values()
    assert SECRET not in repr((services, market, worker))
    assert SECRET not in worker_line(services, tmp_path)
    assert services.node_settings() == {"farm_redis": REDIS, "farm_name": "f"}
    assert Services().node_settings() == {}


def test_the_index_is_a_file_of_the_network_unless_told_otherwise(tmp_path: Path) -> None:
    market = MarketProcess(Services(has_market=True), tmp_path, tmp_path / "local")
    assert f"sqlite:///{tmp_path}/local/market/index.sqlite" in market.child.environment.values()
    assert market.url.endswith(str(market.port))
    assert market.children == [market.child], "no worker without Redis"


def test_the_market_is_told_what_its_pages_show(tmp_path: Path) -> None:
    market = MarketProcess(Services(has_market=True), tmp_path, tmp_path / "local")
    market.tell("http://127.0.0.1:8545", 30, ["http://127.0.0.1:1", "http://127.0.0.1:2"])
    known = {"chain_id": DEVNET_CHAIN_ID, "rpc_urls": ["http://127.0.0.1:8545"]}
    settings = make_settings(known | {"deployment_path": tmp_path}, market.child.environment)
    assert settings.wallet_rpc_url == "http://127.0.0.1:8545"
    assert settings.faucet_account == 30
    assert settings.node_urls == ("http://127.0.0.1:1", "http://127.0.0.1:2")
    # No key: the account is a number, and only the development chain knows it.
    assert not any(len(value) == 66 for value in market.child.environment.values())


def test_a_market_port_in_use_is_explained(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        services = Services(has_market=True, market_port=taken.getsockname()[1])
        with pytest.raises(ConfigError, match="in use already") as caught:
            MarketProcess(services, tmp_path, tmp_path)
    assert "--no-market" in caught.value.hint


async def test_a_market_that_cannot_start_says_why(tmp_path: Path) -> None:
    market = MarketProcess(Services(has_market=True), tmp_path, tmp_path / "local")
    market.child.arguments = ["no.such.module"]
    with pytest.raises(ConfigError, match="The market did not start"):
        await market.start()


async def test_an_index_that_cannot_be_made_anew_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_services, "_COMMAND", "no.such.module")
    market = MarketProcess(Services(True, postgres_url=POSTGRES), tmp_path, tmp_path / "local")
    with pytest.raises(ConfigError, match="could not be made anew") as caught:
        await market.start()
    assert SECRET not in str(caught.value.to_wire())
    assert market.child.process is None
