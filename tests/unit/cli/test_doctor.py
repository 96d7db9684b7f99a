"""``doctor`` finds a healthy network healthy and a broken part broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.cli.main import run

from .conftest import up


def doctor(home: str, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    capsys.readouterr()
    assert run(["doctor", "--home", home, *options]) == 0
    return capsys.readouterr().out


@pytest.fixture(scope="module")
def own_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A network that no other test adds nodes to: the doctor counts them."""
    with up(tmp_path_factory.mktemp("doctor"), "--nodes", "1") as shown:
        yield shown


def test_a_running_network_is_well(
    own_network: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = json.loads(doctor(own_network["home"], capsys, "--json"))
    found = {check["name"]: check for check in shown["checks"]}
    assert shown["ok"]
    for name in ("python", "packages", "sandbox", "chain", "contracts", "clock", "nodes"):
        assert found[name]["state"] in ("ok", "warn"), found[name]
    assert found["nodes"]["found"] == "1 of 1 announced nodes answer"
    assert sum(shown["counts"].values()) == len(shown["checks"]) >= 20
    assert "All is well" in doctor(own_network["home"], capsys)


def test_a_chain_that_is_away_is_bad_and_says_what_to_do(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = json.loads((home / "network.json").read_text())
    (tmp_path / "network.json").write_text(
        json.dumps(profile | {"rpc_urls": ["http://127.0.0.1:9"]})
    )
    assert run(["doctor", "--home", str(tmp_path)]) == 1
    text = capsys.readouterr().out
    assert "neurovoyance up" in text
    assert "1 to mend" in text
