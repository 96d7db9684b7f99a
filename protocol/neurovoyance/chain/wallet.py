"""Keys: encrypted keystore files, operator and owner apart, and the few things they sign.

Place: the only place of the project that opens keystore files. A keystore is the usual V3 JSON,
so other wallets can read it; beside the standard fields it names the role of the key. Files are
0600 in a directory of 0700. Never: a private key or password in a log, an error or a ``repr``; a
raw key off the devnet.
"""

from __future__ import annotations

import json
import os
import secrets
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from neurovoyance.protocol.errors import AccessDenied, ConfigError, SpecError
from neurovoyance.protocol.eth_accounts import Account, LocalAccount, encode_typed_data
from neurovoyance.protocol.ids import Address, parse_address

DEVNET_CHAIN_ID = 31337
SCRYPT_N = 2**18
_KEYSTORE_MAX_BYTES = 65_536
_PASSWORD_MIN_CHARS = 8
# scrypt needs 128 * n * r bytes; these allow 1 GiB, four times what wallets write.
_KDF_LIMITS = {"n": 2**20, "r": 8, "p": 16, "c": 2**24}
_PERMIT_FIELDS = [
    {"name": "owner", "type": "address"},
    {"name": "spender", "type": "address"},
    {"name": "value", "type": "uint256"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint256"},
]


class KeyRole(StrEnum):
    """What a key is for: hot ``operator``, cold ``owner``, or a ``client`` that pays."""

    OPERATOR = "operator"
    OWNER = "owner"
    CLIENT = "client"


class Permit(NamedTuple):
    """A signed ERC-2612 approval; ``deadline_s`` is chain time in unix seconds."""

    deadline_s: int
    v: int
    r: bytes
    s: bytes


class SignedTransaction(NamedTuple):
    """A signed transaction, ready to broadcast."""

    raw: bytes
    tx_hash: str


class Wallet:
    """One unlocked key.

    Attributes:
        address: checksummed address.
        role: what the key is for.
        path: its keystore file, or None for a devnet key.
        account: the eth-account object; it can show the private key, so keep it in the process.
    """

    __slots__ = ("account", "address", "path", "role")

    def __init__(self, account: LocalAccount, role: KeyRole, path: Path | None) -> None:
        self.account = account
        self.address = Address(account.address)
        self.role = role
        self.path = path

    def __repr__(self) -> str:
        return f"Wallet(address={self.address}, role={self.role.value})"

    def __reduce__(self) -> Any:
        raise TypeError("A wallet must not be serialised: it holds a private key.")

    @classmethod
    def create(
        cls,
        path: Path,
        password: str,
        *,
        role: KeyRole = KeyRole.OPERATOR,
        scrypt_n: int = SCRYPT_N,
    ) -> Wallet:
        """Make a new random key and write its encrypted file.

        Args:
            path: the file to write; it must not exist yet.
            password: at least 8 characters.
            role: what the key is for.
            scrypt_n: cost of guessing the password; lower it in tests only.

        Raises:
            ConfigError: the file exists, the password is too short, or the disk refuses.
        """
        return cls._write(path, password, "0x" + secrets.token_hex(32), role, scrypt_n)

    @classmethod
    def import_key(
        cls,
        path: Path,
        password: str,
        private_key: str,
        *,
        role: KeyRole = KeyRole.OPERATOR,
        scrypt_n: int = SCRYPT_N,
    ) -> Wallet:
        """Write an existing private key as an encrypted file; see :meth:`create`."""
        return cls._write(path, password, private_key, role, scrypt_n)

    @classmethod
    def _write(
        cls, path: Path, password: str, private_key: str, role: KeyRole, scrypt_n: int
    ) -> Wallet:
        if len(password) < _PASSWORD_MIN_CHARS:
            raise ConfigError(
                f"The password has fewer than {_PASSWORD_MIN_CHARS} characters.",
                hint="Nothing was written. Choose a longer one; it is all that protects the file.",
                faults=["password: too short"],
            )
        account = _account(private_key)
        keystore = Account.encrypt(account.key, password, kdf="scrypt", iterations=scrypt_n)
        document = {**keystore, "neurovoyance": {"role": role.value}}
        _write_private(path, json.dumps(document, indent=1, sort_keys=True).encode())
        return cls(account, role, path)

    @classmethod
    def open(cls, path: Path, password: str) -> Wallet:
        """Unlock a keystore file.

        Raises:
            AccessDenied: the password is wrong, or the file was altered (both look the same).
            ConfigError: the file is missing, readable by others, or not a keystore.
        """
        document = _read_keystore(path)
        _check_cost(document, path)
        try:
            account = Account.from_key(Account.decrypt(document, password))
        except ValueError as error:
            # eth-account's text could quote the file; ours says what is known.
            raise AccessDenied(
                f"The keystore {path.name} could not be unlocked: the password is wrong, or the "
                "file was altered.",
                hint="Try the password again, then the backup of the file.",
                path=str(path),
            ) from error
        except (KeyError, TypeError, AttributeError, NotImplementedError) as error:
            raise _not_a_keystore(path) from error
        found = _address_of(document, path)
        if found != account.address:
            raise AccessDenied(
                f"The keystore {path.name} was altered: it names {found} but holds the key of "
                f"{account.address}.",
                hint="Do not use it; restore the backup.",
                path=str(path),
            )
        return cls(account, _role_of(document, path), path)

    @classmethod
    def from_raw_key(cls, private_key: str, *, chain_id: int) -> Wallet:
        """Take a private key in the clear; on the devnet only.

        Raises:
            ConfigError: ``chain_id`` is not the devnet's, or the key is malformed.
        """
        if chain_id != DEVNET_CHAIN_ID:
            raise ConfigError(
                f"A raw private key was given for chain {chain_id}; only the devnet "
                f"({DEVNET_CHAIN_ID}) accepts one.",
                hint="Import it into an encrypted keystore, remove it from the configuration, and "
                "treat it as seen by others.",
                faults=["private_key: refused outside the devnet"],
                chain_id=chain_id,
            )
        return cls(_account(private_key), KeyRole.CLIENT, None)

    def sign_transaction(self, fields: dict[str, Any]) -> SignedTransaction:
        """Sign an EIP-1559 transaction given as eth-account's dictionary."""
        signed = self.account.sign_transaction(fields)
        return SignedTransaction(bytes(signed.raw_transaction), "0x" + bytes(signed.hash).hex())

    def sign_typed_data(
        self, domain: dict[str, Any], types: dict[str, Any], message: dict[str, Any]
    ) -> bytes:
        """Return the 65-byte signature of EIP-712 typed data."""
        encoded = encode_typed_data(domain_data=domain, message_types=types, message_data=message)
        return bytes(self.account.sign_message(encoded).signature)

    def sign_permit(
        self,
        *,
        token: str,
        token_name: str,
        chain_id: int,
        spender: str,
        amount_wei: int,
        nonce: int,
        deadline_s: int,
        version: str = "1",
    ) -> Permit:
        """Sign an ERC-2612 approval of ``amount_wei`` by this key to ``spender``.

        It is worth as much as the amount until ``deadline_s`` of chain time or the nonce's use.
        """
        domain = {
            "name": token_name,
            "version": version,
            "chainId": chain_id,
            "verifyingContract": token,
        }
        message = {
            "owner": self.address,
            "spender": spender,
            "value": amount_wei,
            "nonce": nonce,
            "deadline": deadline_s,
        }
        signature = self.sign_typed_data(domain, {"Permit": _PERMIT_FIELDS}, message)
        return Permit(deadline_s, signature[64], signature[:32], signature[32:64])

    def backup(self, target: Path) -> None:
        """Copy the encrypted file to ``target``; the copy needs the same password.

        Raises:
            ConfigError: the key has no file, or the target exists.
        """
        if self.path is None:
            raise ConfigError(
                "This key has no keystore file to back up.", hint="Devnet keys are public anyway."
            )
        _write_private(target, _read_bytes(self.path))


def restore_backup(source: Path, target: Path, password: str) -> Wallet:
    """Copy a backup to ``target`` after proving that the password opens it.

    Raises:
        AccessDenied: the password does not open the backup; nothing was written.
        ConfigError: the source is no keystore, or the target exists.
    """
    Wallet.open(source, password)
    _write_private(target, _read_bytes(source))
    return Wallet.open(target, password)


def wallet_address(path: Path) -> Address:
    """Return the address that a keystore file names, without its password; ConfigError if none."""
    return _address_of(_read_keystore(path), path)


def wallet_role(path: Path) -> KeyRole:
    """Return the role that a keystore file names, without its password."""
    return _role_of(_read_keystore(path), path)


def _account(private_key: str) -> LocalAccount:
    digits = private_key.removeprefix("0x")
    try:
        raw = bytes.fromhex(digits)
        if len(raw) != 32:
            raise ValueError
        account: LocalAccount = Account.from_key(raw)
        return account
    except Exception:  # noqa: BLE001 - whatever was wrong, its text could quote the key
        raise ConfigError(
            "The private key is malformed.",
            hint="A private key is 0x followed by 64 hexadecimal digits.",
            faults=["private_key: malformed"],
        ) from None


def _write_private(path: Path, content: bytes) -> None:
    """Write a new file of mode 0600 completely or not at all; ConfigError if it exists."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A link refuses to replace a file that is there, which a rename would not.
        path.hardlink_to(partial)
    except FileExistsError as error:
        raise ConfigError(
            f"{path} exists already and was left as it is.",
            hint="Choose another name; a key that is overwritten is lost.",
            path=str(path),
        ) from error
    except OSError as error:
        raise ConfigError(f"{path} could not be written: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)


def _read_bytes(path: Path) -> bytes:
    try:
        size_bytes = path.stat().st_size
        if size_bytes > _KEYSTORE_MAX_BYTES:
            raise _not_a_keystore(path)
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"The keystore {path} cannot be read: {error.strerror}.",
            hint="Check the path, or create a key first.",
            path=str(path),
        ) from error


def _read_keystore(path: Path) -> dict[str, Any]:
    raw = _read_bytes(path)
    if path.stat().st_mode & 0o077:
        raise ConfigError(
            f"The keystore {path} can be read by other users of this machine.",
            hint=f"Run: chmod 600 {path}",
            path=str(path),
        )
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _not_a_keystore(path) from error
    if not isinstance(document, dict) or document.get("version") != 3:
        raise _not_a_keystore(path)
    return document


def _check_cost(document: dict[str, Any], path: Path) -> None:
    """Refuse a file whose key derivation would take gigabytes: it was altered."""
    crypto = document.get("crypto")
    params = crypto.get("kdfparams") if isinstance(crypto, dict) else None
    if not isinstance(params, dict):
        raise _not_a_keystore(path)
    for name, limit in _KDF_LIMITS.items():
        cost = params.get(name, 1)
        if not isinstance(cost, int) or not 1 <= cost <= limit:
            raise _not_a_keystore(path)


def _address_of(document: dict[str, Any], path: Path) -> Address:
    address = document.get("address")
    if not isinstance(address, str):
        raise _not_a_keystore(path)
    try:
        return parse_address("0x" + address.lower().removeprefix("0x"))
    except SpecError as error:
        raise _not_a_keystore(path) from error


def _role_of(document: dict[str, Any], path: Path) -> KeyRole:
    extra = document.get("neurovoyance")
    role = extra.get("role", KeyRole.OPERATOR) if isinstance(extra, dict) else KeyRole.OPERATOR
    try:
        return KeyRole(role)
    except ValueError as error:
        raise _not_a_keystore(path) from error


def _not_a_keystore(path: Path) -> ConfigError:
    return ConfigError(
        f"{path} is not a version 3 keystore file.",
        hint="Give the JSON file that `neurovoyance` or another Ethereum wallet wrote.",
        path=str(path),
    )
