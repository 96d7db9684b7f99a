"""``up`` keeps a network running that other commands use without any flags."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.cli.main import run
from neurovoyance.client.settings import load_profile
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
