"""A client opens from its home folder, with the key that the profile names and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.wallet import Wallet
from neurovoyance.client.opening import default_home, open_from_profile, settings_of, wallet_of
from neurovoyance.client.settings import NetworkProfile, save_profile
from neurovoyance.protocol.errors import AccessDenied, ConfigError

from .conftest import World


def home_with(tmp_path: Path, **fields: object) -> Path:
    values: dict[str, object] = {
        "name": "t",
        "chain_id": 31337,
        "rpc_urls": ["http://127.0.0.1:1"],
        "deployment": "d.json",
        **fields,
    }
    save_profile(NetworkProfile.model_validate(values), tmp_path / "network.json")
    return tmp_path


def test_the_devnet_account_is_used(tmp_path: Path) -> None:
    settings = settings_of(home_with(tmp_path, devnet_account=1))
    assert wallet_of(settings, None).address == devnet_wallet(1).address


def test_a_keystore_needs_its_password(tmp_path: Path) -> None:
    made = Wallet.create(tmp_path / "keys" / "me.json", "long enough", scrypt_n=2)
    settings = settings_of(home_with(tmp_path, keystore="keys/me.json"))
    assert wallet_of(settings, "long enough").address == made.address
    with pytest.raises(ConfigError, match="password"):
        wallet_of(settings, None)
    with pytest.raises(AccessDenied):
        wallet_of(settings, "wrong enough")


def test_without_a_key_nothing_can_be_paid(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="names no key"):
        wallet_of(settings_of(home_with(tmp_path)), None)


def test_the_default_home_is_in_the_users_folder() -> None:
    assert default_home() == Path.home() / ".neurovoyance"


async def test_a_wiped_chain_is_refused_before_anything_is_signed(
    world: World, tmp_path: Path
) -> None:
    deployment = (world.folder / "deployment.json").read_text()
    lies = tmp_path / "deployment.json"
    lies.write_text(deployment.replace('"genesis_hash": "0x', '"genesis_hash": "0xdead', 1))
    profile = world.profile().model_copy(update={"deployment": str(lies)})
    save_profile(profile, tmp_path / "network.json")
    with pytest.raises(ConfigError):
        await open_from_profile(tmp_path)
