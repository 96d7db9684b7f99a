"""Help is there at once, every command has it, and exit codes are those of the errors."""

from __future__ import annotations

import subprocess
import sys

import pytest

from neurovoyance.cli.main import app, run

COMMANDS = (
    "demo", "up", "money", "doctor", "job submit", "job quote", "job list", "job watch",
    "job fetch", "job cancel", "model add", "model show", "model calibrate", "model register",
    "model verify", "node init", "node start",
    "node status", "node pause", "node snooze", "node resume", "node lend",
    "wallet create", "wallet import", "wallet show",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert "Usage:" in text
    if command != "node start":
        assert "--json" in text


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from neurovoyance.cli.main import run\n"
        "run(['--help'])\n"
        "heavy = {'web3', 'eth', 'numpy', 'aiohttp', 'pydantic', 'onnxruntime', 'cryptography'}\n"
        "sys.exit(bool(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert found.returncode == 0


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("neurovoyance ")


def test_a_wrong_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["job", "list", "--nonsense"]) == 2
    assert "--nonsense" in capsys.readouterr().err


def test_debug_may_stand_anywhere(capsys: pytest.CaptureFixture[str], tmp_path: object) -> None:
    assert run(["job", "list", "--home", str(tmp_path), "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_without_a_network_commands_say_how_to_get_one(
    capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    assert run(["money", "--home", str(tmp_path)]) == 2
    assert "neurovoyance up" in capsys.readouterr().err
    assert app.info.name == "neurovoyance"
