"""``doctor`` finds a healthy network healthy and a broken part broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.cli.main import run

from .conftest import Invoke


def test_a_running_network_is_well(invoke: Invoke, network: dict[str, Any]) -> None:
    shown = invoke("doctor")
    found = {check["name"]: check for check in shown["checks"]}
    assert shown["ok"]
    for name in ("python", "packages", "sandbox", "chain", "contracts", "clock", "nodes"):
        assert found[name]["verdict"] in ("ok", "note"), found[name]
    assert found["nodes"]["words"] == "1 of 1 announced nodes answer"
    assert "All is well" in invoke("doctor", text=True)


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
