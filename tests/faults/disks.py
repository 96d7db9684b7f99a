"""A disk that a test fills and frees: a file system of its own, or a limit on the size of files."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_KIB = 1_024
_TRIES = 50


@dataclass
class SmallDisk:
    """A folder whose room a test can take away and give back.

    As root it is a file system in memory, so that programs meet the error of a full disk. Elsewhere
    the process named in ``fill`` may make no file longer any more: it meets a failed write.
    """

    folder: Path
    size_kib: int
    is_mounted: bool

    def fill(self, pid: int) -> None:
        """Leave no room."""
        if not self.is_mounted:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            return
        for _ in range(_TRIES):  # refused if somebody wrote between the question and the answer
            room = os.statvfs(self.folder)
            used_kib = (room.f_blocks - room.f_bfree) * room.f_frsize // _KIB
            if self._resize(used_kib):
                return
        raise AssertionError("the disk cannot be filled")

    def free(self, pid: int) -> None:
        """Give the room back."""
        if not self.is_mounted:
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
        else:
            assert self._resize(self.size_kib)

    def _resize(self, kib: int) -> bool:
        return _mount("-o", f"remount,size={kib}k", str(self.folder))


def _mount(*arguments: str) -> bool:
    done = subprocess.run(["mount", *arguments], capture_output=True, check=False)
    return done.returncode == 0


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[SmallDisk]:
    """Make a disk of this size for as long as the context lasts."""
    folder.mkdir()
    size_kib = mebibytes * _KIB
    is_mounted = os.geteuid() == 0 and _mount(
        "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(folder)
    )
    try:
        yield SmallDisk(folder, size_kib, is_mounted)
    finally:
        if is_mounted:
            # A process that is being killed may hold a file for another moment.
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
