"""Each check of the machine finds the fault that it is there for, and says what to do."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest

from neurovoyance.cli import doctor_machine
from neurovoyance.cli.doctor_finding import State
from neurovoyance.cli.doctor_machine import (
    check_disk,
    check_disk_speed,
    check_engines,
    check_home,
    check_keys,
    check_loopback,
    check_memory,
    check_packages,
    check_python,
    check_sandbox,
)

Usage = namedtuple("Usage", "total used free")


def test_two_engines_that_overwrite_each_other_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_machine, "installed", lambda package: "1.0")
    engine = check_engines()[0]
    assert engine.state is State.FAIL
    assert "overwrite" in engine.found
    assert "pip uninstall" in engine.next


def test_without_an_engine_one_can_buy_but_not_lend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_machine, "installed", lambda package: None)
    assert [finding.state for finding in check_engines()] == [State.WARN, State.WARN]
    assert check_packages().state is State.FAIL


def test_a_key_that_others_can_read_fails(tmp_path: Path) -> None:
    assert check_keys(tmp_path).state is State.OK
    key = tmp_path / "keys" / "me.json"
    key.parent.mkdir()
    key.write_text("{}")
    key.chmod(0o644)
    finding = check_keys(tmp_path)
    assert finding.state is State.FAIL
    assert finding.next == f"chmod 600 {key}"
    key.chmod(0o600)
    assert check_keys(tmp_path).state is State.OK
    tmp_path.chmod(0o755)
    assert check_home(tmp_path).next == f"chmod 700 {tmp_path}"


def test_a_full_disk_fails_and_a_slow_one_warns(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor_machine.shutil, "disk_usage", lambda path: Usage(1, 1, 1 << 20))
    assert check_disk(tmp_path / "not" / "there").state is State.FAIL
    monkeypatch.setattr(doctor_machine, "WRITE_LEAST_BYTES_PER_S", 1 << 60)
    assert check_disk_speed(tmp_path).state is State.WARN
    assert list(tmp_path.iterdir()) == [], "the scratch file is gone"


def test_an_old_interpreter_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_machine, "PYTHON_LEAST", (99, 0))
    assert check_python().state is State.FAIL


def test_this_machine_passes() -> None:
    for check in (check_python, check_memory, check_loopback, check_sandbox):
        assert check().state in (State.OK, State.WARN)
