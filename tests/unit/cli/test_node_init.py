"""``node init`` makes keys, settings and a stake, and changes nothing when repeated."""

from __future__ import annotations

import asyncio
import json
import shutil
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from neurovoyance.cli.main import run
from neurovoyance.cli.node_init import CPU_MAX_C, _first_limits, _own_pool
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


def test_a_machine_gets_the_limits_that_can_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "sensors_temperatures", dict)
    assert _first_limits(True) == {}
    hot = {"coretemp": [SimpleNamespace(current=50.0)]}
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: hot)
    assert _first_limits(True) == {"cpu_max_c": CPU_MAX_C}
    assert _first_limits(False) == {}


def test_an_owners_own_lines_outlive_a_repetition(
    provider_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def init(*options: str) -> int:
        capsys.readouterr()
        return run(["node", "init", *options, "--home", str(provider_home), "--json"])

    assert init("--stake", "2000", "--idle") == 0
    path = provider_home / "node" / "node.toml"
    text = path.read_text()
    made = tomllib.loads(text)
    own = {
        "max_jobs": 3,
        "listen_port": 8500,
        "endpoint": "https://mine.example",
        "data_dir": str(provider_home / "disk"),
        "rpc_urls": [*made["rpc_urls"], "http://127.0.0.1:1"],
        "farm_redis": "redis://127.0.0.1:6379/0",
        "log_format": "text",
    }
    kept = [line for line in text.splitlines() if line.partition(" =")[0] not in own]
    lines = [f"{name} = {json.dumps(value)}  # mine" for name, value in own.items()]
    path.write_text("\n".join(["# By hand.", *lines, *kept, "away_after_s = 60  # soon"]) + "\n")
    before = path.read_text()
    assert init("--stake", "2000") == 0
    assert json.loads(capsys.readouterr().out)["endpoint"] == "https://mine.example"
    assert path.read_text() == before
    assert init("--stake", "2000", "--max-jobs", "5", "--always") == 0
    after = before.replace("max_jobs = 3", "max_jobs = 5")
    assert path.read_text() == after.replace('mode = "idle"', 'mode = "always"')
    path.write_text("max_jobs = \n")
    assert init("--stake", "2000") == 2
    assert "cannot be read" in json.loads(capsys.readouterr().out)["error"]["message"]
    shutil.rmtree(provider_home)
