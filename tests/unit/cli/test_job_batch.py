"""``job batch``: what counts as tasks, what is kept; the run itself is in the integration tests."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from neurovoyance.cli.job_batch import keep, read_tasks, tell
from neurovoyance.cli.main import app
from neurovoyance.client.tasks import TaskResults
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.manifest import ModelManifest, TensorSpec

MANIFEST = ModelManifest(
    model_cid="bafkreiaaaa",
    size_bytes="1",
    opset="17",
    inputs=[TensorSpec(name="x", dtype="float32", shape=["n", "3"])],
    tensors=[TensorSpec(name="y", dtype="float32", shape=["n", "4"])],
)


@pytest.mark.parametrize(("shape", "each"), [((12, 3), (1, 3)), ((12, 2, 3), (2, 3))])
def test_an_array_is_a_task_for_each_entry(
    tmp_path: Path, shape: tuple[int, ...], each: tuple[int, ...]
) -> None:
    whole = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    np.save(tmp_path / "x.npy", whole)
    names, tasks = read_tasks(tmp_path / "x.npy", MANIFEST)
    assert (names[0], names[-1], len(tasks)) == ("00", "11", 12)
    assert tasks[5]["x"].shape == each
    np.testing.assert_array_equal(np.stack([task["x"] for task in tasks]).reshape(shape), whole)


def test_a_directory_is_a_task_for_each_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no input file"):
        read_tasks(tmp_path, MANIFEST)
    for name in ("b", "a"):
        np.save(tmp_path / f"{name}.npy", np.zeros((1, 3), np.float32))
    names, tasks = read_tasks(tmp_path, MANIFEST)
    assert (names, len(tasks)) == (["a", "b"], 2)
    empty = tmp_path / "empty.npy"
    np.save(empty, np.zeros((0, 3), np.float32))
    with pytest.raises(SpecError, match="first axis"):
        read_tasks(empty, MANIFEST)


def test_outputs_that_came_are_kept(tmp_path: Path) -> None:
    results = TaskResults([{"y": np.zeros(1, np.float32)}, None])
    assert keep(results, ["a", "b"], None) == []
    assert keep(results, ["a", "b"], tmp_path / "out") == [str(tmp_path / "out" / "a.safetensors")]


def test_the_command_has_help() -> None:
    shown = CliRunner().invoke(app, ["job", "batch", "--help"])
    assert shown.exit_code == 0
    assert "--check-at" in shown.output


def test_the_result_says_who_repeated_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    model: Any = SimpleNamespace(model_id=bytes(32))
    results = TaskResults(
        [{}], provider="0xA", repeated=1, checker="0xB", why_checker="another owner than 0xA"
    )
    tell(model, results, [], as_json=False)
    printed = " ".join(capsys.readouterr().out.split())
    assert "1 of them were repeated by 0xB, and agree." in printed
    assert "0xB was chosen to repeat them: another owner than 0xA." in printed
    tell(model, results, [], as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["checker"], told["why_checker"]) == ("0xB", "another owner than 0xA")
