"""Limits and requests are checked where they are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurovoyance.node.runtime.base import ExecutionCancelled, Limits, Phase, RunRequest
from neurovoyance.protocol.errors import ExecutionError, SpecError, from_wire


def test_a_limit_of_nothing_is_refused_and_named() -> None:
    with pytest.raises(SpecError) as caught:
        Limits(memory_bytes=0, cpu_time_s=1, wall_time_s=-1.0)
    assert caught.value.context["faults"] == ["memory_bytes", "wall_time_s"]


def test_a_limit_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(SpecError):
        Limits(memory_bytes=1, cpu_time_s=1, wall_time_s=float("nan"))


def test_every_request_gets_an_execution_id_of_its_own() -> None:
    first, second = (RunRequest(Path("m"), Path("i"), Path("o")) for _ in range(2))
    assert first.execution_id != second.execution_id


def test_the_runtimes_own_errors_cross_a_process_as_themselves() -> None:
    error = from_wire(ExecutionCancelled("Cancelled.").to_wire())
    assert isinstance(error, ExecutionCancelled)
    assert isinstance(error, ExecutionError)


def test_phases_are_in_the_order_of_an_execution() -> None:
    assert [phase.value for phase in Phase] == ["checking", "loading", "running", "writing"]
