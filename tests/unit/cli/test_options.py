"""Shared options mean the same everywhere."""

from __future__ import annotations

import pytest

from neurovoyance.cli.main import run


@pytest.mark.parametrize("command", ["money", "job list", "model show", "wallet show", "doctor"])
def test_home_and_json_are_shared(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command.split(), "-h"]) == 0
    text = capsys.readouterr().out
    assert "--home" in text
    assert "NEUROVOYANCE_HOME" in text
    assert "--json" in text
