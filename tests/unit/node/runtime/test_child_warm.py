"""The staying child alone, spoken to over its pipes: what it may reach, and when it ends."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tests.unit.node.runtime import models
from tests.unit.node.runtime.behaviour import LIMITS

from neurovoyance.node.runtime.config import Engine
from neurovoyance.node.runtime.inbox import admit
from neurovoyance.node.runtime.sandbox import child_command, clean_environment
from neurovoyance.node.runtime.wire import Kind, Task


def speak(directory: Path, *tasks: Task) -> list[dict[str, Any]]:
    """Send tasks to one child, then close the pipe, and return all that it says."""
    finished = subprocess.run(
        [*child_command("neurovoyance.node.runtime.child"), Engine.ORT.value],
        input=b"".join(task.to_line() for task in tasks),
        capture_output=True,
        cwd=directory,
        env=clean_environment(directory),
        timeout=120,
        check=True,
    )
    return [json.loads(event) for event in finished.stdout.splitlines()]


def task_for(folder: Path) -> Task:
    model = models.save(models.logarithm(), folder / "m.onnx")
    source = models.save_input(folder / "i", x=np.ones(2, np.float32))
    work = folder / "work"
    work.mkdir(exist_ok=True)
    return admit(Task(model, LIMITS, Kind.RUN, (source,), folder / "x"), work)


def test_one_load_serves_many_tasks_and_each_answer_names_its_question(tmp_path: Path) -> None:
    first = task_for(tmp_path)
    second = replace(first, nonce="other")
    events = speak(tmp_path, first, second)
    done = [event for event in events if event["event"] == "done"]
    assert [event["nonce"] for event in done] == [first.nonce, "other"]
    assert all(event["stays"] for event in done)
    assert [event["model_load_ms"] > 0 for event in done][1:] == [False]
    assert (tmp_path / "work" / "output").stat().st_size == 15 + 8


def test_loading_alone_runs_nothing(tmp_path: Path) -> None:
    task = replace(task_for(tmp_path), kind=Kind.LOAD, input_paths=())
    events = speak(tmp_path, task)
    assert [event["event"] for event in events] == ["bound", "ready", "phase", "phase", "done"]
    assert (tmp_path / "work" / "output").stat().st_size == 0


def test_an_input_outside_of_the_inbox_cannot_be_read(tmp_path: Path) -> None:
    task = task_for(tmp_path)
    events = speak(tmp_path, task, replace(task, input_paths=(tmp_path / "i",)))
    held = next(event for event in events if event["event"] == "ready")["confinement"]
    assert events[-1]["event"] == "error" or held.get("files hidden") != "enforced"


def test_an_existing_output_is_never_written_through(tmp_path: Path) -> None:
    task = task_for(tmp_path)
    (tmp_path / "work" / "output").write_text("precious", encoding="ascii")
    assert speak(tmp_path, task)[-1]["event"] == "error"
    assert (tmp_path / "work" / "output").read_text(encoding="ascii") == "precious"
