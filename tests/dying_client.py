"""A client process that dies at a step of a batch, as a power cut would end it.

Run: ``python -m tests.dying_client HOME MODEL FIRST COUNT STEP``; computes inputs FIRST to
FIRST + COUNT - 1 and is killed at STEP: ``ordered``, ``received``, ``signed`` or ``paid``; at
``none`` it prints what was paid.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.dying import Step, die_at
from tests.task_worlds import inputs

from neurovoyance.client.batches import BatchClient
from neurovoyance.client.channels import ChannelClient
from neurovoyance.client.opening import open_from_profile

STEPS: dict[str, Step] = {
    "ordered": (BatchClient, "order", True),
    "received": (BatchClient, "_received", True),
    "signed": (ChannelClient, "pay", True),
    "paid": (BatchClient, "hand_over", False),
}


async def main(home: Path, model: Path, first: int, count: int, step: str) -> None:
    """Run a batch, and die or print."""
    if step != "none":
        die_at(STEPS[step])
    async with await open_from_profile(home) as client:
        found = await client.tasks.run(await client.publish(model), inputs(count, first))
        print(found.paid_wei, found.is_complete)


if __name__ == "__main__":
    folder, file, start, number, at = sys.argv[1:]
    asyncio.run(main(Path(folder), Path(file), int(start), int(number), at))
