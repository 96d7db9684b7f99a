"""Child processes of ``up`` and ``demo``: start, watch, kill, stop; none outlives its parent.

Place: under :mod:`.local_network`. Each child writes its own log file and leads its own session,
so that an interrupt at the keyboard reaches the parent alone, which then stops them in order.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from neurovoyance.protocol.errors import ConfigError

_PR_SET_PDEATHSIG = 1
_STOP_S = 10.0


def _die_with_parent() -> None:
    """Ask Linux to end this child when its parent ends, however that happens."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Child:
    """One child process: its name for people, its module and arguments, its log.

    Attributes:
        environment: variables that it gets besides those of this process; passwords go there,
            because every user of the machine may read arguments.
    """

    name: str
    arguments: list[str]
    log_path: Path
    process: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict, repr=False)

    def start(self) -> None:
        """Start ``python -m ARGUMENTS``; ConfigError when it cannot be started."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **self.environment}
        with self.log_path.open("ab") as log:
            try:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", *self.arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=_die_with_parent if sys.platform == "linux" else None,
                    env=environment,
                )
            except OSError as error:
                raise ConfigError(f"{self.name} cannot be started: {error}.") from error

    @property
    def pid(self) -> int:
        """Process id; 0 while it does not run."""
        return self.process.pid if self.process else 0

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL to it and everything that it started."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def ask_to_stop(self) -> None:
        """Send SIGTERM; it finishes what must not be cut."""
        if self.is_running and self.process is not None:
            self.process.terminate()

    def wait(self) -> None:
        """Wait for its end; kill it when that takes too long."""
        if self.process is None:
            return
        try:
            self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def run_to_end(self) -> int:
        """Start it, wait for its end however long that takes, and return its exit code."""
        self.start()
        return self.process.wait() if self.process else 1

    def tail(self, lines: int = 5) -> str:
        """Return the last lines of its log, for an error message."""
        try:
            text = self.log_path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.strip().splitlines()[-lines:])


def stop_all(children: list[Child]) -> None:
    """Stop children that need each other less first: all but the first together, then the first."""
    for group in (children[1:], children[:1]):
        for child in group:
            child.ask_to_stop()
        for child in group:
            child.wait()
