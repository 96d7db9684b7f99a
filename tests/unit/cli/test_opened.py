"""Passwords come from the environment or the keyboard, logs go to a file and stay there."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from neurovoyance.cli.opened import ask_password, home_of, logging_to, run
from neurovoyance.protocol.errors import ConfigError


def test_the_environments_password_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROVOYANCE_PASSWORD", "from the environment")
    assert ask_password("a key") == "from the environment"


def test_without_a_keyboard_the_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROVOYANCE_PASSWORD", raising=False)
    with pytest.raises(ConfigError) as caught:
        ask_password("me.json")
    assert "NEUROVOYANCE_PASSWORD" in caught.value.hint


def test_logs_go_to_the_file_and_handlers_come_back(tmp_path: Path) -> None:
    before = logging.getLogger().handlers[:]
    with logging_to(tmp_path / "a" / "client.log"):
        logging.getLogger("x").info("job.posted job_id=0x01")
    assert logging.getLogger().handlers == before
    assert "job.posted job_id=0x01" in (tmp_path / "a" / "client.log").read_text()


def test_the_home_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert home_of(Path("x")) == tmp_path / "x"
    assert home_of(None) == Path.home() / ".neurovoyance"


def test_a_command_runs_to_its_result() -> None:
    async def work() -> int:
        return 7

    assert run(work()) == 7
