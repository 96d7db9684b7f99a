"""``node init`` makes keys, settings and a stake, and changes nothing when repeated."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.cli.main import run
from neurovoyance.node.settings import load_settings


@pytest.fixture
def provider_home(home: Path, tmp_path: Path) -> Path:
    """A home of another account on the same network: the node's owner."""
    folder = tmp_path / "provider"
    folder.mkdir()
    profile = json.loads((home / "network.json").read_text())
    profile |= {"devnet_account": 2, "deployment": str(home / "local" / "deployment.json")}
    (folder / "network.json").write_text(json.dumps(profile))
    return folder


def test_a_machine_becomes_a_provider_and_stays_one(
    provider_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEUROVOYANCE_PASSWORD", "correct horse battery")
    arguments = ["node", "init", "--stake", "2000", "--home", str(provider_home), "--json"]
    shown: list[Any] = []
    for _ in range(2):
        capsys.readouterr()
        assert run(arguments) == 0
        shown.append(json.loads(capsys.readouterr().out))
    assert shown[0] == shown[1]
    settings = load_settings(Path(shown[0]["config"]))
    assert settings.owner == shown[0]["owner"]
    assert settings.base_price_wei == 10**16
    assert settings.operator_keystore is not None
    assert settings.operator_keystore.stat().st_mode & 0o077 == 0
    shutil.rmtree(provider_home)


def test_too_small_a_stake_is_refused_before_anything_is_sent(
    provider_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEUROVOYANCE_PASSWORD", "correct horse battery")
    assert run(["node", "init", "--stake", "1", "--home", str(provider_home), "--json"]) == 2
    assert "below the minimum" in json.loads(capsys.readouterr().out)["error"]["message"]
