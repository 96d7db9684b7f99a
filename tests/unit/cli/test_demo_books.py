"""The demo's audit of itself finds what did not go as it has to."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from neurovoyance.cli.demo_audits import CheatStory
from neurovoyance.cli.demo_books import cheat_faults
from neurovoyance.protocol.lifecycle import JobState

CAUGHT: dict[str, Any] = {
    "state": JobState.REJECTED.label,
    "audit": {"rounds": [{"distance_in_tau": "12.500"}, {"distance_in_tau": "13.001"}]},
    "slashes": [{"amount_wei": "4000000000000000000"}],
}


def test_a_cheat_that_was_caught_and_slashed_is_as_it_has_to_be() -> None:
    assert cheat_faults(CheatStory("node 4", CAUGHT)) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"state": JobState.SETTLED.label}, "was not caught: its job is Settled"),
        ({"audit": {"rounds": [{"distance_in_tau": "0.999"}]}}, "was not told from an honest one"),
        ({"audit": {"rounds": []}}, "was not told from an honest one"),
        ({"slashes": []}, "lost nothing"),
    ],
)
def test_each_thing_that_went_wrong_is_told_alone(changed: dict[str, Any], words: str) -> None:
    (fault,) = cheat_faults(CheatStory("node 4", {**deepcopy(CAUGHT), **changed}))
    assert words in fault


def test_a_cheat_that_was_never_hired_is_a_fault() -> None:
    (fault,) = cheat_faults(CheatStory("node 4"))
    assert "was not hired" in fault
