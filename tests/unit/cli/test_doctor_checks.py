"""Each check finds the fault that it is there for, and advises."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest

from neurovoyance.cli import doctor_checks
from neurovoyance.cli.doctor_checks import (
    check_disk,
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


def test_two_engines_that_overwrite_each_other_are_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_checks, "_version", lambda package: "1.0")
    engine = check_engines()[0]
    assert engine.verdict == "bad"
    assert "overwrite" in engine.words
    assert "pip uninstall" in engine.advice


def test_without_an_engine_one_can_buy_but_not_lend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_checks, "_version", lambda package: None)
    assert [finding.verdict for finding in check_engines()] == ["note", "note"]
    assert check_packages().verdict == "bad"


def test_a_key_that_others_can_read_is_bad(tmp_path: Path) -> None:
    assert check_keys(tmp_path).verdict == "ok"
    key = tmp_path / "keys" / "me.json"
    key.parent.mkdir()
    key.write_text("{}")
    key.chmod(0o644)
    finding = check_keys(tmp_path)
    assert finding.verdict == "bad"
    assert finding.advice == f"chmod 600 {key}"
    key.chmod(0o600)
    assert check_keys(tmp_path).verdict == "ok"
    tmp_path.chmod(0o755)
    assert check_home(tmp_path).advice == f"chmod 700 {tmp_path}"


def test_a_full_disk_is_bad(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor_checks.shutil, "disk_usage", lambda path: Usage(1, 1, 1 << 20))
    assert check_disk(tmp_path / "not" / "there").verdict == "bad"


def test_this_machine_passes() -> None:
    for check in (check_python, check_memory, check_loopback, check_sandbox):
        assert check().verdict in ("ok", "note")


@pytest.mark.parametrize(
    ("ahead_s", "is_devnet", "verdict"),
    [(0, False, "ok"), (10_000, True, "note"), (10_000, False, "bad"), (-10_000, True, "bad")],
)
def test_a_clock_that_is_off_is_bad(ahead_s: int, is_devnet: bool, verdict: str) -> None:
    import time

    found = doctor_checks._skew(int(time.time()) + ahead_s, is_devnet=is_devnet)
    assert found.verdict == verdict
    assert set(found.as_json()) == {"name", "verdict", "words", "advice"}
