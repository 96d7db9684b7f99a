"""The commands find their settings and say plainly what is missing."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.cli.main import run
from neurovoyance.cli.market_serve import _settings
from neurovoyance.client.settings import NetworkProfile, save_profile


@pytest.fixture
def home(tmp_path: Path) -> Path:
    profile = NetworkProfile(
        name="n", chain_id=31337, rpc_urls=["http://127.0.0.1:9"], deployment="d.json"
    )
    save_profile(profile, tmp_path / "network.json")
    return tmp_path


def test_settings_come_from_the_home_folder_the_environment_and_options(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _settings(home, port=5)
    assert settings.database_url.get_secret_value().startswith("sqlite:///")
    assert (settings.port, settings.host, settings.chain_id) == (5, "127.0.0.1", 31337)
    assert settings.deployment_path == home / "d.json"
    monkeypatch.setenv("NEUROVOYANCE_MARKET_DATABASE_URL", "postgresql://db/x")
    assert _settings(home).database_url.get_secret_value() == "postgresql://db/x"


def test_nodes_of_this_machine_are_named_by_option(home: Path) -> None:
    settings = _settings(home, node_urls=["http://127.0.0.1:8420"])
    assert settings.node_urls == ("http://127.0.0.1:8420",)


def test_a_node_of_another_machine_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["market", "serve", "--node", "http://10.0.0.1:8420", "--home", str(home), "--json"]
    assert run(arguments) == 2
    assert "node_urls" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_a_missing_deployment_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["market", "reindex", "--home", str(home), "--json"]) == 2
    assert "deployment" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_a_missing_extra_says_what_to_install(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name.startswith("neurovoyance.marketplace"):
            raise ModuleNotFoundError("gone", name="fastapi")
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert run(["market", "serve", "--home", str(home), "--json"]) == 2
    monkeypatch.undo()
    assert "neurovoyance[market]" in json.loads(capsys.readouterr().out)["error"]["hint"]
