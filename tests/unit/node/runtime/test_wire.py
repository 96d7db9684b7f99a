"""Messages between parent and child: round trips, and a child that lies about types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.node.runtime.base import Limits, Phase, TensorMeta
from neurovoyance.node.runtime.config import Engine, EngineConfig, Optimisation, Weights
from neurovoyance.node.runtime.wire import (
    Done,
    Kind,
    MalformedEvent,
    Task,
    read_done,
    read_error,
    read_event,
    read_phase,
    read_probed,
)
from neurovoyance.protocol.errors import (
    AccessDenied,
    ExecutionError,
    InputMismatch,
    NeurovoyanceError,
    SpecError,
)

LIMITS = Limits(memory_bytes=1, cpu_time_s=2, wall_time_s=3.5, threads=4)
DONE = {
    "event": "done",
    "tensors": [{"name": "y", "dtype": "fp32", "shape": [2, 3]}],
    "cpu_ms": 5,
    "peak_memory_bytes": 6,
    "model_load_ms": 7,
    "engine": "onnxruntime 1",
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "task",
    [
        Task(Path("/m"), LIMITS),
        Task(Path("/m"), LIMITS, Kind.MANY, (Path("/i"), Path("/j")), Path("/o"), ("a", "b")),
        Task(
            Path("/m"),
            LIMITS,
            Kind.OPERATOR,
            config=EngineConfig(Engine.ORT, Optimisation.ALL, 2, Weights.INT4),
            input_names=("x",),
            row=7,
        ),
    ],
)
def test_a_task_arrives_as_it_was_sent(task: Task) -> None:
    line = task.to_line()
    assert line.count(b"\n") == 1
    assert Task.from_line(line) == task


def test_a_report_is_read() -> None:
    assert read_done(DONE) == Done((TensorMeta("y", "fp32", (2, 3)),), 5, 6, 7, "onnxruntime 1")


@pytest.mark.parametrize("line", [b"", b"x", b"[]", b"{}", b'{"event": 1}', b"[" * 100_000])
def test_a_line_that_is_no_event_is_malformed(line: bytes) -> None:
    with pytest.raises(MalformedEvent):
        read_event(line)


@given(st.sampled_from(sorted(DONE.keys() - {"event"})), anything)
def test_a_value_of_another_type_is_malformed_or_valid(key: str, value: Any) -> None:
    event = json.loads(json.dumps({**DONE, key: value}))
    try:
        done = read_done(event)
    except MalformedEvent:
        return
    assert all(type(size) is int for tensor in done.tensors for size in tensor.shape)
    assert min(done.cpu_ms, done.peak_memory_bytes, done.model_load_ms) >= 0


@given(st.dictionaries(st.text(max_size=12), anything, max_size=4))
def test_any_object_is_a_probe_a_phase_an_error_or_malformed(event: dict[str, Any]) -> None:
    for read in (read_probed, read_phase, read_error, read_done):
        with pytest.raises(MalformedEvent):
            read({**event, "event": "x", "phase": 0, "error": 0, "inputs": 0, "tensors": 0})


def test_phases_are_read() -> None:
    assert read_phase({"event": "phase", "phase": "running"}) is Phase.RUNNING


def error_event(error: NeurovoyanceError) -> dict[str, Any]:
    return {"event": "error", "error": json.loads(json.dumps(error.to_wire()))}


@pytest.mark.parametrize("error", [InputMismatch("No.", limit=1), SpecError("No.")])
def test_errors_of_executions_are_believed(error: NeurovoyanceError) -> None:
    found = read_error(error_event(error))
    assert type(found) is type(error)
    assert found.context == error.context


def test_an_error_that_no_execution_raises_becomes_a_plain_one() -> None:
    found = read_error(error_event(AccessDenied("Your stake is gone.")))
    assert type(found) is ExecutionError
    assert found.context == {"reported_code": "request.denied"}


def test_a_very_long_message_is_cut() -> None:
    assert len(read_error(error_event(InputMismatch("x" * 100_000))).message) <= 2_000
