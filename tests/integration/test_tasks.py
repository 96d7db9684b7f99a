"""Tasks over real processes: computed, signed, checked, paid by voucher; money to the wei."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load
from tests.task_worlds import PRICE_WEI, TaskWorld, inputs, task_world
from tests.unit.node.content import WEIGHTS

from neurovoyance.client.client import AsyncClient
from neurovoyance.client.errors import BatchMismatch, TasksRefused
from neurovoyance.client.models import PublishedModel

__all__ = ["task_world"]


async def test_many_tasks_are_paid_by_one_voucher(task_world: TaskWorld) -> None:
    given = inputs(20)
    await task_world.start()
    async with task_world.client() as (client, model):
        found = await client.tasks.run(model, given)
        assert found.is_complete
        for arrays, output in zip(given, found.outputs, strict=True):
            assert output is not None
            np.testing.assert_allclose(output["y"], arrays["x"] @ WEIGHTS, rtol=1e-6)
        assert found.paid_wei == 20 * PRICE_WEI
        assert len(found.batches) == 1
        assert found.is_handed_over
        terms = await client.tasks.terms(task_world.channel_id, task_world.providers[0].address)
        assert (terms.owed_wei, terms.promised_wei) == (20 * PRICE_WEI, 20 * PRICE_WEI)
        await check_sample(task_world, client, model)


async def check_sample(world: TaskWorld, client: AsyncClient, model: PublishedModel) -> None:
    """Repeat a sample, and meet a provider that lies."""

    async def honest(_model: Any, _specs: Any, given: Any) -> list[list[np.ndarray]]:
        return [[load(data)["x"] @ WEIGHTS] for data in given]

    async def other(_model: Any, _specs: Any, given: Any) -> list[list[np.ndarray]]:
        return [[load(data)["x"] @ WEIGHTS + 1] for data in given]

    found = await client.tasks.run(model, inputs(4, 30), check=2, checker=honest)
    assert (found.is_complete, found.repeated) == (True, 2)
    before = client.channels.book.last(world.channel_id, found.provider)
    with pytest.raises(BatchMismatch, match="No voucher") as caught:
        await client.tasks.run(model, inputs(2, 50), check=1, checker=other)
    evidence = json.loads(Path(caught.value.context["evidence_path"]).read_text())
    assert evidence["leaf"]["out_root"].startswith("0x")
    assert client.channels.book.last(world.channel_id, found.provider) == before
    with pytest.raises(TasksRefused, match="wrong output"):
        await client.tasks.run(model, inputs(1, 70))
    again = await client.tasks.run(model, inputs(4, 30))  # from disk, without anybody
    assert (again.is_complete, again.paid_wei) == (True, 0)
