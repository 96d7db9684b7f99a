"""What every runtime shares on the parent's side; the rest is in the shared suite."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.unit.node.runtime import models
from tests.unit.node.runtime.behaviour import LIMITS

from neurovoyance.node.runtime.base import ManyRequest, RunRequest
from neurovoyance.node.runtime.config import C1, Engine
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.runtime.torch_ import TorchRuntime
from neurovoyance.protocol.errors import SpecError


def test_each_engine_names_its_reference() -> None:
    assert OnnxRuntime().reference == C1
    assert TorchRuntime().reference.engine is Engine.TORCH


async def test_many_runs_of_several_outputs_keep_the_order_asked_for(tmp_path: Path) -> None:
    path = models.save(models.affine(), tmp_path / "m.onnx")
    runs = []
    for number in range(3):
        a = np.full((1, 4), number, np.float32)
        save_file({"a": a, "b": a + 1}, tmp_path / f"{number}.in")
        runs.append((tmp_path / f"{number}.in", tmp_path / f"{number}.out"))
    async with OnnxRuntime(keep_warm=False) as runtime:
        outputs = await runtime.run_many(ManyRequest(path, tuple(runs), ("twice", "sum")), LIMITS)
        for number, output in enumerate(outputs):
            assert [tensor.name for tensor in output.tensors] == ["twice", "sum"]
            values = np.frombuffer(output.output_path.read_bytes()[-16:], np.float32)
            assert values.tolist() == [2 * number + 1] * 4


async def test_too_many_runs_are_refused_before_a_child_starts(tmp_path: Path) -> None:
    run = (tmp_path / "i", tmp_path / "o")
    async with OnnxRuntime(keep_warm=False) as runtime:
        with pytest.raises(SpecError, match="inputs"):
            await runtime.run_many(ManyRequest(tmp_path / "m", (run,) * 4_097), LIMITS)
        with pytest.raises(SpecError, match="engine"):
            request = RunRequest(tmp_path / "m", *run, config=TorchRuntime().reference)
            await runtime.run(request, LIMITS)
