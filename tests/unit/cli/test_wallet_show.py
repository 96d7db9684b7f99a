"""``wallet show`` lists keys without a password and marks the one that pays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neurovoyance.chain.wallet import Wallet
from neurovoyance.cli.main import run
from neurovoyance.client.settings import NetworkProfile, save_profile


def test_the_paying_key_is_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["wallet", "show", "--home", str(tmp_path)]) == 0
    assert "wallet create" in capsys.readouterr().out
    made = {
        name: Wallet.create(tmp_path / "keys" / f"{name}.json", "long enough", scrypt_n=2).address
        for name in ("one", "two")
    }
    profile = NetworkProfile(
        name="p",
        chain_id=5,
        rpc_urls=["http://127.0.0.1:1"],
        deployment="d",
        keystore="keys/two.json",
    )
    save_profile(profile, tmp_path / "network.json")
    assert run(["wallet", "show", "--home", str(tmp_path), "--json"]) == 0
    keys = json.loads(capsys.readouterr().out)["keys"]
    assert {key["name"]: key["address"] for key in keys} == made
    assert [key["name"] for key in keys if key["pays"]] == ["two"]
    assert run(["wallet", "show", "--home", str(tmp_path)]) == 0
    assert "pays" in capsys.readouterr().out
