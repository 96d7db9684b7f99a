"""Held models are remembered across starts, the newest of too many."""

from __future__ import annotations

from pathlib import Path

from neurovoyance.node.held_models import HeldModels
from neurovoyance.node.journal import Journal
from neurovoyance.protocol.standing_offers import HELD_MAX, HeldModel

A, B = b"\x0a" * 32, b"\x0b" * 32


def test_a_measured_load_is_kept_and_replaced_by_the_next() -> None:
    held = HeldModels()
    held.note(B)
    held.note(A, 120)
    held.note(A)
    assert held.listed() == (HeldModel(model_id=A, load_ms=120), HeldModel(model_id=B))
    held.note(A, 90)
    held.note(B, 2**40)
    assert [item.load_ms for item in held.listed()] == [90, 2**32 - 1]


def test_they_survive_a_start(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal(path, {"market": "m"})
    HeldModels(journal).note(A, 7)
    journal.close()
    journal = Journal(path, {"market": "m"})
    assert HeldModels(journal).listed() == (HeldModel(model_id=A, load_ms=7),)
    journal.close()


def test_the_oldest_of_too_many_are_forgotten() -> None:
    held = HeldModels()
    for number in range(HELD_MAX + 2):
        held.note(number.to_bytes(32, "big"))
        held.note(bytes(32), 1)
    listed = held.listed()
    assert len(listed) == HELD_MAX
    assert listed[0].model_id == bytes(32), "noted again and again"
    assert (1).to_bytes(32, "big") not in [item.model_id for item in listed]
