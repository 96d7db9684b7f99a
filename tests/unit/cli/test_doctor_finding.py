"""A finding has a state, words and a next step, in JSON too."""

from __future__ import annotations

from neurovoyance.cli.doctor_finding import State, fail, ok, unknown, warn


def test_every_state_has_its_maker() -> None:
    made = [ok("a", "b"), warn("a", "b", "c"), fail("a", "b", "c"), unknown("a", "b")]
    assert [finding.state for finding in made] == list(State)
    assert made[1].as_json() == {"name": "a", "state": "warn", "found": "b", "next": "c"}
