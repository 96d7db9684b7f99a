"""``join`` makes a guest of a private network, once, and refuses what contradicts the chain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.cli.join import FAUCET_NVY, GUESTS
from neurovoyance.cli.main import run
from neurovoyance.client.opening import PROFILE_NAME
from neurovoyance.client.settings import load_profile


@pytest.fixture
def invitation(joined_network: dict[str, Any]) -> Path:
    return Path(joined_network["home"]) / "local" / "invitation.json"


def test_a_guest_gets_an_account_that_nobody_uses(
    invitation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[dict[str, Any]] = []
    for folder in ("one", "one", "two"):
        capsys.readouterr()
        assert run(["join", str(invitation), "--home", str(tmp_path / folder), "--json"]) == 0
        shown.append(json.loads(capsys.readouterr().out))
    assert shown[0] == shown[1]
    assert shown[0]["address"] != shown[2]["address"]
    assert shown[0]["balance_wei"] == str(FAUCET_NVY * 10**18)
    assert load_profile(tmp_path / "one" / PROFILE_NAME).devnet_account in GUESTS


def test_it_says_how_to_go_on(
    invitation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["join", str(invitation), "--home", str(tmp_path / "guest")]) == 0
    words = capsys.readouterr().out
    assert "neurovoyance node init --home" in words
    assert "without worth" in words


def test_contracts_that_the_chain_does_not_have_are_refused_and_nothing_is_written(
    invitation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(invitation.read_text())
    document["deployment"]["market"] = "0x" + "11" * 20
    false = tmp_path / "false.json"
    false.write_text(json.dumps(document))
    assert run(["join", str(false), "--home", str(tmp_path / "guest")]) == 2
    assert not (tmp_path / "guest" / PROFILE_NAME).exists()
    assert "what to do" in capsys.readouterr().err
