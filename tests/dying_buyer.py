"""A client process that dies at a step of a job, as a power cut would end it.

Run: ``python -m tests.dying_buyer HOME MODEL STEP``: hires one job and waits for its end; killed at
STEP, one of :data:`STEPS`.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.dying import Step, die_at
from tests.unit.node.content import INPUT

from neurovoyance.chain.market import Market
from neurovoyance.client import hiring
from neurovoyance.client.jobs import AsyncJob
from neurovoyance.client.opening import open_from_profile

STEPS: dict[str, Step] = {
    "planned": (hiring, "send_attempt", False),
    "paying": (Market, "open", False),
    "sent": (Market, "open", True),
    "hired": (hiring, "send_attempt", True),
    "unchecked": (AsyncJob, "_check", False),
    "checked": (AsyncJob, "_check", True),
    "unconfirmed": (AsyncJob, "confirm", False),
    "confirmed": (AsyncJob, "confirm", True),
}


async def main(home: Path, model: Path, step: str) -> None:
    """Hire, wait, and die on the way."""
    die_at(STEPS[step])
    async with await open_from_profile(home) as client:
        job = await client.submit(await client.publish(model), {"x": INPUT})
        await job.wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
