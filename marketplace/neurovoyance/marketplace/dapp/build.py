"""What the built pages are: the SHA-256 of every file, and one hash over all of them.

Place: under ``build_routes``. The hash is that of ``sha256sum``'s output over the files in the
order of their names, so that anybody can make it with ordinary tools; docs/market-service.md has
the command. Never: a hash that depends on a clock or on the machine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Build:
    """The pages of one build.

    Attributes:
        files: SHA-256, hex, by path below the folder, in the order of the paths.
        digest: of all, hex.
    """

    files: dict[str, str]
    digest: str


def build_of(folder: Path) -> Build | None:
    """Return what lies in a folder; None where no pages are, or while others replace them."""
    if not (folder / "index.html").is_file():
        return None
    try:
        found = sorted(
            (path.relative_to(folder).as_posix(), path.stat())
            for path in folder.rglob("*")
            if path.is_file()
        )
        return _hashed(folder, tuple((name, at.st_size, at.st_mtime_ns) for name, at in found))
    except FileNotFoundError:
        return None


@lru_cache(maxsize=4)
def _hashed(folder: Path, listed: tuple[tuple[str, int, int], ...]) -> Build:
    """Hash files again only when one of them looks different."""
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name, *_ in listed}
    lines = "".join(f"{digest}  {name}\n" for name, digest in files.items())
    return Build(files, hashlib.sha256(lines.encode()).hexdigest())
