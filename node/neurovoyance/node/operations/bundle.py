"""Files in one encrypted bundle: packed with their hashes, sealed with a password.

Place: under ``backup``, which knows what belongs in. The seal is the age format with a passphrase
(scrypt and ChaCha20-Poly1305), so that ``age --decrypt`` opens it without this software; inside is
a tar archive whose first member is the manifest. Never: a name that leaves the folder, a file whose
hash is another, or anything of the content in a message.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import pyrage

from neurovoyance.protocol.errors import AccessDenied, ConfigError

VERSION = 1
MANIFEST = "manifest.json"
PASSWORD_MIN_CHARS = 8
BUNDLE_MAX_BYTES = 1 << 30


@dataclass(slots=True)
class Bundle:
    """What is kept.

    Attributes:
        facts: what the files are about, as JSON values; never a secret.
        files: by name below the home folder.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """Return the size of all files."""
        return sum(map(len, self.files.values()))


def pack(bundle: Bundle) -> bytes:
    """Return the archive of a bundle.

    Raises:
        ConfigError: it is larger than :data:`BUNDLE_MAX_BYTES`, or a name leaves the folder.
    """
    if bundle.size_bytes > BUNDLE_MAX_BYTES:
        raise ConfigError(
            f"The backup would have {bundle.size_bytes:,} bytes; at most {BUNDLE_MAX_BYTES:,} fit.",
            hint="Let running jobs end first, or copy the folder as a whole.",
            faults=["backup: too large"],
        )
    hashes = {
        _checked(name): hashlib.sha256(data).hexdigest() for name, data in bundle.files.items()
    }
    manifest = {"version": VERSION, "facts": bundle.facts, "sha256": hashes}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        _add(archive, MANIFEST, json.dumps(manifest, sort_keys=True).encode())
        for name, data in sorted(bundle.files.items()):
            _add(archive, name, data)
    return out.getvalue()


def unpack(archive: bytes) -> Bundle:
    """Return the bundle of an archive after checking every name and hash.

    Raises:
        ConfigError: it is no archive of ours, or was altered.
    """
    try:
        members = dict(_members(archive))
        manifest = json.loads(members.pop(MANIFEST))
        version, hashes, facts = manifest["version"], manifest["sha256"], manifest["facts"]
    except (tarfile.TarError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged("it is no backup of this software") from error
    if version != VERSION:
        raise _damaged(f"it has version {version}, and this software reads {VERSION}")
    if set(members) != set(hashes):
        raise _damaged("files are missing, or were added")
    for name, data in members.items():
        if hashlib.sha256(data).hexdigest() != hashes[_checked(name)]:
            raise _damaged(f"{name} was altered")
    return Bundle(facts, members)


def seal(archive: bytes, password: str) -> bytes:
    """Encrypt an archive; the password is all that protects it.

    Raises:
        ConfigError: the password is too short.
    """
    if len(password) < PASSWORD_MIN_CHARS:
        raise ConfigError(
            f"The password has fewer than {PASSWORD_MIN_CHARS} characters.",
            hint="Nothing was written. Choose a longer one; it is all that protects the backup.",
            faults=["password: too short"],
        )
    return bytes(pyrage.passphrase.encrypt(archive, password))


def unseal(sealed: bytes, password: str) -> bytes:
    """Decrypt what :func:`seal` made.

    Raises:
        AccessDenied: the password is wrong, or the file was altered; both look the same.
    """
    try:
        return bytes(pyrage.passphrase.decrypt(sealed, password))
    except pyrage.DecryptError as error:
        raise AccessDenied(
            "The backup could not be opened: the password is wrong, or the file was altered.",
            hint="Try the password again, then another copy of the file.",
        ) from error


def _members(archive: bytes) -> list[tuple[str, bytes]]:
    found = []
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isreg() else None
            if file is None:
                raise _damaged(f"{member.name} is no file")
            found.append((member.name, file.read()))
    return found


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o600
    archive.addfile(entry, io.BytesIO(data))


def _checked(name: str) -> str:
    path = PurePosixPath(name)
    is_plain = name == path.as_posix() and "\\" not in name and "\0" not in name
    if path.is_absolute() or ".." in path.parts or not path.parts or not is_plain:
        raise _damaged(f"{name[:100]!r} leaves the folder")
    return name


def _damaged(why: str) -> ConfigError:
    return ConfigError(
        f"The backup cannot be used: {why}.",
        hint="Nothing was written. Use another copy.",
        faults=["backup: damaged"],
    )
