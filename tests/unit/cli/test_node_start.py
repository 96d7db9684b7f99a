"""``node start`` needs settings and takes the place of its process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from neurovoyance.cli.main import run


def test_it_becomes_the_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "node.toml"
    config.write_text("")
    called: list[object] = []
    monkeypatch.setattr(os, "execv", lambda path, arguments: called.append((path, arguments)))
    assert run(["node", "start", "--config", str(config)]) == 0
    wanted = [sys.executable, "-m", "neurovoyance.node", "--config", str(config)]
    assert called == [(sys.executable, wanted)]
    assert run(["node", "start", "--config", str(config), "--log-format", "text"]) == 0
    assert called[1] == (sys.executable, [*wanted, "--log-format", "text"])


def test_without_settings_nothing_is_started(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["node", "start", "--home", str(tmp_path)]) == 2
    assert "node init" in capsys.readouterr().err
