"""A PostgreSQL cluster of a test's own: a temporary folder, a socket in it, no port.

Skipped where the programs of PostgreSQL are not installed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Cluster:
    """A server that a test may end and start again."""

    bin_dir: Path
    folder: Path

    @property
    def url(self) -> str:
        return f"postgresql://market@/postgres?host={self.folder}"

    def start(self) -> None:
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off"
        self._control("-o", options, "start")

    def stop(self) -> None:
        """End it as a power cut would: nothing is written, every connection breaks."""
        self._control("-m", "immediate", "stop")

    def make(self) -> None:
        initdb = [str(self.bin_dir / "initdb"), "-D", str(self.folder / "data")]
        words = ["-U", "market", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        self._as_nobody([*initdb, *words])

    def _control(self, *words: str) -> None:
        control = [str(self.bin_dir / "pg_ctl"), "-D", str(self.folder / "data"), "-w"]
        self._as_nobody([*control, "-l", str(self.folder / "log"), *words])

    def _as_nobody(self, command: list[str]) -> None:
        """Run a program of PostgreSQL; it refuses to run as root, so then as ``nobody``."""
        user = "nobody" if os.geteuid() == 0 else None
        done = subprocess.run(
            command,
            user=user,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Make a cluster, start it, and remove it in the end."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql).")
    # A socket's path has to be short, and pytest's own folders are closed to other users.
    folder = Path(subprocess.check_output(["mktemp", "-d", "-t", "pg.XXXXXX"], text=True).strip())
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    made = Cluster(found[-1].parent, folder)
    try:
        made.make()
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
