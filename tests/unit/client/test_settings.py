"""A network profile is refused with every fault named, and never lets public keys pay for real."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from neurovoyance.client.settings import (
    ClientSettings,
    NetworkProfile,
    load_profile,
    save_profile,
)
from neurovoyance.protocol.errors import ConfigError

GOOD = NetworkProfile(
    name="local",
    chain_id=31337,
    rpc_urls=["http://127.0.0.1:8545"],
    deployment="local/deployment.json",
    devnet_account=1,
)


def test_a_profile_survives_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "home" / "network.json"
    save_profile(GOOD, path)
    assert load_profile(path) == GOOD
    assert [item.name for item in path.parent.iterdir()] == ["network.json"]


def test_paths_are_taken_from_beside_the_profile(tmp_path: Path) -> None:
    settings = ClientSettings(home=tmp_path, profile=GOOD, profile_dir=tmp_path)
    assert settings.deployment_path == tmp_path / "local" / "deployment.json"
    assert settings.keystore_path is None
    assert settings.allows_private_peers


def test_public_keys_pay_on_the_devnet_alone() -> None:
    with pytest.raises(ValidationError, match="only the devnet"):
        NetworkProfile(**{**GOOD.model_dump(), "chain_id": 1})
    public = NetworkProfile(
        **{**GOOD.model_dump(), "chain_id": 1, "devnet_account": None, "keystore": "k.json"}
    )
    settings = ClientSettings(home=Path("/a"), profile=public, profile_dir=Path("/a"))
    assert not settings.allows_private_peers
    assert settings.keystore_path == Path("/a/k.json")


def test_all_faults_of_a_profile_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    path.write_text('{"name": "", "chain_id": 0, "rpc_urls": [], "deployment": "x", "extra": 1}')
    with pytest.raises(ConfigError) as caught:
        load_profile(path)
    assert len(caught.value.context["faults"]) == 4


@pytest.mark.parametrize("text", ["", "{", "[1]", "\xff"])
def test_a_damaged_profile_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "network.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError, match=r"network\.json"):
        load_profile(path)


def test_a_missing_profile_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_profile(tmp_path / "network.json")
    assert "neurovoyance up" in caught.value.hint


def test_the_profile_says_where_content_is_looked_for(tmp_path: Path) -> None:
    profile = NetworkProfile(
        name="x",
        chain_id=5,
        rpc_urls=["http://127.0.0.1:1"],
        deployment="d.json",
        kubo_rpc_url="http://127.0.0.1:5001",
        kubo_authorization_file="secret",
        gateways=["https://a.example"],
    )
    settings = ClientSettings(home=tmp_path, profile=profile, profile_dir=tmp_path)
    with pytest.raises(ConfigError, match="kubo_authorization_file"):
        assert settings.places
    (tmp_path / "secret").write_text("Bearer s\n")
    assert settings.places.kubo_authorization == "Bearer s"
    assert not settings.places.allow_private_gateways
