"""What a provider cannot do without, collected for a backup, and put back into an empty folder.

Place: under ``neurovoyance wallet backup`` and ``restore``. In: keys (encrypted files as they are),
settings, profile, deployments, every journal of the node (salts and keys of committed results), its
transactions, outputs under way, envelopes that clients may still fetch. Not in: models and inputs,
which are fetched again, the password of the operator's key, and the owner's token. A journal older
than the node's last step is a danger: see :func:`restore`. Never: a file written over another.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomlkit

from neurovoyance.chain.wallet import wallet_address
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.operations.bundle import Bundle
from neurovoyance.node.settings import NodeSettings
from neurovoyance.protocol.errors import ConfigError, StorageError

FILE_MAX_BYTES = 256 << 20
_SQLITE = b"SQLite format 3\0"
_NODE, _DATA = "node", "node/data"
_NOT_KEPT = {"storage", "warm", "files", "reading", "node.lock", "control.token"}
_ENVELOPE = "envelope"


async def collect(home: Path, settings: NodeSettings | None, config: Path | None) -> Bundle:
    """Return everything of a home folder that must not be lost; the node may run meanwhile.

    Args:
        home: the client's folder: keys, profile.
        settings, config: of the node and their file; None where there is no node.

    Raises:
        ConfigError: there is nothing to keep.
    """
    bundle = Bundle()
    addresses: dict[str, str] = {}
    for path in sorted((home / "keys").glob("*.json")):
        bundle.files[f"keys/{path.name}"] = path.read_bytes()
        addresses[f"keys/{path.name}"] = wallet_address(path)
    _add_profile(bundle, home)
    left_out = _add_tree(bundle, home / "markets", "markets")
    if settings is not None and config is not None:
        addresses |= _add_settings(bundle, settings, config)
        left_out += _add_tree(bundle, settings.data_dir, _DATA)
        storage = settings.data_dir / "storage"
        if _is_folder(storage):
            bundle.facts["envelopes"] = await _add_envelopes(bundle, storage)
        bundle.facts["owner"] = settings.owner
        bundle.facts["chain_id"] = settings.chain_id
    if not bundle.files:
        raise ConfigError(
            f"There is nothing to back up in {home}.",
            hint="Name the folder with --home, or the node's settings with --config.",
            faults=["home: no key, no node"],
        )
    bundle.facts |= {"made_s": int(time.time()), "addresses": addresses, "left_out": left_out}
    return bundle


async def restore(bundle: Bundle, home: Path) -> None:
    """Put a bundle into an empty folder.

    The node that the bundle was taken from must not run any more, nor have taken a step since: two
    nodes of one provider, or a journal that lacks the last commitment, cost stake.

    Raises:
        ConfigError: the folder holds something, or a file in the bundle is damaged; what was
            written by then is named by the error, nothing was replaced.
    """
    _write_files(bundle, home)
    await _restore_envelopes(bundle, home / _DATA / "storage")


def _write_files(bundle: Bundle, home: Path) -> None:
    require_empty(home)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, data in bundle.files.items():
        if name.startswith("envelopes/"):
            continue
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("xb") as file:
            path.chmod(0o600)
            file.write(_moved(data, home) if name == f"{_NODE}/node.toml" else data)
        if data.startswith(_SQLITE):
            _require_sound(path)
    for name, address in bundle.facts.get("addresses", {}).items():
        if wallet_address(home / name) != address:
            raise ConfigError(f"{name} holds another key than the backup says.", faults=[name])


def require_empty(home: Path) -> None:
    """Refuse a folder that holds anything.

    Raises:
        ConfigError: it does.
    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise ConfigError(
            f"{home} is not empty; nothing was written.",
            hint="Restore into a new folder: --home NEW.",
            faults=["home: not empty"],
        )


def _add_profile(bundle: Bundle, home: Path) -> None:
    profile = home / "network.json"
    if not profile.is_file():
        return
    import json

    document = json.loads(profile.read_text(encoding="utf-8"))
    deployment = home / str(document.get("deployment", ""))
    if deployment.is_file():
        bundle.files["deployment.json"] = deployment.read_bytes()
        document["deployment"] = "deployment.json"
    bundle.files["network.json"] = json.dumps(document, indent=1).encode()


def _add_settings(bundle: Bundle, settings: NodeSettings, config: Path) -> dict[str, str]:
    bundle.files[f"{_NODE}/node.toml"] = config.read_bytes()
    bundle.files[f"{_NODE}/deployment.json"] = settings.deployment_path.read_bytes()
    if settings.operator_keystore is None:
        return {}
    name = f"{_NODE}/operator.json"
    bundle.files[name] = settings.operator_keystore.read_bytes()
    return {name: wallet_address(settings.operator_keystore)}


def _is_folder(path: Path) -> bool:
    return path.is_dir()


def _add_tree(bundle: Bundle, folder: Path, prefix: str) -> list[str]:
    """Add journals and what is under way; return what was left out, for people."""
    left_out = []
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if path.stat().st_size > FILE_MAX_BYTES:
            left_out.append(f"{name}: larger than {FILE_MAX_BYTES:,} bytes")
            continue
        with path.open("rb") as file:
            is_database = file.read(len(_SQLITE)) == _SQLITE
        bundle.files[f"{prefix}/{name}"] = _snapshot(path) if is_database else path.read_bytes()
    return left_out


def _files(data_dir: Path) -> Iterator[Path]:
    for path in sorted(data_dir.rglob("*")):
        parts = path.relative_to(data_dir).parts
        is_side_file = path.name.endswith(("-wal", "-shm", "-journal", ".partial"))
        if (
            path.is_file()
            and not path.is_symlink()
            and parts[0] not in _NOT_KEPT
            and not is_side_file
        ):
            yield path


def _snapshot(path: Path) -> bytes:
    """Return a database as it stands after its last transaction, also while it is written to."""
    with (
        contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source,
        contextlib.closing(sqlite3.connect(":memory:")) as copy,
    ):
        source.backup(copy)
        return copy.serialize()


def _require_sound(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        [verdict] = database.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        raise ConfigError(f"{path} is damaged: {verdict}.", faults=[path.name])


async def _add_envelopes(bundle: Bundle, root: Path) -> list[dict[str, Any]]:
    """Add the results that clients may still fetch; return their CIDs and pins."""
    kept = []
    async with EmbeddedBackend(root) as store:
        for pin in await store.pins():
            if pin.name != _ENVELOPE:
                continue
            with contextlib.suppress(StorageError):
                pieces = [piece async for piece in store.export_car(pin.cid)]
                bundle.files[f"envelopes/{pin.cid}.car"] = b"".join(pieces)
                kept.append({"cid": str(pin.cid), "expires_s": pin.expires_s})
    return kept


async def _restore_envelopes(bundle: Bundle, root: Path) -> None:
    wanted = bundle.facts.get("envelopes", [])
    if not wanted:
        return
    async with EmbeddedBackend(root) as store:
        for entry in wanted:
            cid = Cid.from_text(entry["cid"])

            async def stream(data: bytes = bundle.files[f"envelopes/{entry['cid']}.car"]) -> Any:
                yield data

            await store.import_car(stream())
            await store.pin(cid, name=_ENVELOPE, expiry=entry["expires_s"])
            await store.provide(cid)


def _moved(config: bytes, home: Path) -> bytes:
    """Return the settings with the paths of the restored folder."""
    document = tomlkit.parse(config.decode("utf-8"))
    folder = home / _NODE
    document["deployment_path"] = str(folder / "deployment.json")
    document["data_dir"] = str(home / _DATA)
    if "operator_keystore" in document:
        document["operator_keystore"] = str(folder / "operator.json")
    if "log_path" in document:
        document["log_path"] = str(folder / "node.log")
    # The password is not in the bundle: whoever starts the node is asked, or names a file again.
    document.pop("operator_password_file", None)
    return tomlkit.dumps(document).encode("utf-8")
