"""A client process that dies at a step of a batch, as a power cut would end it.

Run: ``python tests/dying_client.py HOME MODEL FIRST COUNT STEP``; computes inputs FIRST to
FIRST + COUNT - 1 and is killed at STEP: ``ordered``, ``received``, ``signed`` or ``paid``; at
``none`` it prints what was paid.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from neurovoyance.client.batches import BatchClient
from neurovoyance.client.channels import ChannelClient
from neurovoyance.client.opening import open_from_profile
from tests.task_worlds import inputs

STEPS: dict[str, tuple[type[Any], str, bool]] = {
    "ordered": (BatchClient, "order", True),
    "received": (BatchClient, "_received", True),
    "signed": (ChannelClient, "pay", True),
    "paid": (BatchClient, "hand_over", False),
}
"""Step -> the method at which the process dies, and whether after it."""


def die_at(step: str) -> None:
    """Have the process killed at a step."""
    owner, name, is_after = STEPS[step]
    real = getattr(owner, name)

    async def dying(*args: Any, **options: Any) -> None:
        if is_after:
            await real(*args, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, dying)


async def main(home: Path, model: Path, first: int, count: int, step: str) -> None:
    """Run a batch, and die or print."""
    if step != "none":
        die_at(step)
    async with await open_from_profile(home) as client:
        found = await client.tasks.run(await client.publish(model), inputs(count, first))
        print(found.paid_wei, found.is_complete)


if __name__ == "__main__":
    folder, file, start, number, at = sys.argv[1:]
    asyncio.run(main(Path(folder), Path(file), int(start), int(number), at))
