"""``storage status`` tells of the store and of everybody who is asked."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.cli.storage_cli import Storage, storage
from tests.unit.ipfs.conftest import Serve, serve
from tests.unit.ipfs.serving import Standin, serving_blocks

from neurovoyance.ipfs.cid import PROBE

__all__ = ["serve", "storage"]


def test_daemon_and_gateways_are_asked(storage: Storage, serve: Serve, tmp_path: Path) -> None:
    up, daemon = serve(serving_blocks({PROBE: b""}).app), Standin(tmp_path / "kubo")
    down = Standin(tmp_path).url
    gateways = ("--gateway", up, "--gateway", down, "--private")
    daemon.start()
    try:
        found = storage("status", "--kubo", daemon.url, *gateways)
        assert found["daemon"]["state"] == "answers, kubo/0.39.0/"
        assert {each["url"]: each["is_up"] for each in found["gateways"]} == {up: True, down: False}
        text = storage("status", "--kubo", daemon.url, *gateways, text=True)
        assert "does not answer" in text and "50.0 GiB" in text
    finally:
        daemon.kill()


def test_a_profile_names_daemon_and_gateways(storage: Storage, tmp_path: Path) -> None:
    profile = {
        "name": "x",
        "chain_id": 5,
        "rpc_urls": ["http://127.0.0.1:1"],
        "deployment": "d.json",
        "gateways": ["https://gateway.invalid"],
    }
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "network.json").write_text(json.dumps(profile))
    found = storage("status")
    assert found["gateways"] == [
        {"url": "https://gateway.invalid", "state": "does not answer", "is_up": False}
    ]
    assert found["daemon"] is None
