"""What every pool must do: in this process, and on real workers behind a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.node.farm.conftest import Workers
from tests.unit.node.farm.orders import order_for
from tests.unit.node.runtime import models

from neurovoyance.node.farm.local import LocalPool
from neurovoyance.node.farm.pool import ExecutionPool, OutOfTime
from neurovoyance.node.farm.queued import FarmSettings, QueuedPool
from neurovoyance.node.runtime.base import ExecutionCancelled, Limits, Profile
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.runtime.warm import WarmPolicy
from neurovoyance.protocol.errors import (
    InputMismatch,
    NonFiniteOutput,
    ResourceExceeded,
    SpecError,
    UnsupportedModel,
)
from neurovoyance.verification.canonical import decode_tensors

ONES = np.ones((2, 4), np.float32)
LATE = (ResourceExceeded, OutOfTime)


def limits(wall_time_s: int) -> Limits:
    return Limits(512 << 20, 60, float(wall_time_s), file_bytes=8 << 20)


@pytest.fixture(params=["local", "shared", "bytes"])
async def pool(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ExecutionPool]:
    """A pool here, on a worker that sees our disk, and on one that does not."""
    if request.param == "local":
        async with OnnxRuntime(warm=WarmPolicy(folder=tmp_path)) as runtime:
            made = LocalPool(runtime, limits)
            yield made
            await made.close()
        return
    workers: Workers = request.getfixturevalue("workers")
    if request.param not in workers.processes:
        is_shared = request.param == "shared"
        await asyncio.to_thread(
            workers.start, request.param, is_shared=is_shared, farm=request.param
        )
    settings = FarmSettings(workers.server.url, request.param, lost_after_s=3.0, poll_s=0.02)
    queued = QueuedPool(settings)
    await queued.open()
    yield queued
    await queued.close()


@pytest.fixture
def folder(request: pytest.FixtureRequest, pool: ExecutionPool, tmp_path: Path) -> Path:
    if isinstance(pool, LocalPool):
        return tmp_path
    shared: Path = request.getfixturevalue("shared")
    made = shared / tmp_path.name
    made.mkdir()
    return made


async def test_the_output_lies_at_its_name_and_nothing_else_is_left(
    pool: ExecutionPool, folder: Path
) -> None:
    model = models.save(models.affine(), folder / "m.onnx")
    order = order_for(model, folder, a=ONES, b=ONES)
    for names in (None, ("twice", "sum")):
        done = await pool.execute(replace(order, output_names=names))
        values = decode_tensors(order.output_path.read_bytes())
        assert [tensor.name for tensor in done.tensors] == list(names or ("sum", "twice"))
        assert [value.tolist() for value in values] == [[[2.0] * 4] * 2] * 2
        assert done.engine.startswith("onnxruntime ")
        assert done.usage.wall_ms > 0
    assert [path.name for path in order.output_path.parent.iterdir()] == [order.output_path.name]


@pytest.mark.parametrize("profile", list(Profile))
async def test_the_bytes_do_not_depend_on_the_pool(
    pool: ExecutionPool, folder: Path, profile: Profile
) -> None:
    model = models.save(models.matmul(129, 3), folder / "m.onnx")
    x = np.random.default_rng(5).standard_normal((3, 129)).astype(np.float32)
    order = replace(order_for(model, folder, x=x), profile=profile)
    found = set()
    for is_shared in (True, True, False):
        await pool.execute(replace(order, is_shared=is_shared))
        found.add(order.output_path.read_bytes())
    async with OnnxRuntime(keep_warm=False) as runtime:
        direct = LocalPool(runtime, limits)
        await direct.execute(order)
    assert found == {order.output_path.read_bytes()}


async def test_each_failure_keeps_its_kind_and_leaves_nothing(
    pool: ExecutionPool, folder: Path
) -> None:
    affine = models.save(models.affine(), folder / "a.onnx")
    logarithm = models.save(models.logarithm(), folder / "l.onnx")
    wide = models.save(models.filled(reduced=False), folder / "w.onnx")
    broken = folder / "broken.onnx"
    broken.write_bytes(b"no model")
    cases: list[tuple[Path, dict[str, Any], type[Exception]]] = [
        (affine, {"a": ONES}, InputMismatch),
        (logarithm, {"x": np.array([-1], np.float32)}, NonFiniteOutput),
        (broken, {"x": ONES}, UnsupportedModel),
        (wide, {"shape": np.array([3 << 20])}, ResourceExceeded),
    ]
    for model, tensors, kind in cases:
        order = order_for(model, folder, **tensors)
        with pytest.raises(kind) as caught:
            await pool.execute(order)
        assert type(caught.value) is kind
        assert list(order.output_path.parent.iterdir()) == []


async def test_a_run_ends_with_its_wall_time(pool: ExecutionPool, folder: Path) -> None:
    model = models.save(models.endless(), folder / "e.onnx")
    order = order_for(model, folder, x=np.ones(1, np.float32))
    with pytest.raises(ResourceExceeded) as caught:
        await pool.execute(replace(order, wall_time_s=1))
    assert caught.value.context["limit"] == "wall_time_s"


async def test_cancelling_ends_an_execution_once(pool: ExecutionPool, folder: Path) -> None:
    model = models.save(models.endless(), folder / "e.onnx")
    order = order_for(model, folder, x=np.ones(1, np.float32))
    running = asyncio.create_task(pool.execute(order))
    async with asyncio.timeout(60):
        while not pool.cancel(order.execution_id):
            await asyncio.sleep(0.01)
    assert not pool.cancel(order.execution_id)
    with pytest.raises(ExecutionCancelled):
        await running
    assert not pool.cancel(order.execution_id)
    assert not pool.cancel("unknown")
    # The place is free again.
    logarithm = models.save(models.logarithm(), folder / "l.onnx")
    await pool.execute(order_for(logarithm, folder, x=np.ones(1, np.float32)))


async def test_one_id_is_one_execution(pool: ExecutionPool, folder: Path) -> None:
    model = models.save(models.endless(), folder / "e.onnx")
    order = order_for(model, folder, x=np.ones(1, np.float32))
    running = [asyncio.create_task(pool.execute(order)) for _ in range(2)]
    done, left = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    assert [type(task.exception()) for task in done] == [SpecError]
    for task in left:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_model_can_be_loaded_ahead(pool: ExecutionPool, folder: Path) -> None:
    model = models.save(models.logarithm(), folder / "l.onnx")
    order = order_for(model, folder, x=np.ones(3, np.float32))
    await pool.expect(order)
    done = await pool.execute(order)
    assert done.usage.model_load_ms == 0
    await pool.expect(replace(order, model_path=folder / "l.onnx", profile=Profile.FAST))


async def test_closing_ends_what_runs(pool: ExecutionPool, folder: Path) -> None:
    model = models.save(models.endless(), folder / "e.onnx")
    order = order_for(model, folder, x=np.ones(1, np.float32))
    running = asyncio.create_task(pool.execute(order))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await pool.close()
    with pytest.raises(ExecutionCancelled):
        await running
