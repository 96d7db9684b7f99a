"""The engine's side, in this process: loading, selecting, running, reading inputs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto
from tests.unit.node.runtime import models

from neurovoyance.node.runtime.base import TensorSpec
from neurovoyance.node.runtime.config import C1, EngineConfig, Optimisation
from neurovoyance.node.runtime.engine import select
from neurovoyance.node.runtime.session import Session
from neurovoyance.protocol.errors import ExecutionError, UnsupportedModel

CONFIGS = [EngineConfig(optimisation=level, threads=n) for level in Optimisation for n in (1, 2)]


def session(made: Any, tmp_path: Path, config: EngineConfig = C1) -> Session:
    return Session(models.save(made, tmp_path / "m.onnx"), config)


def test_the_engine_is_told_to_report_nothing_home() -> None:
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"


def test_declarations_keep_fixed_symbolic_and_unknown_dimensions(tmp_path: Path) -> None:
    made = models.logarithm()
    made.graph.input[0].CopyFrom(models.value("x", models.F32, [None, 3, "n"]))
    made.graph.output[0].CopyFrom(models.value("y", models.F32, None))
    assert session(made, tmp_path).inputs == [TensorSpec("x", "float32", (None, 3, "n"))]


def test_an_input_that_is_no_tensor_keeps_its_full_type(tmp_path: Path) -> None:
    made = models.identity(TensorProto.FLOAT)
    kind = made.graph.input[0].type
    kind.sequence_type.elem_type.tensor_type.elem_type = TensorProto.FLOAT
    made.graph.output[0].type.CopyFrom(kind)
    loaded = session(made, tmp_path)
    assert loaded.inputs[0].dtype == "seq(tensor(float))"
    with pytest.raises(UnsupportedModel, match="no canonical form"):
        select(loaded.outputs, None)


def test_every_configuration_gives_its_bits_again_and_all_agree_within_rounding(
    tmp_path: Path,
) -> None:
    x = np.random.default_rng(1).standard_normal((3, 32)).astype(np.float32)
    found = []
    for config in CONFIGS:
        loaded = session(models.matmul(32, 3), tmp_path, config)
        first, again = (loaded.run({"x": x}, select(loaded.outputs, None))[0] for _ in range(2))
        assert first.tobytes() == again.tobytes()
        found.append(first)
    for other in found[1:]:
        np.testing.assert_allclose(found[0], other, rtol=1e-4, atol=1e-6)


def test_a_batch_of_nothing_gives_an_output_of_nothing(tmp_path: Path) -> None:
    loaded = session(models.logarithm(), tmp_path)
    (found,) = loaded.run({"x": np.zeros(0, np.float32)}, select(loaded.outputs, None))
    assert found.shape == (0,)


def test_an_input_on_which_the_engine_fails_is_an_error_of_the_execution(tmp_path: Path) -> None:
    loaded = session(models.filled(reduced=False), tmp_path)
    with pytest.raises(ExecutionError) as caught:
        loaded.run({"shape": np.array([-5])}, select(loaded.outputs, None))
    assert type(caught.value) is ExecutionError


@pytest.mark.parametrize("location", ["../w.bin", "link.bin", "*/_ORT_MEM_ADDR_/*"])
def test_the_engine_too_refuses_weights_outside_the_directory(
    tmp_path: Path, location: str
) -> None:
    directory = tmp_path / "model"
    directory.mkdir()
    np.zeros(4, np.float32).tofile(tmp_path / "w.bin")
    (directory / "link.bin").symlink_to(tmp_path / "w.bin")
    with pytest.raises(UnsupportedModel):
        session(models.with_external(location, offset="0", length="16"), directory)
