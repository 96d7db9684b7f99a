"""``wallet import`` keeps a key encrypted and shows it nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neurovoyance.chain import wallet as wallet_module
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.cli.main import run


def test_an_imported_key_is_the_same_and_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEUROVOYANCE_PASSWORD", "correct horse battery")
    defaults = wallet_module.Wallet.import_key.__func__.__kwdefaults__  # type: ignore[attr-defined]
    monkeypatch.setitem(defaults, "scrypt_n", 2)
    secret = devnet_wallet(5).account.key.hex()
    source = tmp_path / "key.txt"
    source.write_text(secret + "\n")
    arguments = ["wallet", "import", "--key-file", str(source), "--home", str(tmp_path), "--json"]
    assert run(arguments) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["address"] == devnet_wallet(5).address
    kept = (tmp_path / "keys" / "client.json").read_text()
    assert secret.removeprefix("0x") not in out + err + kept
