"""The child alone, spoken to over its pipes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.node.runtime import models

from neurovoyance.node.runtime.base import Limits
from neurovoyance.node.runtime.sandbox import child_command, clean_environment
from neurovoyance.node.runtime.wire import Kind, Task

LIMITS = Limits(memory_bytes=512 << 20, cpu_time_s=30, wall_time_s=60.0)


def speak(directory: Path, line: bytes) -> list[dict[str, Any]]:
    """Send one line to a child and return all that it says."""
    finished = subprocess.run(
        child_command("neurovoyance.node.runtime.child"),
        input=line,
        capture_output=True,
        cwd=directory,
        env=clean_environment(directory),
        timeout=60,
        check=True,
    )
    return [json.loads(event) for event in finished.stdout.splitlines()]


def test_a_child_without_a_task_says_that_it_is_ready_and_ends(tmp_path: Path) -> None:
    bound, ready = speak(tmp_path, b"")
    assert bound == {"event": "bound"}, "before it imports an engine"
    assert ready["event"] == "ready"
    assert set(ready["confinement"].values()) != set()


def test_a_child_serves_one_task_only(tmp_path: Path) -> None:
    path = models.save(models.affine(), tmp_path / "m.onnx")
    events = speak(tmp_path, Task(path, LIMITS).to_line() * 2)
    assert [event["event"] for event in events] == ["bound", "ready", "phase", "phase", "probed"]


def test_a_run_leaves_its_output_under_the_partial_name(tmp_path: Path) -> None:
    path = models.save(models.logarithm(), tmp_path / "m.onnx")
    source = models.save_input(tmp_path / "i", x=np.ones(2, np.float32))
    partial = tmp_path / "partial"
    events = speak(tmp_path, Task(path, LIMITS, Kind.RUN, (source,), partial).to_line())
    assert events[-1]["event"] == "done"
    assert events[-1]["engine"].startswith("onnxruntime 1.")
    assert events[-2]["tensors"] == [{"name": "y", "dtype": "fp32", "shape": [2]}]
    assert partial.stat().st_mode & 0o777 == 0o600
    assert partial.stat().st_size == 15 + 8


@pytest.mark.parametrize("kind", ["file", "link"])
def test_an_existing_partial_file_is_never_written_through(tmp_path: Path, kind: str) -> None:
    path = models.save(models.logarithm(), tmp_path / "m.onnx")
    source = models.save_input(tmp_path / "i", x=np.ones(2, np.float32))
    precious = tmp_path / "precious"
    precious.write_text("precious", encoding="ascii")
    partial = precious if kind == "file" else tmp_path / "partial"
    if kind == "link":
        partial.symlink_to(precious)
    events = speak(tmp_path, Task(path, LIMITS, Kind.RUN, (source,), partial).to_line())
    assert events[-1]["event"] == "error"
    assert precious.read_text(encoding="ascii") == "precious"


@pytest.mark.parametrize("line", [b"nonsense\n", b"{}\n", b"[]\n"])
def test_a_task_that_makes_no_sense_is_an_internal_error(tmp_path: Path, line: bytes) -> None:
    events = speak(tmp_path, line)
    assert events[-1]["error"]["code"] == "internal"


def test_the_child_knows_nothing_of_the_parents_environment(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path)
    assert environment["ORT_DISABLE_TELEMETRY"] == "1"
    assert set(environment) == {
        "PATH",
        "LANG",
        "HOME",
        "TMPDIR",
        "ORT_DISABLE_TELEMETRY",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
    }


def test_importing_the_engine_writes_nothing_into_the_home_directory(tmp_path: Path) -> None:
    path = models.save(models.affine(), tmp_path / "m.onnx")
    home = tmp_path / "home"
    home.mkdir()
    speak(home, Task(path, LIMITS).to_line())
    assert list(home.iterdir()) == []
