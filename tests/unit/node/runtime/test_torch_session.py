"""The torch engine in this process: loading, values, dtypes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.node.runtime import programs
from tests.unit.node.runtime.programs import ref, step, value

from neurovoyance.node.runtime.config import Engine, EngineConfig
from neurovoyance.node.runtime.engine import select
from neurovoyance.protocol.errors import InternalError, UnsupportedModel

pytest.importorskip("torch")
from neurovoyance.node.runtime import torch_session
from neurovoyance.node.runtime.model_check import ModelFacts

CONFIG = EngineConfig(Engine.TORCH)


def identity(dtype: str) -> programs.Json:
    steps = [step("y", "clone.default", ref("x"))]
    return programs.program([value("x", dtype, ["n"])], steps, [value("y", dtype, ["n"])])


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int32", "int64", "uint8"])
def test_every_canonical_dtype_goes_through(tmp_path: Path, dtype: str) -> None:
    kind = getattr(pytest.importorskip("ml_dtypes"), dtype) if dtype == "bfloat16" else dtype
    array = np.array([0, 1, 5], kind)
    facts = torch_session.check(programs.save(tmp_path / "m", identity(dtype)))
    loaded = torch_session.load(facts, CONFIG)
    (found,) = loaded.run({"x": array}, select(loaded.outputs, None))
    assert found.dtype == array.dtype
    assert found.tobytes() == array.tobytes()


def test_values_are_outputs_only_when_something_is_named(tmp_path: Path) -> None:
    found, weights = programs.linear()
    facts = torch_session.check(programs.save(tmp_path / "m", found, weights))
    assert [s.name for s in torch_session.load(facts, CONFIG).outputs] == ["y"]
    named = torch_session.load(facts, CONFIG, ("y",))
    assert [s.name for s in named.outputs] == ["y", "before bias"]
    assert (facts.node_count, facts.opsets) == (2, {"torch": 1})


def test_weights_that_were_cut_off_are_refused(tmp_path: Path) -> None:
    found, weights = programs.linear()
    path = programs.save(tmp_path / "m", found, weights)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UnsupportedModel):
        torch_session.check(path)


def test_a_model_of_another_engine_is_an_internal_error(tmp_path: Path) -> None:
    with pytest.raises(InternalError):
        torch_session.load(ModelFacts(tmp_path), CONFIG)
