"""What every runtime must do, whatever its engine: subclass, and give it a kit of models."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from safetensors.numpy import save_file

from neurovoyance.node.runtime.base import (
    ExecutionCancelled,
    Limits,
    ManyRequest,
    ModelFiles,
    Phase,
    RunRequest,
    Runtime,
)
from neurovoyance.node.runtime.config import Engine, EngineConfig
from neurovoyance.protocol.errors import (
    ExecutionError,
    InputMismatch,
    NeurovoyanceError,
    NonFiniteOutput,
    ResourceExceeded,
    SpecError,
    UnsupportedModel,
)
from neurovoyance.verification.canonical import decode_tensors

MEBIBYTE = 1 << 20
LIMITS = Limits(
    memory_bytes=512 * MEBIBYTE, cpu_time_s=60, wall_time_s=120.0, file_bytes=8 * MEBIBYTE
)


@dataclass(frozen=True)
class Kit:
    """Models in the format of one runtime.

    Attributes:
        affine: float32 ``a``, ``b`` of ``(n, 4)`` to ``sum = a + b`` and ``twice = 2a``.
        endless: float32 ``x`` of ``(1,)``; never comes back.
        hog: int64 ``shape`` of ``(1,)``; takes 4 bytes of memory per unit, gives one number.
        wide: int64 ``shape`` of ``(1,)``; gives as many float32.
        logarithm: float32 ``x`` of ``(n,)`` to ``y = log(x)``.
    """

    affine: Path
    endless: Path
    hog: Path
    wide: Path
    logarithm: Path


class RuntimeBehaviour:
    """The suite. A subclass provides the fixtures ``runtime`` and ``kit``."""

    @pytest.fixture
    def request_affine(self, kit: Kit, tmp_path: Path) -> RunRequest:
        a = np.arange(8, dtype=np.float32).reshape(2, 4)
        return self.request_for(kit.affine, tmp_path, a=a, b=np.ones((2, 4), np.float32))

    @staticmethod
    def request_for(model_path: Path, tmp_path: Path, **tensors: Any) -> RunRequest:
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        save_file(tensors, tmp_path / "input.safetensors")
        return RunRequest(model_path, tmp_path / "input.safetensors", work / "output")

    @staticmethod
    async def fails(
        runtime: Runtime,
        request: RunRequest,
        error: type[NeurovoyanceError],
        limits: Limits = LIMITS,
    ) -> NeurovoyanceError:
        """Run, expect exactly this error, and see that nothing at all was left behind."""
        with pytest.raises(error) as caught:
            await runtime.run(request, limits)
        assert type(caught.value) is error
        assert list(request.output_path.parent.iterdir()) == []
        return caught.value

    async def test_the_output_is_canonical_tensors_in_graph_order(
        self, runtime: Runtime, request_affine: RunRequest
    ) -> None:
        output = await runtime.run(request_affine, LIMITS)
        first, second = decode_tensors(output.output_path.read_bytes())
        assert first.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
        assert second.tolist() == [[0, 2, 4, 6], [8, 10, 12, 14]]
        assert [(t.name, t.dtype, t.shape) for t in output.tensors] == [
            ("sum", "fp32", (2, 4)),
            ("twice", "fp32", (2, 4)),
        ]
        assert [p.name for p in request_affine.output_path.parent.iterdir()] == ["output"]

    async def test_the_usage_is_that_of_the_execution(
        self, runtime: Runtime, request_affine: RunRequest
    ) -> None:
        usage = (await runtime.run(request_affine, LIMITS)).usage
        assert 16 * MEBIBYTE < usage.peak_memory_bytes < LIMITS.memory_bytes
        assert usage.cpu_ms > 0
        assert usage.wall_ms >= usage.model_load_ms >= 0

    async def test_each_phase_is_reported_once_and_in_order(
        self, runtime: Runtime, request_affine: RunRequest
    ) -> None:
        phases: list[Phase] = []
        await runtime.run(request_affine, LIMITS, phases.append)
        assert phases == list(Phase)

    async def test_chosen_outputs_come_in_the_order_asked_for(
        self, runtime: Runtime, request_affine: RunRequest
    ) -> None:
        both = replace(request_affine, output_names=("twice", "sum"))
        assert [t.name for t in (await runtime.run(both, LIMITS)).tensors] == ["twice", "sum"]
        first, second = decode_tensors(request_affine.output_path.read_bytes())
        assert (first[0, 1], second[0, 1]) == (2, 2)
        assert (first[1, 3], second[1, 3]) == (14, 8)
        one = replace(request_affine, output_names=("twice",))
        assert [t.name for t in (await runtime.run(one, LIMITS)).tensors] == ["twice"]

    @pytest.mark.parametrize("names", [("sum", "nonsense"), (), ("sum", "sum"), ("a",)])
    async def test_an_output_that_does_not_exist_is_refused(
        self, runtime: Runtime, request_affine: RunRequest, names: tuple[str, ...]
    ) -> None:
        await self.fails(runtime, replace(request_affine, output_names=names), SpecError)

    async def test_a_probe_tells_what_the_model_declares(self, runtime: Runtime, kit: Kit) -> None:
        info = await runtime.probe(ModelFiles(kit.affine))
        assert [(s.name, s.dtype, s.shape) for s in info.inputs] == [
            ("a", "float32", ("n", 4)),
            ("b", "float32", ("n", 4)),
        ]
        assert [s.name for s in info.outputs] == ["sum", "twice"]
        assert info.model_bytes == kit.affine.stat().st_size

    @pytest.mark.parametrize("content", [b"", b"\0", b"no model at all " * 99, b"\x80\x04N."])
    async def test_what_is_no_model_is_refused(
        self, runtime: Runtime, request_affine: RunRequest, tmp_path: Path, content: bytes
    ) -> None:
        path = tmp_path / "broken"
        path.write_bytes(content)
        await self.fails(runtime, replace(request_affine, model_path=path), UnsupportedModel)

    async def test_a_truncated_or_missing_model_is_refused_by_a_probe(
        self, runtime: Runtime, kit: Kit, tmp_path: Path
    ) -> None:
        path = tmp_path / "cut"
        path.write_bytes(kit.affine.read_bytes()[:-5])
        with pytest.raises(UnsupportedModel):
            await runtime.probe(ModelFiles(path))
        with pytest.raises(UnsupportedModel):
            await runtime.probe(ModelFiles(tmp_path / "missing"))

    @pytest.mark.parametrize(
        ("tensors", "fault"),
        [
            ({"a": np.zeros((1, 4), np.float32)}, "'b' is missing"),
            ({"a": np.zeros((1, 4), np.float64)}, "'a' is float64 and must be float32"),
            ({"a": np.zeros((4,), np.float32)}, "'a' has 1 dimensions and must have 2"),
            ({"a": np.zeros((1, 5), np.float32)}, "dimension 1 of 'a' is 5 and must be 4"),
            ({"c": np.zeros((1, 4), np.float32)}, "'c' is not an input of the model"),
        ],
    )
    async def test_an_input_that_does_not_fit_is_refused_with_both_sides_named(
        self, runtime: Runtime, kit: Kit, tmp_path: Path, tensors: dict[str, Any], fault: str
    ) -> None:
        request = self.request_for(kit.affine, tmp_path, **tensors)
        error = await self.fails(runtime, request, InputMismatch)
        assert fault in error.context["faults"]
        assert error.context["wanted"]["a"] == ["float32", "n", 4]
        assert set(error.context["given"]) == set(tensors)

    async def test_one_symbol_must_have_one_size(
        self, runtime: Runtime, kit: Kit, tmp_path: Path
    ) -> None:
        sizes = {"a": np.zeros((1, 4), np.float32), "b": np.zeros((2, 4), np.float32)}
        error = await self.fails(
            runtime, self.request_for(kit.affine, tmp_path, **sizes), InputMismatch
        )
        assert error.context["faults"] == ["dimension 'n' is 2 in 'b' and 1 in 'a'"]

    @pytest.mark.parametrize("content", [b"", b"\xff" * 8, b"\x02" + b"\0" * 7 + b"{}x"])
    async def test_a_malformed_input_file_is_refused(
        self, runtime: Runtime, request_affine: RunRequest, content: bytes
    ) -> None:
        request_affine.input_path.write_bytes(content)
        await self.fails(runtime, request_affine, SpecError)

    @pytest.mark.parametrize("x", [-1.0, 0.0])
    async def test_an_output_that_is_not_finite_is_thrown_away(
        self, runtime: Runtime, kit: Kit, tmp_path: Path, x: float
    ) -> None:
        request = self.request_for(kit.logarithm, tmp_path, x=np.array([1, x], np.float32))
        error = await self.fails(runtime, request, NonFiniteOutput)
        assert error.context == {"output": "y"}

    @pytest.mark.parametrize(
        ("limits", "name"),
        [
            (replace(LIMITS, wall_time_s=0.5), "wall_time_s"),
            # So little that a busy machine gives it long before the wall time is up.
            (replace(LIMITS, cpu_time_s=0.05), "cpu_time_s"),
        ],
    )
    async def test_an_execution_that_takes_too_long_is_ended(
        self, runtime: Runtime, kit: Kit, tmp_path: Path, limits: Limits, name: str
    ) -> None:
        request = self.request_for(kit.endless, tmp_path, x=np.ones(1, np.float32))
        error = await self.fails(runtime, request, ResourceExceeded, limits)
        assert error.context["limit"] == name

    @pytest.mark.parametrize("size_bytes", [600 * MEBIBYTE, 1 << 36, 1 << 60])
    async def test_an_execution_that_takes_too_much_memory_is_ended(
        self, runtime: Runtime, kit: Kit, tmp_path: Path, size_bytes: int
    ) -> None:
        request = self.request_for(kit.hog, tmp_path, shape=np.array([size_bytes // 4]))
        error = await self.fails(runtime, request, ResourceExceeded)
        assert error.context["limit"] == "memory_bytes"

    async def test_an_output_that_is_too_large_is_removed(
        self, runtime: Runtime, kit: Kit, tmp_path: Path
    ) -> None:
        request = self.request_for(kit.wide, tmp_path, shape=np.array([3 * MEBIBYTE]))
        error = await self.fails(runtime, request, ResourceExceeded)
        assert error.context["limit"] == "file_bytes"

    async def test_an_earlier_output_is_replaced_only_by_success(
        self, runtime: Runtime, kit: Kit, request_affine: RunRequest, tmp_path: Path
    ) -> None:
        request_affine.output_path.write_bytes(b"earlier")
        with pytest.raises(InputMismatch):
            await runtime.run(replace(request_affine, model_path=kit.logarithm), LIMITS)
        assert request_affine.output_path.read_bytes() == b"earlier"
        await runtime.run(request_affine, LIMITS)
        assert request_affine.output_path.read_bytes()[:4] == b"NVYT"

    async def test_a_missing_output_directory_is_refused(
        self, runtime: Runtime, request_affine: RunRequest, tmp_path: Path
    ) -> None:
        with pytest.raises(SpecError):
            await runtime.run(replace(request_affine, output_path=tmp_path / "no" / "x"), LIMITS)

    async def test_cancelling_ends_the_execution_once(
        self, runtime: Runtime, kit: Kit, tmp_path: Path
    ) -> None:
        request = self.request_for(kit.endless, tmp_path, x=np.ones(1, np.float32))
        task = await self.start_until_running(runtime, request)
        with pytest.raises(SpecError, match="in use"):
            await runtime.run(request, LIMITS)
        assert runtime.cancel(request.execution_id)
        assert not runtime.cancel(request.execution_id)
        with pytest.raises(ExecutionCancelled):
            await task
        assert not runtime.cancel(request.execution_id)
        assert list(request.output_path.parent.iterdir()) == []

    async def test_cancelling_the_unknown_or_finished_changes_nothing(
        self, runtime: Runtime, request_affine: RunRequest
    ) -> None:
        assert not runtime.cancel("unknown")
        await runtime.run(request_affine, LIMITS)
        assert not runtime.cancel(request_affine.execution_id)

    async def test_cancelling_the_awaiting_task_ends_the_child(
        self, runtime: Runtime, kit: Kit, tmp_path: Path
    ) -> None:
        request = self.request_for(kit.endless, tmp_path, x=np.ones(1, np.float32))
        before = children()
        task = await self.start_until_running(runtime, request)
        assert children() - before
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert list(request.output_path.parent.iterdir()) == []
        await runtime.close()
        assert children() == before

    async def test_closing_ends_what_runs_and_refuses_what_comes(
        self, runtime: Runtime, kit: Kit, tmp_path: Path
    ) -> None:
        request = self.request_for(kit.endless, tmp_path, x=np.ones(1, np.float32))
        task = await self.start_until_running(runtime, request)
        await runtime.close()
        with pytest.raises(ExecutionCancelled):
            await task
        with pytest.raises(ExecutionError, match="closed"):
            await runtime.run(request, LIMITS)
        await runtime.close()

    async def test_executions_may_overlap(
        self, runtime: Runtime, kit: Kit, request_affine: RunRequest
    ) -> None:
        other = replace(
            request_affine,
            output_path=request_affine.output_path.with_name("other"),
            output_names=("sum",),
            execution_id="other",
        )
        outputs = await asyncio.gather(
            runtime.run(request_affine, LIMITS), runtime.run(other, LIMITS)
        )
        assert [len(output.tensors) for output in outputs] == [2, 1]

    async def test_many_inputs_in_one_child_give_the_bits_of_single_runs(
        self, runtime: Runtime, kit: Kit, tmp_path: Path
    ) -> None:
        work = tmp_path / "work"
        work.mkdir()
        runs = []
        for number in range(5):
            x = np.linspace(1, 2 + number, 3 + number, dtype=np.float32)
            save_file({"x": x}, tmp_path / f"{number}.input")
            runs.append((tmp_path / f"{number}.input", work / f"{number}.output"))
        config = runtime.reference
        outputs = await runtime.run_many(
            ManyRequest(kit.logarithm, tuple(runs), ("y",), config), LIMITS
        )
        assert sorted(path.name for path in work.iterdir()) == [f"{n}.output" for n in range(5)]
        for number, output in enumerate(outputs):
            assert output.tensors[0].shape == (3 + number,)
            single = RunRequest(kit.logarithm, runs[number][0], work / "single", config=config)
            await runtime.run(single, LIMITS)
            assert output.output_path.read_bytes() == (work / "single").read_bytes()

    async def test_if_one_of_many_inputs_fails_no_output_appears(
        self, runtime: Runtime, kit: Kit, tmp_path: Path
    ) -> None:
        work = tmp_path / "work"
        work.mkdir()
        runs = []
        for number, x in enumerate((1.0, -1.0)):
            save_file({"x": np.array([x], np.float32)}, tmp_path / f"{number}.input")
            runs.append((tmp_path / f"{number}.input", work / f"{number}.output"))
        for given, error in ((tuple(runs), NonFiniteOutput), ((), SpecError)):
            with pytest.raises(error):
                await runtime.run_many(
                    ManyRequest(kit.logarithm, given, None, runtime.reference), LIMITS
                )
        with pytest.raises(SpecError, match="same name"):
            await runtime.run_many(
                ManyRequest(kit.logarithm, (runs[0], runs[0]), None, runtime.reference), LIMITS
            )
        assert list(work.iterdir()) == []

    async def test_a_configuration_of_another_engine_is_refused(
        self, runtime: Runtime, request_affine: RunRequest
    ) -> None:
        other = Engine.ORT if runtime.reference.engine is Engine.TORCH else Engine.TORCH
        await self.fails(runtime, replace(request_affine, config=EngineConfig(other)), SpecError)

    async def test_the_output_names_its_engine(
        self, runtime: Runtime, request_affine: RunRequest
    ) -> None:
        name, version = (await runtime.run(request_affine, LIMITS)).engine.split(" ")
        assert name in ("onnxruntime", "torch")
        assert version[0].isdigit()

    @staticmethod
    async def start_until_running(runtime: Runtime, request: RunRequest) -> asyncio.Task[Any]:
        running = asyncio.Event()

        def on_progress(phase: Phase) -> None:
            if phase is Phase.RUNNING:
                running.set()

        task = asyncio.create_task(runtime.run(request, LIMITS, on_progress))
        await asyncio.wait_for(running.wait(), 60)
        return task


def children() -> set[int]:
    """Return the ids of this process's living engine children; other tests may have networks."""
    return {child.pid for child in engine_children()}


def engine_children() -> list[psutil.Process]:
    """Return the engine children that this process itself started."""
    return [child for child in psutil.Process().children() if _is_engine(child)]


def _is_engine(child: psutil.Process) -> bool:
    try:
        return "neurovoyance.node.runtime.child" in child.cmdline()
    except psutil.Error:
        return False
