"""Keystore files: secret, restorable, and never mistaken for something else."""

from __future__ import annotations

import copy
import json
import pickle
import stat
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from neurovoyance.chain.wallet import (
    DEVNET_CHAIN_ID,
    SCRYPT_N,
    KeyRole,
    Wallet,
    restore_backup,
    wallet_address,
    wallet_role,
)
from neurovoyance.protocol.errors import AccessDenied, ConfigError

PASSWORD = "correct horse battery"
KEY = "0x" + "ab" * 32


@pytest.fixture
def wallet(tmp_path: Path) -> Wallet:
    path = tmp_path / "keys" / "operator.json"
    return Wallet.import_key(path, PASSWORD, KEY, role=KeyRole.OWNER, scrypt_n=2)


def path_of(wallet: Wallet) -> Path:
    assert wallet.path is not None
    return wallet.path


def test_a_created_key_opens_with_its_password(tmp_path: Path) -> None:
    made = Wallet.create(tmp_path / "k.json", PASSWORD, scrypt_n=2)
    opened = Wallet.open(tmp_path / "k.json", PASSWORD)
    assert (opened.address, opened.role) == (made.address, KeyRole.OPERATOR)


def test_two_created_keys_differ(tmp_path: Path) -> None:
    made = [Wallet.create(tmp_path / f"{n}.json", PASSWORD, scrypt_n=2) for n in range(2)]
    assert made[0].address != made[1].address


def test_files_are_for_the_owner_alone(wallet: Wallet) -> None:
    assert stat.S_IMODE(path_of(wallet).stat().st_mode) == 0o600
    assert stat.S_IMODE(path_of(wallet).parent.stat().st_mode) == 0o700


def test_a_file_that_others_can_read_is_refused(wallet: Wallet) -> None:
    path_of(wallet).chmod(0o644)
    with pytest.raises(ConfigError, match="other users") as caught:
        Wallet.open(path_of(wallet), PASSWORD)
    assert "chmod 600" in caught.value.hint


def test_the_default_cost_is_full_strength() -> None:
    assert SCRYPT_N == 2**18


def test_a_wrong_password_says_so_without_the_key(wallet: Wallet) -> None:
    with pytest.raises(AccessDenied, match="password is wrong") as caught:
        Wallet.open(path_of(wallet), "wrong horse")
    assert "ab" * 8 not in str(caught.value.to_wire())


def test_a_short_password_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="fewer than 8"):
        Wallet.create(tmp_path / "k.json", "short", scrypt_n=2)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_never_overwritten(wallet: Wallet) -> None:
    before = path_of(wallet).read_bytes()
    with pytest.raises(ConfigError, match="exists already"):
        Wallet.create(path_of(wallet), PASSWORD, scrypt_n=2)
    assert path_of(wallet).read_bytes() == before
    assert [p.name for p in path_of(wallet).parent.iterdir()] == [path_of(wallet).name]


def change(wallet: Wallet, edit) -> None:  # type: ignore[no-untyped-def]
    document = json.loads(path_of(wallet).read_text())
    edit(document)
    path_of(wallet).write_text(json.dumps(document))


def test_an_altered_ciphertext_is_refused(wallet: Wallet) -> None:
    def edit(document: dict) -> None:  # type: ignore[type-arg]
        text = document["crypto"]["ciphertext"]
        document["crypto"]["ciphertext"] = ("0" if text[0] != "0" else "1") + text[1:]

    change(wallet, edit)
    with pytest.raises(AccessDenied):
        Wallet.open(path_of(wallet), PASSWORD)


def test_an_altered_address_is_refused(wallet: Wallet) -> None:
    change(wallet, lambda d: d.update(address="00" * 20))
    with pytest.raises(AccessDenied, match="was altered"):
        Wallet.open(path_of(wallet), PASSWORD)


def test_a_file_that_would_take_gigabytes_to_open_is_refused(wallet: Wallet) -> None:
    change(wallet, lambda d: d["crypto"]["kdfparams"].update(n=2**40))
    with pytest.raises(ConfigError, match="not a version 3 keystore"):
        Wallet.open(path_of(wallet), PASSWORD)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"version":3}', "[" * 100_000, '{"version":3,"crypto":{"kdfparams":{}}}'],
)
def test_files_of_another_kind_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "k.json"
    path.touch(0o600)
    path.write_text(content)
    with pytest.raises(ConfigError):
        Wallet.open(path, PASSWORD)


def test_a_missing_file_says_which(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.json"):
        Wallet.open(tmp_path / "gone.json", PASSWORD)


def test_address_and_role_are_read_without_the_password(wallet: Wallet) -> None:
    assert wallet_address(path_of(wallet)) == wallet.address
    assert wallet_role(path_of(wallet)) is KeyRole.OWNER


def test_a_keystore_of_another_wallet_opens_as_operator(tmp_path: Path) -> None:
    path = tmp_path / "foreign.json"
    path.touch(0o600)
    path.write_text(
        json.dumps(Account.encrypt(bytes.fromhex(KEY[2:]), PASSWORD, kdf="pbkdf2", iterations=2))
    )
    assert Wallet.open(path, PASSWORD).role is KeyRole.OPERATOR


def test_a_backup_restores_the_same_key(wallet: Wallet, tmp_path: Path) -> None:
    backup, target = tmp_path / "usb" / "backup.json", tmp_path / "new" / "operator.json"
    wallet.backup(backup)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    path_of(wallet).unlink()
    restored = restore_backup(backup, target, PASSWORD)
    assert (restored.address, restored.role) == (wallet.address, wallet.role)
    assert Wallet.open(target, PASSWORD).address == wallet.address


def test_a_backup_is_not_restored_with_a_wrong_password(wallet: Wallet, tmp_path: Path) -> None:
    backup, target = tmp_path / "backup.json", tmp_path / "new.json"
    wallet.backup(backup)
    with pytest.raises(AccessDenied):
        restore_backup(backup, target, "wrong horse")
    assert not target.exists()


def test_a_raw_key_is_for_the_devnet_only() -> None:
    assert Wallet.from_raw_key(KEY, chain_id=DEVNET_CHAIN_ID).address
    for chain_id in (1, 10, 31_338):
        with pytest.raises(ConfigError, match="only the devnet") as caught:
            Wallet.from_raw_key(KEY, chain_id=chain_id)
        assert "ab" * 8 not in str(caught.value.to_wire())


@pytest.mark.parametrize("key", ["", "0x", "zz" * 32, "00" * 32, "ff" * 32, "ab" * 31])
def test_malformed_keys_are_not_quoted(key: str) -> None:
    with pytest.raises(ConfigError, match="malformed") as caught:
        Wallet.from_raw_key(key, chain_id=DEVNET_CHAIN_ID)
    assert caught.value.__cause__ is None


def test_the_key_is_not_shown_or_serialised(wallet: Wallet) -> None:
    assert "ab" * 8 not in repr(wallet) + str(wallet)
    for attempt in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="private key"):
            attempt(wallet)


def test_typed_data_is_signed_by_the_key(wallet: Wallet) -> None:
    domain = {"name": "D", "version": "1", "chainId": 1}
    types = {"T": [{"name": "x", "type": "uint256"}]}
    signature = wallet.sign_typed_data(domain, types, {"x": 7})
    message = encode_typed_data(domain_data=domain, message_types=types, message_data={"x": 7})
    assert len(signature) == 65
    assert Account.recover_message(message, signature=signature) == wallet.address
