"""``wallet backup`` and ``restore``: one encrypted file, never written over anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neurovoyance.chain.wallet import Wallet, wallet_address
from neurovoyance.cli.main import run
from neurovoyance.cli.wallet_backup import write_new
from neurovoyance.protocol.errors import ConfigError


def test_a_key_comes_back_from_its_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEUROVOYANCE_PASSWORD", "a long password")
    home, file, new = tmp_path / "home", tmp_path / "backup.age", tmp_path / "new"
    wallet = Wallet.create(home / "keys" / "me.json", "key password", scrypt_n=2)
    assert run(["wallet", "backup", str(file), "--home", str(home), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["addresses"] == {"keys/me.json": wallet.address}
    assert file.stat().st_mode & 0o777 == 0o600
    sealed = file.read_bytes()
    assert wallet.address.lower()[2:].encode() not in sealed

    assert run(["wallet", "backup", str(file), "--home", str(home)]) == 2
    assert "left as it is" in " ".join(capsys.readouterr().err.split())
    assert file.read_bytes() == sealed

    assert run(["wallet", "restore", str(file), "--home", str(home)]) == 2
    assert "is not empty" in " ".join(capsys.readouterr().err.split())
    assert run(["wallet", "restore", str(file), "--home", str(new)]) == 0
    assert wallet_address(new / "keys" / "me.json") == wallet.address
    assert "Restored into" in capsys.readouterr().out


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    write_new(tmp_path / "x", b"first")
    with pytest.raises(ConfigError, match="left as it is"):
        write_new(tmp_path / "x", b"second")
    assert (tmp_path / "x").read_bytes() == b"first"
    with pytest.raises(ConfigError, match="cannot be written"):
        write_new(tmp_path / "no" / "x", b"")
