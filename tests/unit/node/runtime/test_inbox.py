"""What goes into a warm child's directory comes out of it again, and nothing stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.node.runtime.behaviour import LIMITS

from neurovoyance.node.runtime.inbox import INBOX, OUTPUT, admit, clear, hand_over
from neurovoyance.node.runtime.wire import Kind, Task
from neurovoyance.protocol.errors import ExecutionError, ResourceExceeded


def task_for(folder: Path) -> Task:
    (folder / "input").write_bytes(b"input")
    return Task(folder / "m", LIMITS, Kind.RUN, (folder / "input",), folder / "partial")


def test_inputs_are_linked_under_a_new_name_with_a_new_nonce(tmp_path: Path) -> None:
    task = task_for(tmp_path)
    first = admit(task, tmp_path / ".")
    assert first.input_paths == (tmp_path / INBOX / "0",)
    assert first.input_paths[0].samefile(tmp_path / "input")
    assert first.partial_path == tmp_path / OUTPUT
    (tmp_path / OUTPUT).write_bytes(b"secret")
    clear(tmp_path)
    assert list((tmp_path / INBOX).iterdir()) == []
    assert (tmp_path / OUTPUT).read_bytes() == b""
    assert (tmp_path / "input").read_bytes() == b"input"
    second = admit(task, tmp_path)
    assert len({first.nonce, second.nonce, ""}) == 3


def test_a_missing_input_is_left_for_the_child_to_tell(tmp_path: Path) -> None:
    task = replace(task_for(tmp_path), input_paths=(tmp_path / "missing",))
    assert not admit(task, tmp_path).input_paths[0].exists()


def test_the_output_is_a_copy_within_the_limit(tmp_path: Path) -> None:
    admit(task_for(tmp_path), tmp_path)
    (tmp_path / OUTPUT).write_bytes(b"x" * 10)
    with pytest.raises(ResourceExceeded):
        hand_over(tmp_path, tmp_path / "a", replace(LIMITS, file_bytes=9))
    hand_over(tmp_path, tmp_path / "a", replace(LIMITS, file_bytes=10))
    assert (tmp_path / "a").read_bytes() == b"x" * 10
    assert (tmp_path / OUTPUT).stat().st_size == 0
    with pytest.raises(ExecutionError):
        hand_over(tmp_path, tmp_path / "a", LIMITS)
