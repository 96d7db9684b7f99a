"""``node init`` makes keys, settings and a stake, and changes nothing when repeated."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from neurovoyance.cli.main import run
from neurovoyance.cli.node_init import CPU_MAX_C, _idle_table, _kept, _own_pool
from neurovoyance.cli.opened import opened
from neurovoyance.node.idle.settings import Mode
from neurovoyance.node.settings import load_settings
from neurovoyance.protocol.certificate import pool_of


@pytest.fixture
def provider_home(joined_network: dict[str, Any], tmp_path: Path) -> Path:
    """A home of an account of the same network that is no provider yet and holds tokens."""
    folder, home = tmp_path / "provider", Path(joined_network["home"])
    folder.mkdir()
    profile = json.loads((home / "network.json").read_text())
    profile |= {"devnet_account": 0, "deployment": str(home / "local" / "deployment.json")}
    (folder / "network.json").write_text(json.dumps(profile))
    return folder


def test_a_machine_becomes_a_provider_and_stays_one(
    provider_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "node",
        "init",
        "--stake",
        "2000",
        "--idle",
        "--home",
        str(provider_home),
        "--json",
    ]
    shown: list[Any] = []
    for _ in range(2):
        capsys.readouterr()
        assert run(arguments) == 0
        shown.append(json.loads(capsys.readouterr().out))
    assert shown[0] == shown[1]
    assert shown[0]["seats"] == 0, "there are no audits, so nothing is promised"
    settings = load_settings(Path(shown[0]["config"]))
    assert settings.owner == shown[0]["owner"]
    assert settings.base_price_wei == 10**16
    assert settings.idle.mode is Mode.IDLE
    assert settings.operator_keystore is not None
    assert settings.operator_keystore.stat().st_mode & 0o077 == 0
    assert settings.operator_password_file is not None, "the devnet's keys protect nothing"
    assert settings.operator_password_file.stat().st_mode & 0o077 == 0
    shutil.rmtree(provider_home)


@pytest.fixture
def auditor_home(audited_network: dict[str, Any], tmp_path: Path) -> Path:
    """A home of the account that holds the supply, on a network with audits."""
    folder, home = tmp_path / "auditor", Path(audited_network["home"])
    folder.mkdir()
    profile = json.loads((home / "network.json").read_text())
    profile |= {"devnet_account": 0, "deployment": str(home / "local" / "deployment.json")}
    (folder / "network.json").write_text(json.dumps(profile))
    return folder


def test_half_of_the_stake_takes_seats_in_the_pools_of_the_settings(
    auditor_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["node", "init", "--stake", "5000", "--pool", "trial", "--exact"]
    rest = ["--home", str(auditor_home), "--json"]
    shown: list[dict[str, Any]] = []
    for seats in (["--seats", "0"], [], [], ["--seats", "3"]):
        capsys.readouterr()
        assert run([*arguments, *seats, *rest]) == 0
        shown.append(json.loads(capsys.readouterr().out))
    assert [item["seats"] for item in shown] == [0, 2, 2, 3]
    settings = load_settings(Path(shown[0]["config"]))
    assert (settings.pools, settings.exact) == (["trial"], True)
    pools = asyncio.run(_seats_in(auditor_home, [pool_of("trial"), asyncio.run(_own_pool())]))
    assert pools == [2, 1]


async def _seats_in(home: Path, pools: list[bytes]) -> list[int]:
    async with opened(home) as client:
        stakes = client.session.contracts.stakes
        return [(await stakes.pool_of(pool)).live_seats for pool in pools]


def test_seats_that_the_stake_does_not_back_are_refused(
    auditor_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEUROVOYANCE_PASSWORD", "correct horse battery")
    arguments = ["node", "init", "--stake", "5000", "--pool", "trial", "--seats", "6"]
    assert run([*arguments, "--home", str(auditor_home), "--json"]) == 1
    assert "seat" in json.loads(capsys.readouterr().out)["error"]["message"].lower()


def test_too_small_a_stake_is_refused_before_anything_is_sent(
    provider_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEUROVOYANCE_PASSWORD", "correct horse battery")
    assert run(["node", "init", "--stake", "1", "--home", str(provider_home), "--json"]) == 2
    assert "below the minimum" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_what_watches_a_node_outlives_a_repetition(tmp_path: Path) -> None:
    path = tmp_path / "node.toml"
    assert _kept(path) == {}
    path.write_text('metrics_port = 9420\nlog_format = "text"\nlisten_port = 1\n')
    assert _kept(path) == {"metrics_port": 9420, "log_format": "text"}


def test_the_owners_limits_outlive_a_repetition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "node.toml"
    assert _idle_table(path, None) == {}
    monkeypatch.setattr(psutil, "sensors_temperatures", dict)
    assert _idle_table(path, True) == {"mode": "idle"}
    hot = {"coretemp": [SimpleNamespace(current=50.0)]}
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: hot)
    assert _idle_table(path, True) == {"cpu_max_c": CPU_MAX_C, "mode": "idle"}
    path.write_text('[idle]\nmode = "idle"\nhours = ["22:00-06:00"]\n')
    kept = {"hours": ["22:00-06:00"]}
    assert _idle_table(path, None) == {**kept, "mode": "idle"}
    assert _idle_table(path, False) == {**kept, "mode": "always"}
    path.write_text('idle = "idle"\n')
    assert _idle_table(path, None) == {"mode": "idle"}
