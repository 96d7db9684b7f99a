"""Runs share the places of the machine, and none is started that could not end in time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.unit.node.conftest import CLIENT, LIMITS, Station
from tests.unit.node.runtime.behaviour import children

from neurovoyance.node.bench import Bench, NoRoom, OutOfTime
from neurovoyance.node.farm.local import LocalPool
from neurovoyance.node.farm.pool import Order
from neurovoyance.node.intake import HeldJob, Intake
from neurovoyance.node.records import PostedJob
from neurovoyance.node.runtime.base import ExecutionCancelled, Limits, RunOutput, RunRequest
from neurovoyance.node.runtime.confined import warm_bytes
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.runtime.warm import WarmPolicy
from neurovoyance.protocol.ids import Address, JobId
from neurovoyance.protocol.units import nvy
from neurovoyance.verification.canonical import decode_tensors

FAR_S = 2**40


async def job_on(station: Station) -> tuple[PostedJob, HeldJob]:
    spec = await station.publish()
    job = PostedJob(JobId(b"\x01" * 32), Address(CLIENT.address), spec, nvy("1"), 0)
    held = await station.intake.hold(spec)
    assert isinstance(held, HeldJob)
    return job, held


async def test_a_run_leaves_what_a_commitment_covers(station: Station) -> None:
    job, held = await job_on(station)
    path = station.work.bench.outputs / "out.nvyt"
    await station.work.bench.compute(job, held, path, finish_by_s=FAR_S)
    [array] = decode_tensors(path.read_bytes())
    assert array.shape == (2, 4)


async def test_a_run_too_near_to_its_deadline_is_not_started(station: Station) -> None:
    job, held = await job_on(station)
    path = station.work.bench.outputs / "out.nvyt"
    with pytest.raises(OutOfTime):
        await station.work.bench.compute(job, held, path, finish_by_s=await station.chain.time_s())
    assert not path.exists()


async def test_a_machine_without_room_says_so(station: Station) -> None:
    job, held = await job_on(station)
    full = replace(LIMITS, memory_bytes=1 << 50)
    station.work.bench.intake = Intake(
        station.storage, station.runtime, full, station.folder / "x", allow_private_addresses=True
    )
    with pytest.raises(NoRoom):
        await station.work.bench.compute(job, held, station.folder / "out.nvyt", finish_by_s=FAR_S)


class _Counting:
    """A runtime that notes how many run at once, and what it is asked to end."""

    def __init__(self) -> None:
        self.running = self.most = 0
        self.cancelled: list[str] = []

    async def run(self, request: RunRequest, limits: Limits) -> RunOutput:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0.02)
        self.running -= 1
        raise ExecutionCancelled("Enough was seen.")

    def cancel(self, execution_id: str) -> bool:
        self.cancelled.append(execution_id)
        return True


async def test_no_more_run_at_once_than_there_are_places(station: Station) -> None:
    job, held = await job_on(station)
    runtime = _Counting()
    bench = Bench(station.chain, station.intake, runtime, station.folder / "out", 2)  # type: ignore[arg-type]
    runs = [
        bench.compute(job, held, bench.outputs / f"{number}.nvyt", finish_by_s=FAR_S)
        for number in range(5)
    ]
    ended = await asyncio.gather(*runs, return_exceptions=True)
    assert all(isinstance(error, ExecutionCancelled) for error in ended)
    assert runtime.most == 2
    bench.cancel(bench.outputs / "3.nvyt")
    assert runtime.cancelled == ["3"]


async def test_a_likely_job_finds_its_model_loaded_unless_its_input_is_private(
    station: Station,
) -> None:
    job, held = await job_on(station)
    path = station.folder / "out.nvyt"
    policy = WarmPolicy(folder=station.folder)
    async with OnnxRuntime(keep_warm=False, warm=policy) as runtime:
        bench = Bench(station.chain, station.intake, runtime, station.folder / "out", 1)
        bench.expect(job.spec, held)
        bench.expect(job.spec, held)
        async with asyncio.timeout(60):
            while not warm_bytes(runtime):
                await asyncio.sleep(0.01)
        # The model is held again, as before every run, and still known as the one that is loaded.
        again = await station.intake.hold(job.spec)
        assert isinstance(again, HeldJob)
        pids = children()
        await bench.compute(job, again, path, finish_by_s=FAR_S)
        assert children() == pids
        first = path.read_bytes()
        kept_bytes = warm_bytes(runtime)
        bench.is_private = lambda job: True
        await bench.compute(job, held, path, finish_by_s=FAR_S)
        assert path.read_bytes() == first
        assert 0 < warm_bytes(runtime) <= kept_bytes
        await bench.close()


async def test_runs_go_to_the_pool_that_the_bench_was_given(station: Station) -> None:
    job, held = await job_on(station)
    asked: list[Order] = []

    class Elsewhere(LocalPool):
        async def execute(self, order: Order) -> RunOutput:
            asked.append(order)
            return await super().execute(order)

    bench = station.work.bench
    bench.pool = Elsewhere(station.runtime, station.intake.run_limits)
    await bench.compute(job, held, bench.outputs / "far.nvyt", finish_by_s=FAR_S)
    [order] = asked
    assert (order.execution_id, order.is_shared) == ("far", True)
    assert order.model_cid == held.manifest.model_cid
    assert order.wall_time_s == job.spec.max_runtime_s
