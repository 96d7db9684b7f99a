"""``job cancel`` brings the escrow of a listing back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .conftest import Invoke


def test_a_settled_job_cannot_be_cancelled(invoke: Invoke, settled_job: dict[str, Any]) -> None:
    error = invoke("job", "cancel", settled_job["job_id"], code=1)["error"]
    assert error["code"].startswith("chain.revert")
    assert "nothing was sent" in error["safe"]


def test_a_listing_below_every_price_is_cancelled_and_refunded(invoke: Invoke, home: Path) -> None:
    import asyncio

    from neurovoyance.client.opening import open_from_profile

    async def list_it() -> str:
        import numpy as np

        async with await open_from_profile(home) as client:
            job = await client.submit(
                "sum", {"x": np.ones((1, 3), np.float32)}, hire="listing", max_price_wei=5
            )
            return job.id

    job_id = asyncio.run(list_it())
    shown = invoke("job", "cancel", job_id)
    assert shown["receipt"]["state"] == "Cancelled"
    assert shown["receipt"]["refunded_wei"] == "5"
    assert invoke("job", "cancel", job_id)["tx"] == shown["tx"]
