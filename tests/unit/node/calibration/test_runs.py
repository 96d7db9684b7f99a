"""Many inputs run in groups; one that is not finite costs the others nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.unit.node.content import tiny_model

from neurovoyance.node.calibration.runs import Renderings, Runs
from neurovoyance.node.runtime.config import C1, Engine
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.protocol.errors import ExecutionError

from .conftest import LIMITS


async def test_an_input_without_a_finite_output_has_none(tmp_path: Path) -> None:
    model = tmp_path / "log.onnx"
    model.write_bytes(tiny_model(log=True))
    values = [1.0, 2.0, -1.0, 3.0]
    paths = [tmp_path / f"{at}.safetensors" for at in range(4)]
    for path, value in zip(paths, values, strict=True):
        save_file({"x": np.full((1, 3), value, np.float32)}, path)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    async with OnnxRuntime() as ort:
        runs = Runs({Engine.ORT: ort}, LIMITS, scratch)
        metas, engine = await runs.first(Renderings(model), paths[0], ["y"], C1)
        assert (metas[0].dtype, metas[0].shape) == ("fp32", (1, 4))
        assert engine.startswith("onnxruntime ")
        found = []
        async for one in runs.outputs(Renderings(model), paths, ["y"], C1):
            found.append((one.index, one.arrays is None))
    assert found == [(0, False), (1, False), (2, True), (3, False)]
    assert list(scratch.iterdir()) == []


def test_a_rendering_that_is_missing_is_said() -> None:
    with pytest.raises(ExecutionError, match="no rendering for torch"):
        Renderings(Path("m.onnx")).of(Engine.TORCH)
