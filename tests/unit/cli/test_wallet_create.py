"""``wallet create`` makes a key that only its owner can read, once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neurovoyance.chain import wallet as wallet_module
from neurovoyance.cli.main import run


@pytest.fixture(autouse=True)
def _quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROVOYANCE_PASSWORD", "correct horse battery")
    defaults = wallet_module.Wallet.create.__func__.__kwdefaults__  # type: ignore[attr-defined]
    monkeypatch.setitem(defaults, "scrypt_n", 2)


def test_a_key_is_made_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["wallet", "create", "--home", str(tmp_path), "--json"]
    assert run(arguments) == 0
    shown = json.loads(capsys.readouterr().out)
    path = Path(shown["path"])
    assert path == tmp_path / "keys" / "client.json"
    assert path.stat().st_mode & 0o077 == 0
    assert shown["address"].startswith("0x")
    before = path.read_bytes()
    assert run(arguments) == 2
    assert path.read_bytes() == before


def test_a_name_that_leaves_the_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["wallet", "create", "--name", "../evil", "--home", str(tmp_path)]) == 2
    assert not (tmp_path / "evil.json").exists()
    assert "is not a name" in capsys.readouterr().err
