"""The graph is read, and a trace judged, in a child that dies with its question."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.models import MODELS

from neurovoyance.node.calibration.surveyor import judge_trace, survey
from neurovoyance.node.runtime.base import TraceRequest
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.protocol.errors import ResourceExceeded, UnsupportedModel
from neurovoyance.verification.canonical import encode_tensor

from .conftest import LIMITS


async def test_a_graph_is_surveyed_in_another_process(tmp_path: Path) -> None:
    made = MODELS["bn_cnn"]()
    found = await survey(made.save(tmp_path), LIMITS, ["logits"])
    assert found.options[0].names == ["logits"]
    assert found.opset >= 7
    assert [value.name for value in found.outputs] == list(made.outputs)


async def test_what_is_no_model_says_so(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"PK\x03\x04 not a model")
    with pytest.raises(UnsupportedModel):
        await survey(path, LIMITS)


async def test_a_survey_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = MODELS["lstm"]().save(tmp_path)
    with pytest.raises(ResourceExceeded, match="took too long"):
        await survey(path, replace(LIMITS, wall_time_s=0.001))


async def test_an_honest_trace_is_judged_right_and_a_false_one_is_not(tmp_path: Path) -> None:
    made = MODELS["mlp_sigmoid"]()
    model, given, rows = made.save(tmp_path), tmp_path / "x.safetensors", tmp_path / "rows"
    save_file(made.make_inputs(0), given)
    rows.mkdir()
    async with OnnxRuntime() as ort:
        trace = await ort.trace(TraceRequest(model, given, rows), LIMITS)
    judged = await judge_trace(model, given, rows, LIMITS)
    assert (judged.faults, judged.doubts) == ((), ())
    first = trace.rows[0]
    first.path.write_bytes(encode_tensor(np.zeros(first.tensor.shape, np.float32)))
    judged = await judge_trace(model, given, rows, LIMITS)
    assert judged.faults[0].startswith("An honest run would be called wrong: Output 0 of Gemm #0")
