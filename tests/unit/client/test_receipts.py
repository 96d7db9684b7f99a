"""A receipt holds together offline, and any change to it shows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from neurovoyance.client.client import AsyncClient
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.receipts import check_receipt

from .providers import PRICE_WEI, Provider, output_of

X = np.ones((2, 3), np.float32)


@pytest.fixture
async def receipt(
    client: AsyncClient, providers: list[Provider], model: PublishedModel
) -> dict[str, object]:
    job = await client.submit(model, {"x": X}, hire="listing", max_price_wei=2 * PRICE_WEI)
    await providers[0].accept(job.current.job_id)
    await providers[0].deliver(job.current.job_id, output_of(X))
    found = await job.wait()
    path = client.session.receipt_path(job.current.job_id)
    assert json.loads(path.read_text()) == found
    return found


async def test_a_receipt_names_every_step_with_its_transaction(
    receipt: dict[str, object],
) -> None:
    assert check_receipt(receipt) == []
    steps = receipt["steps"]
    assert isinstance(steps, list)
    assert [step["event"] for step in steps] == [
        "JobPosted", "JobAssigned", "JobCommitted", "SeedDrawn", "JobRevealed", "JobConfirmed",
        "JobSettled",
    ]  # fmt: skip
    assert all(step["tx"].startswith("0x") and step["time_s"] > 0 for step in steps)
    assert receipt["escrow_wei"] == str(2 * PRICE_WEI)
    assert receipt["paid_wei"] == receipt["refunded_wei"] == str(PRICE_WEI)
    for field, value, words in (
        ("salt", "0x" + "00" * 32, "job id"),
        ("market", receipt["client"], "job id"),
        ("chain_id", 1, "job id"),
        ("paid_wei", "1", "What was paid"),
        ("refunded_wei", "1", "What was paid"),
        ("state", "Revealed", "not settled"),
        ("steps", [], "does not fit the steps"),
        ("input_cid", "bafkqaaa", "input CID"),
        ("spec", {}, "malformed"),
    ):
        assert any(words in fault for fault in check_receipt({**receipt, field: value})), field
    assert check_receipt({}) != []
