"""Files on their way between machines: by a path that both see, by CID, or as bytes if few.

Place: both sides of the queue. A parcel lists its files with size and SHA-256, so whatever way they
come, they are the ones that were meant. Never: a name that leads out of the folder it is put into,
bytes beyond the limit, or a file that was not compared with its digest.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from neurovoyance.protocol.errors import StorageIntegrityError, StorageNotFound

BYTES_MOST: Final = 4 << 20
"""Files of a parcel up to this size together travel inside the message."""

_PIECE_BYTES: Final = 1 << 20


class ParcelFile(BaseModel):
    """One file: its name below the parcel's root (empty for the root itself), size and digest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(max_length=512)]
    size_bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    data: str | None = None

    @field_validator("name")
    @classmethod
    def _stays_inside(cls, value: str) -> str:
        path = PurePosixPath(value)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError("a name leads out of its folder")
        return value


class Parcel(BaseModel):
    """A file, or a directory of files.

    Attributes:
        path: where the sender has it; good only where the disk is shared.
        cid: what a peer may be asked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    cid: str | None = None
    files: Annotated[tuple[ParcelFile, ...], Field(min_length=1, max_length=10_000)]

    @property
    def size_bytes(self) -> int:
        """Size of all files."""
        return sum(file.size_bytes for file in self.files)

    @property
    def digest(self) -> str:
        """A name for exactly these files, 64 hexadecimal digits."""
        lines = [f"{file.sha256} {file.name}\n" for file in self.files]
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def pack(path: Path, *, cid: str | None = None, bytes_most: int = BYTES_MOST) -> Parcel:
    """Return a file or directory as a parcel, its bytes inside if they are few; blocking.

    Raises:
        StorageNotFound: there is no file.
    """
    found = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    if not found:
        raise StorageNotFound(f"There is no file at {path.name!r} to send.")
    is_small = sum(item.stat().st_size for item in found) <= bytes_most
    files = []
    for item in found:
        data = base64.b64encode(item.read_bytes()).decode() if is_small else None
        name = "" if item == path else item.relative_to(path).as_posix()
        files.append(
            ParcelFile(name=name, size_bytes=item.stat().st_size, sha256=sha256_of(item), data=data)
        )
    return Parcel(path=str(path.absolute()), cid=cid, files=tuple(files))


def reachable(parcel: Parcel, roots: tuple[Path, ...]) -> Path | None:
    """Return the sender's path if it lies below a shared root and holds these files; blocking."""
    path = Path(parcel.path).resolve()
    if not any(path.is_relative_to(root.resolve()) for root in roots):
        return None
    return path if is_held(parcel, path) else None


def is_held(parcel: Parcel, path: Path) -> bool:
    """Tell whether exactly these files lie at a path; blocking."""
    for file in parcel.files:
        item = path / file.name if file.name else path
        try:
            if item.stat().st_size != file.size_bytes or sha256_of(item) != file.sha256:
                return False
        except OSError:
            return False
    return True


def unpack(parcel: Parcel, path: Path) -> bool:
    """Write the bytes of a parcel below a path; False if it carries none; blocking.

    Raises:
        StorageIntegrityError: the bytes are not those of the digest.
    """
    if any(file.data is None for file in parcel.files):
        return False
    for file in parcel.files:
        item = path / file.name if file.name else path
        item.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        data = base64.b64decode(file.data or "", validate=True)
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise StorageIntegrityError("A file in a message is not the one that was announced.")
        item.write_bytes(data)
    return True


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits; blocking, and quick the second time."""
    stat = path.stat()
    return _sha256(path, stat.st_size, stat.st_mtime_ns, stat.st_ino)


@lru_cache(maxsize=1_024)
def _sha256(path: Path, *_stamp: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()
