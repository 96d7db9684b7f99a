"""The pool of one machine: room is made before a run is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.node.farm.orders import order_for
from tests.unit.node.runtime import models
from tests.unit.node.runtime.behaviour import LIMITS

from neurovoyance.node.farm.local import LocalPool
from neurovoyance.node.farm.pool import NoRoom
from neurovoyance.node.runtime.base import Limits
from neurovoyance.node.runtime.confined import warm_bytes
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.runtime.warm import WarmPolicy
from neurovoyance.protocol.errors import ResourceExceeded


async def test_warm_models_make_way_for_a_run_that_needs_their_memory(tmp_path: Path) -> None:
    model = models.save(models.logarithm(), tmp_path / "m.onnx")
    tries: list[int] = []

    def tight(wall_time_s: int) -> Limits:
        tries.append(wall_time_s)
        if len(tries) in (2, 4, 5):
            raise ResourceExceeded("Full.", limit="memory_bytes")
        return LIMITS

    async with OnnxRuntime(keep_warm=False, warm=WarmPolicy(folder=tmp_path)) as runtime:
        pool = LocalPool(runtime, tight)
        first, second, third = (
            order_for(model, tmp_path, x=np.ones(2, np.float32)) for _ in range(3)
        )
        await pool.execute(first)
        assert (await pool.execute(second)).usage.model_load_ms >= 0
        with pytest.raises(NoRoom):
            await pool.execute(third)
        await pool.expect(third)
    assert len(tries) == 6
    assert first.output_path.exists()
    assert not third.output_path.exists()


async def test_warm_models_make_way_for_a_model_that_does_not_fit_beside_them(
    tmp_path: Path,
) -> None:
    small = models.save(models.logarithm(), tmp_path / "s.onnx")
    ones = np.ones(2, np.float32)
    async with OnnxRuntime(keep_warm=False, warm=WarmPolicy(folder=tmp_path)) as runtime:
        # As on a machine whose memory a warm model takes: more is free once it is gone.
        def beside(wall_time_s: int) -> Limits:
            return replace(LIMITS, memory_bytes=(64 << 20) if warm_bytes(runtime) else (512 << 20))

        pool = LocalPool(runtime, beside)
        await pool.execute(order_for(small, tmp_path, x=ones))
        assert warm_bytes(runtime) > 0
        done = await pool.execute(order_for(small, tmp_path, x=ones))
    assert done.tensors[0].shape == (2,)
    assert warm_bytes(runtime) == 0
    assert warm_bytes(object()) == 0
