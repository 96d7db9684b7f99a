"""The engine's side, in this process: loading, selecting, running, reading inputs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto
from tests.unit.node.runtime import models

from neurovoyance.node.runtime.base import Limits, Profile, TensorSpec
from neurovoyance.node.runtime.session import Session, describe_given, read_inputs
from neurovoyance.protocol.errors import ExecutionError, SpecError, UnsupportedModel

LIMITS = Limits(memory_bytes=1 << 30, cpu_time_s=60, wall_time_s=60.0, threads=2)


def session(made: Any, tmp_path: Path, profile: Profile = Profile.C1) -> Session:
    return Session(models.save(made, tmp_path / "m.onnx"), profile, LIMITS)


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
        loaded.select(None)


def test_both_profiles_run_and_agree_within_rounding(tmp_path: Path) -> None:
    x = np.random.default_rng(1).standard_normal((3, 32)).astype(np.float32)
    found = []
    for profile in Profile:
        loaded = session(models.matmul(32, 3), tmp_path, profile)
        found.append(loaded.run({"x": x}, loaded.select(None))[0])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4, atol=1e-6)


def test_the_reproducible_profile_gives_the_same_bits_again(tmp_path: Path) -> None:
    x = np.random.default_rng(2).standard_normal((5, 64)).astype(np.float32)
    loaded = session(models.matmul(64, 2), tmp_path)
    first, second = (loaded.run({"x": x}, loaded.select(None))[0] for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_a_batch_of_nothing_gives_an_output_of_nothing(tmp_path: Path) -> None:
    loaded = session(models.logarithm(), tmp_path)
    (found,) = loaded.run({"x": np.zeros(0, np.float32)}, loaded.select(None))
    assert found.shape == (0,)


def test_an_input_on_which_the_engine_fails_is_an_error_of_the_execution(tmp_path: Path) -> None:
    loaded = session(models.filled(reduced=False), tmp_path)
    with pytest.raises(ExecutionError) as caught:
        loaded.run({"shape": np.array([-5])}, loaded.select(None))
    assert type(caught.value) is ExecutionError


def test_inputs_are_read_with_their_dtypes_and_shapes(tmp_path: Path) -> None:
    tensors = {"a": np.arange(6, dtype=np.int8).reshape(2, 3), "b": np.array(2.5)}
    found = read_inputs(models.save_input(tmp_path / "i", **tensors))
    assert describe_given(found) == {"a": ("int8", (2, 3)), "b": ("float64", ())}
    assert found["a"].tolist() == tensors["a"].tolist()


def test_a_pickle_is_no_input(tmp_path: Path) -> None:
    (tmp_path / "i").write_bytes(b"\x80\x04\x95\x0b\0\0\0\0\0\0\0\x8c\x07builtin\x94.")
    with pytest.raises(SpecError, match="safetensors"):
        read_inputs(tmp_path / "i")


def test_a_missing_input_is_malformed(tmp_path: Path) -> None:
    with pytest.raises(SpecError):
        read_inputs(tmp_path / "missing")


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
