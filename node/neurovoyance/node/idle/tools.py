"""Ask small programs of the operating system; an answer is text, anything else is none.

Place: under ``linux`` and ``macos``. Runs in a worker thread. Never: a shell, or a wait of more
than half a second.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

TIMEOUT_S = 0.5
RETRY_S = 10.0
"""A program that failed is not started again before."""

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


class Patient:
    """Asks, but not again soon what failed: a server without a screen has nobody to tell of one.

    Args:
        tool: asks a program.
        monotonic_s: this machine's clock.
    """

    def __init__(self, tool: Ask = ask, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._ask = tool
        self._monotonic_s = monotonic_s
        self._failed_s: dict[tuple[str, ...], float] = {}

    def __call__(self, command: Sequence[str]) -> str | None:
        """Return what the program printed, or None if it failed now or within ten seconds."""
        # A window's id or a session's name may be gone; the question behind them is not.
        question, now_s = tuple(command[:2]), self._monotonic_s()
        if now_s - self._failed_s.get(question, -RETRY_S) < RETRY_S:
            return None
        answer = self._ask(command)
        if answer is None:
            self._failed_s[question] = now_s
        else:
            self._failed_s.pop(question, None)
        return answer
