"""``up`` keeps a network running that other commands use without any flags."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.cli import local_services
from neurovoyance.cli.main import run
from neurovoyance.cli.up import _services
from neurovoyance.client.settings import load_profile
from neurovoyance.protocol.errors import ConfigError
from neurovoyance.protocol.ids import ZERO_ADDRESS


def test_the_profile_leads_to_the_network(network: dict[str, Any]) -> None:
    profile = load_profile(Path(network["home"]) / "network.json")
    assert profile.rpc_urls == [network["rpc_url"]]
    deployment = json.loads((Path(network["home"]) / "local" / "deployment.json").read_text())
    assert network["contracts"]["market"] in json.dumps(deployment)


def test_audits_are_there_only_if_asked_for(
    network: dict[str, Any], audited_network: dict[str, Any]
) -> None:
    courts = ("registry", "audit_court", "dispute_court")
    assert {network["contracts"][name] for name in courts} == {ZERO_ADDRESS}
    assert ZERO_ADDRESS not in {audited_network["contracts"][name] for name in courts}


def test_a_second_network_does_not_wipe_the_first(
    network: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["up", "--home", network["home"], "--json"]) == 2
    assert "runs in" in json.loads(capsys.readouterr().out)["error"]["message"]
    assert (Path(network["home"]) / "local" / "deployment.json").exists()


def test_a_daemon_that_does_not_answer_stops_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["up", "--home", str(tmp_path), "--kubo", "http://127.0.0.1:9", "--json"]
    assert run(command) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "storage.unreachable"
    assert not (tmp_path / "local").exists()


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)["error"]
    return found


def test_servers_that_do_not_answer_stop_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ["up", "--port", "0", "--home", str(tmp_path), "--json"]
    for option, url in (
        ("--redis", "redis://:hush@127.0.0.1:1"),
        ("--postgres", "postgresql://market:hush@127.0.0.1:1/market"),
    ):
        assert run([*here, option, url]) == 2
        assert "hush" not in json.dumps(told(capsys))
    assert run([*here, "--rpc", "http://127.0.0.1:1", "--no-market"]) != 0
    assert told(capsys)["code"] == "chain.rpc"


def test_a_database_without_the_market_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    postgres = ["--postgres", "postgresql://market@127.0.0.1:1/market"]
    assert run(["up", "--home", str(tmp_path), "--json", "--no-market", *postgres]) == 2
    assert "--no-market" in told(capsys)["message"]


def test_without_its_packages_the_market_is_left_out_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(local_services, "missing_for_market", lambda: "fastapi")
    assert not _services(True, 0, None, None).has_market
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "The market's service is left out, as fastapi is not installed: "
        "pip install 'neurovoyance[market]'"
    ]
    with pytest.raises(ConfigError, match="fastapi is not installed"):
        _services(True, 0, None, "postgresql://market@/market")


def test_two_networks_never_share_a_farm() -> None:
    farms = {_services(False, 0, "redis://127.0.0.1", None).farm for _ in range(2)}
    assert len(farms) == 2
