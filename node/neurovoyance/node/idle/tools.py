"""Ask small programs of the operating system; an answer is text, anything else is none.

Place: under ``linux`` and ``macos``. Runs in a worker thread. Never: a shell, or a wait of more
than half a second.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from typing import TypeAlias

TIMEOUT_S = 0.5

Ask: TypeAlias = Callable[[Sequence[str]], str | None]
"""Takes a command line; returns what it printed, or None if it failed or is not there."""


def ask(command: Sequence[str]) -> str | None:
    """Run a program for at most half a second and return what it printed, or None."""
    if shutil.which(command[0]) is None:
        return None  # cheaper than a child process that cannot start
    try:
        finished = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return finished.stdout.decode("utf-8", "replace")
