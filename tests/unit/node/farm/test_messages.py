"""Messages are plain JSON, whole, and believed only as far as executions go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from neurovoyance.node.farm.messages import Report, Task
from neurovoyance.node.farm.parcel import pack
from neurovoyance.node.farm.pool import NoRoom
from neurovoyance.node.runtime.base import Profile
from neurovoyance.node.runtime.config import Engine
from neurovoyance.protocol.errors import ConfigError, ExecutionError, InputMismatch


def task(folder: Path, **changes: object) -> Task:
    (folder / "m").write_bytes(b"m")
    values = {
        "execution_id": "e-1",
        "token": 7,
        "model": pack(folder / "m"),
        "input": pack(folder / "m"),
        "output_path": "/x/y",
        "output_names": ("a",),
        "profile": Profile.C1,
        "engine": Engine.ORT,
        "wall_time_s": 5,
    }
    return Task.model_validate({**values, **changes})


def test_a_task_survives_json_and_holds_nothing_secret(tmp_path: Path) -> None:
    made = task(tmp_path)
    text = json.dumps(made.model_dump(mode="json"))
    assert Task.model_validate(json.loads(text)) == made
    assert set(Task.model_fields) == {
        *("execution_id", "token", "model", "input", "output_path", "output_names"),
        *("profile", "engine", "wall_time_s", "is_shared"),
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"execution_id": "../../etc"},
        {"execution_id": ""},
        {"token": -1},
        {"wall_time_s": 0},
        {"engine": "pickle"},
        {"key": "0x1"},
    ],
)
def test_a_malformed_task_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        task(tmp_path, **changes)


@pytest.mark.parametrize("error", [InputMismatch("No."), NoRoom("Full.", limit="memory_bytes")])
def test_errors_of_executions_arrive_as_themselves(error: ExecutionError) -> None:
    report = Report(execution_id="e", token=1, worker="w", error=error.to_wire())
    found = Report.model_validate_json(report.model_dump_json()).raised()
    assert type(found) is type(error)
    assert (found.message, found.context) == (error.message, error.context)


def test_any_other_error_is_a_failed_execution() -> None:
    report = Report(execution_id="e", token=1, worker="w", error=ConfigError("Odd.").to_wire())
    assert type(report.raised()) is ExecutionError
    assert Report(execution_id="e", token=1, worker="w").raised() is None


def test_what_was_handed_back_says_so_and_agents_of_before_know_every_other_report() -> None:
    report = Report(execution_id="e", token=1, worker="w", is_handed_back=True)
    assert Report.model_validate_json(report.to_json()) == report
    usual = Report(execution_id="e", token=1, worker="w", engine="x")
    assert set(json.loads(usual.to_json())) == {"execution_id", "token", "worker", "engine"}
    assert Report.model_validate_json(usual.to_json()) == usual
