"""Die at a step, as a power cut would end a process; for programs that tests start and lose."""

from __future__ import annotations

import os
import signal
from typing import Any, TypeAlias

Step: TypeAlias = tuple[Any, str, bool]
"""Whose method the process dies at, its name, and whether after it."""


def die_at(step: Step) -> None:
    """Have this process killed at a step."""
    owner, name, is_after = step
    real = getattr(owner, name)

    async def dying(*args: Any, **options: Any) -> None:
        if is_after:
            await real(*args, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, dying)
