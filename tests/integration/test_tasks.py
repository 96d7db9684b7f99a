"""Tasks over real processes: computed, signed, checked, paid by voucher; money to the wei."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load
from tests.task_worlds import PRICE_WEI, TaskWorld, inputs, task_market
from tests.unit.node.content import WEIGHTS

from neurovoyance.client import Client
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.errors import BatchMismatch, TasksRefused
from neurovoyance.client.models import PublishedModel
from neurovoyance.protocol.errors import SpecError


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[TaskWorld]:
    """Two providers of one channel; the second one lies once it is told to."""
    async with task_market(tmp_path, providers=2) as made:
        made.providers[1].entry = ("-m", "tests.dishonest_node", "turncoat")
        await asyncio.gather(made.start(0), made.start(1))
        yield made


async def test_many_tasks_are_paid_by_one_voucher(pair: TaskWorld) -> None:
    given, first = inputs(20), pair.providers[0].address
    async with pair.client() as (client, model):
        found = await client.tasks.run(model, given, provider=first)
        assert found.is_complete
        for arrays, output in zip(given, found.outputs, strict=True):
            assert output is not None
            np.testing.assert_allclose(output["y"], arrays["x"] @ WEIGHTS, rtol=1e-6)
        assert found.paid_wei == 20 * PRICE_WEI
        assert len(found.batches) == 1
        assert found.is_handed_over
        terms = await client.tasks.terms(pair.channel_id, first)
        assert (terms.owed_wei, terms.promised_wei) == (20 * PRICE_WEI, 20 * PRICE_WEI)
        await check_second_payee(pair, client, model)
        await check_sample(pair, client, model)
    await asyncio.to_thread(check_ordinary_program, pair)


def promised_wei(client: AsyncClient, world: TaskWorld, number: int) -> int:
    """Return what was signed for to a provider."""
    last = client.channels.book.last(world.channel_id, world.providers[number].address)
    return last.voucher.cumulative_wei if last else 0


async def check_second_payee(world: TaskWorld, client: AsyncClient, model: PublishedModel) -> None:
    """Have a payee's tasks repeated by another one, while it is honest and when it lies."""
    first, second = (party.address for party in world.providers)
    before_wei = promised_wei(client, world, 0)
    with pytest.raises(SpecError, match="cannot check itself"):
        await client.tasks.run(
            model, inputs(1, 200), provider=second, check=1, checker=second.lower()
        )
    found = await client.tasks.run(model, inputs(4, 200), provider=second, check=2, checker="auto")
    assert (found.is_complete, found.repeated, found.provider) == (True, 2, second)
    assert found.checker == first
    assert found.why_checker == f"it has another owner and operator than {second}"
    assert promised_wei(client, world, 1) == found.paid_wei == 4 * PRICE_WEI
    assert promised_wei(client, world, 0) - before_wei == 2 * PRICE_WEI

    (world.providers[1].folder / "node" / "turned").touch()
    with pytest.raises(BatchMismatch, match="No voucher") as caught:
        await client.tasks.run(model, inputs(4, 250), provider=second, check=2, checker=first)
    evidence = json.loads(Path(caught.value.context["evidence_path"]).read_text())
    assert evidence["request"]["order"]["payee"] == second
    assert len(client.tasks.book.refused(world.channel_id, second)) == 1
    # The liar got nothing for it; who repeated is paid.
    assert promised_wei(client, world, 1) == 4 * PRICE_WEI
    assert promised_wei(client, world, 0) - before_wei == 4 * PRICE_WEI
    with pytest.raises(TasksRefused, match="wrong output"):
        await client.tasks.run(model, inputs(1, 270), provider=second)


async def check_sample(world: TaskWorld, client: AsyncClient, model: PublishedModel) -> None:
    """Repeat a sample, and meet a provider that lies."""

    async def honest(_model: Any, _specs: Any, given: Any) -> list[list[np.ndarray]]:
        return [[load(data)["x"] @ WEIGHTS] for data in given]

    async def other(_model: Any, _specs: Any, given: Any) -> list[list[np.ndarray]]:
        return [[load(data)["x"] @ WEIGHTS + 1] for data in given]

    found = await client.tasks.run(model, inputs(4, 30), check=2, checker=honest)
    assert found.provider == world.providers[0].address
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


def check_ordinary_program(world: TaskWorld) -> None:
    """Find with the blocking client what the other one paid for, and be refused alike."""
    with Client(world.settings, world.market.devnet.wallet(3)) as client:
        again = client.tasks.run(world.model_path, inputs(4, 30))
        assert (again.is_complete, again.paid_wei) == (True, 0)
        with pytest.raises(TasksRefused, match="wrong output"):
            client.tasks.run(world.model_path, inputs(1, 70))
