"""Places come from the profile, then from options; a bar is shown to people alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neurovoyance.cli.storage_parts import places_of, progress_bar
from neurovoyance.ipfs.composite import Places
from neurovoyance.protocol.errors import ConfigError

PROFILE = {
    "name": "x",
    "chain_id": 5,
    "rpc_urls": ["http://127.0.0.1:1"],
    "deployment": "d.json",
    "kubo_rpc_url": "http://127.0.0.1:5001",
    "kubo_authorization_file": "secret",
    "gateways": ["https://a.example"],
}


def test_options_take_the_place_of_the_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert places_of(tmp_path, None, [], False) == Places()
    (tmp_path / "network.json").write_text(json.dumps(PROFILE))
    with pytest.raises(ConfigError, match="kubo_authorization_file"):
        places_of(tmp_path, None, [], False)
    (tmp_path / "secret").write_text("Bearer one\n")
    kept = places_of(tmp_path, None, [], False)
    assert (kept.kubo_rpc_url, kept.kubo_authorization) == ("http://127.0.0.1:5001", "Bearer one")
    assert kept.gateways == ("https://a.example",) and not kept.allow_private_gateways
    monkeypatch.setenv("NEUROVOYANCE_KUBO_AUTHORIZATION", "Bearer two")
    other = places_of(tmp_path, "http://127.0.0.1:6001", ["https://b.example"], True)
    assert other == Places(
        "http://127.0.0.1:6001", "Bearer two", ("https://b.example",), allow_private_gateways=True
    )


def test_a_wrong_address_in_the_profile_is_named(tmp_path: Path) -> None:
    (tmp_path / "network.json").write_text(json.dumps(PROFILE | {"gateways": ["a.example"]}))
    with pytest.raises(ConfigError, match="gateways"):
        places_of(tmp_path, None, [], False)


def test_no_bar_in_a_pipe() -> None:
    with progress_bar("x", is_silent=False) as show:
        assert show is None
