"""The words of an execution fit together."""

from __future__ import annotations

import dataclasses

import pytest

from neurovoyance.node.execution_values import (
    LOCAL,
    OCCUPYING,
    SENDS,
    Action,
    ChainView,
    Execution,
    Phase,
)
from neurovoyance.protocol.ids import JobId
from neurovoyance.protocol.lifecycle import JobState


def test_every_action_is_either_local_or_sent() -> None:
    assert frozenset(Action) == SENDS | LOCAL
    assert not SENDS & LOCAL


def test_an_execution_cannot_be_changed_in_place() -> None:
    execution = Execution(JobId(bytes(32)), 60, ChainView(JobState.OPEN, False, 1))
    with pytest.raises(dataclasses.FrozenInstanceError):
        execution.phase = Phase.ENDED  # type: ignore[misc]


def test_only_phases_that_compute_or_will_occupy_a_slot() -> None:
    assert Phase.RUNNING in OCCUPYING
    assert not OCCUPYING & {Phase.SEEN, Phase.HELD, Phase.REVEALED, Phase.ENDED}
