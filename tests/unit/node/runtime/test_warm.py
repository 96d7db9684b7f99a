"""Warm children: the bytes of cold ones, within the memory given, and never for another's files."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from onnx import TensorProto, helper
from tests.unit.node.runtime import models
from tests.unit.node.runtime.behaviour import LIMITS, Kit, RuntimeBehaviour, children

from neurovoyance.node.runtime.base import Profile, RunRequest
from neurovoyance.node.runtime.confined import ConfinedRuntime
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.runtime.proc import resident_bytes
from neurovoyance.node.runtime.torch_ import TorchRuntime
from neurovoyance.node.runtime.warm import WarmPolicy, locked_limits, note_use, stamp_of
from neurovoyance.protocol.errors import InputMismatch, ResourceExceeded
from neurovoyance.verification.canonical import decode_tensors

GIB = 1 << 30


def warm_runtime(folder: Path, memory_bytes: int = GIB, idle_s: float = 600.0) -> OnnxRuntime:
    return OnnxRuntime(keep_warm=False, warm=WarmPolicy(memory_bytes, idle_s, folder))


@pytest.fixture
async def runtime(tmp_path: Path) -> AsyncIterator[OnnxRuntime]:
    async with warm_runtime(tmp_path) as made:
        yield made


def request_for(model: Path, folder: Path, name: str = "out", **tensors: object) -> RunRequest:
    source = models.save_input(folder / f"{name}.in", **tensors)  # type: ignore[arg-type]
    return RunRequest(model, source, folder / name)


async def waiting(count: int) -> list[int]:
    """Return the children of this process when there are so many, all of them stopped."""
    async with asyncio.timeout(60):
        while True:
            found = sorted(children())
            states = {psutil.Process(pid).status() for pid in found if psutil.pid_exists(pid)}
            if len(found) == count and states <= {psutil.STATUS_STOPPED}:
                return found
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("profile", list(Profile))
async def test_a_warm_model_gives_the_bytes_of_a_cold_one(
    runtime: OnnxRuntime, tmp_path: Path, profile: Profile
) -> None:
    model = models.save(models.matmul(257, 3), tmp_path / "m.onnx")
    random = np.random.default_rng(1)
    inputs = [random.standard_normal((rows, 257)).astype(np.float32) for rows in (3, 1, 7, 3)]
    warm, cold = [], []
    for number, x in enumerate(inputs):
        asked = replace(request_for(model, tmp_path, f"{number}", x=x), profile=profile)
        warm.append((await runtime.run(asked, LIMITS)).output_path.read_bytes())
    assert len(children()) == 1
    async with OnnxRuntime(keep_warm=False) as fresh:
        for number, _ in enumerate(inputs):
            asked = RunRequest(
                model, tmp_path / f"{number}.in", tmp_path / f"{number}", profile=profile
            )
            cold.append((await fresh.run(asked, LIMITS)).output_path.read_bytes())
    assert warm == cold


async def test_the_second_execution_loads_nothing_and_the_waiting_child_is_stopped(
    runtime: OnnxRuntime, tmp_path: Path
) -> None:
    model = models.save(models.affine(), tmp_path / "m.onnx")
    ones = np.ones((1, 4), np.float32)
    loads = []
    for number in range(3):
        asked = request_for(model, tmp_path, f"{number}", a=ones * number, b=ones)
        loads.append((await runtime.run(asked, LIMITS)).usage.model_load_ms)
        [pid] = await waiting(1)
        first = decode_tensors(asked.output_path.read_bytes())[0]
        assert first.tolist() == [[number + 1.0] * 4]
    assert loads[1:] == [0, 0]
    directory = Path(psutil.Process(pid).cwd())
    assert [path.stat().st_size for path in directory.rglob("*") if path.is_file()] == [0]


async def test_what_draws_random_numbers_is_never_kept(
    runtime: OnnxRuntime, tmp_path: Path
) -> None:
    draw = helper.make_node("RandomNormalLike", ["x"], ["y"], seed=1.0)
    made = models.model(
        [draw],
        [models.value("x", TensorProto.FLOAT, ["n"])],
        [models.value("y", TensorProto.FLOAT, ["n"])],
    )
    model = models.save(made, tmp_path / "m.onnx")
    outputs = set()
    for number in range(2):
        asked = request_for(model, tmp_path, f"{number}", x=np.ones(9, np.float32))
        outputs.add((await runtime.run(asked, LIMITS)).output_path.read_bytes())
        assert children() == set()
    assert len(outputs) == 1


async def test_a_private_execution_meets_no_warm_child_and_leaves_none(
    runtime: OnnxRuntime, tmp_path: Path
) -> None:
    model = models.save(models.logarithm(), tmp_path / "m.onnx")
    asked = request_for(model, tmp_path, x=np.ones(2, np.float32))
    await runtime.run(replace(asked, is_shared=False), LIMITS)
    assert children() == set()
    await runtime.run(asked, LIMITS)
    kept = children()
    usage = (await runtime.run(replace(asked, is_shared=False), LIMITS)).usage
    assert children() == kept
    assert usage.model_load_ms >= 0


async def test_a_failure_ends_the_child(runtime: OnnxRuntime, tmp_path: Path) -> None:
    model = models.save(models.affine(), tmp_path / "m.onnx")
    ones = np.ones((1, 4), np.float32)
    await runtime.run(request_for(model, tmp_path, a=ones, b=ones), LIMITS)
    assert len(children()) == 1
    with pytest.raises(InputMismatch):
        await runtime.run(request_for(model, tmp_path, a=ones), LIMITS)
    assert children() == set()


async def test_each_execution_has_its_own_limits_in_a_warm_child(
    runtime: OnnxRuntime, tmp_path: Path
) -> None:
    model = models.save(models.filled(reduced=False), tmp_path / "m.onnx")
    asked = request_for(model, tmp_path, shape=np.array([1000], np.int64))
    await runtime.run(asked, LIMITS)
    small = replace(LIMITS, file_bytes=100)
    with pytest.raises(ResourceExceeded) as caught:
        await runtime.run(asked, small)
    assert caught.value.context["limit"] == "file_bytes"
    more = replace(LIMITS, memory_bytes=LIMITS.memory_bytes - 5)
    await runtime.run(asked, LIMITS)
    await runtime.run(asked, more)
    assert len(children()) == 1


async def test_the_oldest_goes_when_memory_is_short_and_all_when_room_is_needed(
    tmp_path: Path,
) -> None:
    ones = np.ones(2, np.float32)
    asked = [
        request_for(models.save(models.logarithm(), tmp_path / f"{n}.onnx"), tmp_path, x=ones)
        for n in range(3)
    ]
    async with warm_runtime(tmp_path) as runtime:
        await runtime.run(asked[0], LIMITS)
        [pid] = await waiting(1)
        one_bytes = resident_bytes(pid)
    async with warm_runtime(tmp_path, memory_bytes=one_bytes * 5 // 2) as runtime:
        for one in (*asked, asked[1]):
            await runtime.run(one, LIMITS)
        await waiting(2)
        assert not await runtime.expect(asked[1], LIMITS)
        assert await runtime.expect(asked[0], LIMITS)
        assert not await runtime.expect(asked[0], LIMITS)
        assert runtime.shed() > one_bytes
        assert runtime.shed() == 0
    assert children() == set()


async def test_a_child_waits_no_longer_than_it_may(tmp_path: Path) -> None:
    model = models.save(models.logarithm(), tmp_path / "m.onnx")
    asked = request_for(model, tmp_path, x=np.ones(2, np.float32))
    async with warm_runtime(tmp_path, idle_s=0.05) as runtime:
        await runtime.run(asked, LIMITS)
        async with asyncio.timeout(60):
            while children():
                await asyncio.sleep(0.02)


async def test_a_child_that_died_while_it_waited_is_replaced(
    runtime: OnnxRuntime, tmp_path: Path
) -> None:
    model = models.save(models.logarithm(), tmp_path / "m.onnx")
    asked = request_for(model, tmp_path, x=np.ones(2, np.float32))
    await runtime.run(asked, LIMITS)
    [pid] = await waiting(1)
    os.kill(pid, signal.SIGKILL)
    await runtime.run(asked, LIMITS)
    assert await waiting(1) != [pid]


def test_a_replaced_model_is_another_model(tmp_path: Path) -> None:
    path = models.save(models.affine(), tmp_path / "m.onnx")
    before = stamp_of(path)
    assert stamp_of(path) == before
    models.save(models.logarithm(), tmp_path / "n.onnx").replace(path)
    assert stamp_of(path) != before
    assert stamp_of(tmp_path / "missing") == ()
    assert len(stamp_of(tmp_path)) == 1


def test_limits_of_the_kernel_are_the_next_power_of_two() -> None:
    assert locked_limits(LIMITS).memory_bytes == LIMITS.memory_bytes
    odd = replace(LIMITS, memory_bytes=LIMITS.memory_bytes + 1)
    assert locked_limits(odd).memory_bytes == 2 * LIMITS.memory_bytes
    assert locked_limits(replace(LIMITS, wall_time_s=1)) == locked_limits(LIMITS)


async def test_a_warm_torch_model_gives_the_bytes_of_a_cold_one(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from tests.unit.node.runtime import programs

    model = programs.save(tmp_path / "m.safetensors", programs.affine())
    ones = np.ones((2, 4), np.float32)
    asked = request_for(model, tmp_path, a=ones, b=ones)
    outputs = []
    runtimes: list[ConfinedRuntime] = [
        TorchRuntime(keep_warm=False, warm=WarmPolicy(GIB, 600.0, tmp_path)),
        TorchRuntime(keep_warm=False),
    ]
    for runtime in runtimes:
        async with runtime:
            for _ in range(2):
                done = await runtime.run(asked, replace(LIMITS, memory_bytes=GIB))
                outputs.append(done.output_path.read_bytes())
    assert len(set(outputs)) == 1


def test_a_use_is_noted_without_a_change(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"x")
    os.utime(path, (1, 1))
    before = path.stat()
    note_use(path)
    after = path.stat()
    assert after.st_atime > 1_000_000
    assert after.st_mtime_ns == before.st_mtime_ns


@pytest.mark.slow
class TestWarmRuntime(RuntimeBehaviour):
    """Every promise of the interface, with children that stay."""

    @pytest.fixture
    async def runtime(self, tmp_path: Path) -> AsyncIterator[OnnxRuntime]:
        async with warm_runtime(tmp_path) as made:
            yield made

    @pytest.fixture
    def kit(self, tmp_path: Path) -> Kit:
        made = {
            "affine": models.affine(),
            "endless": models.endless(),
            "hog": models.filled(reduced=True),
            "wide": models.filled(reduced=False),
            "logarithm": models.logarithm(),
        }
        return Kit(**{name: models.save(made[name], tmp_path / f"{name}.onnx") for name in made})
