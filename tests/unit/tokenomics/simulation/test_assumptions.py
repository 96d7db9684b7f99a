"""Every number of the world says where it is from, and can be changed by name alone."""

from __future__ import annotations

from dataclasses import fields

import pytest

from neurovoyance.tokenomics.simulation.assumptions import (
    COHORTS,
    HONEST,
    NOTES,
    World,
    rows,
    swings,
    world_with,
)


def test_every_number_has_a_note_with_a_source_and_a_unit() -> None:
    assert {one.name for one in fields(World)} == set(NOTES)
    assert all(note.source and note.unit and note.meaning for note in NOTES.values())
    assert [name for name, _, _ in rows()] == [one.name for one in fields(World)]


def test_numbers_lie_within_the_span_that_is_varied() -> None:
    world = World()
    assert len(swings()) > 10
    for name, low, high in swings():
        assert low <= getattr(world, name) <= high, name


def test_a_world_is_changed_by_name() -> None:
    assert world_with(turnout=0.5).turnout == 0.5
    with pytest.raises(TypeError):
        world_with(nonsense=1.0)


def test_kinds_of_providers_make_up_the_whole() -> None:
    assert sum(one.share for one in COHORTS) == pytest.approx(1.0)
    assert [COHORTS[index].role for index in HONEST] == ["honest"] * len(HONEST)
