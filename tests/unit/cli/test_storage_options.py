"""Every storage command has help that needs no network stack."""

from __future__ import annotations

import pytest

from neurovoyance.cli.main import run


@pytest.mark.parametrize("command", ["add", "get", "pin", "ls", "gc", "status"])
def test_help_names_the_options(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["storage", command, "--help"]) == 0
    assert "--home" in capsys.readouterr().out
