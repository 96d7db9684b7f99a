"""Tasks over real processes: computed, signed, checked, paid by voucher; money to the wei."""

from __future__ import annotations

import numpy as np
from tests.task_worlds import PRICE_WEI, TaskWorld, inputs, task_world
from tests.unit.node.content import WEIGHTS

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
