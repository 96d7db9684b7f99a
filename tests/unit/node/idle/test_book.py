"""The owner's words and the pauses survive a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from neurovoyance.node.idle.book import IdleBook, Pause
from neurovoyance.node.idle.policy import Cause, Hold, Reason

WHY = (Reason(Cause.OWNER, "Somebody was here."),)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[IdleBook]:
    made = IdleBook(tmp_path / "idle.sqlite", {"market": "m"})
    yield made
    made.close()


def test_a_pause_begins_once_and_ends(book: IdleBook) -> None:
    book.begin("cpu", WHY, 10)
    book.begin("cpu", WHY, 11)
    book.begin("gpu0", WHY, 12)
    book.end("cpu", 20)
    words = ("Somebody was here.",)
    assert book.pauses(9) == [Pause("gpu0", 12, None, words), Pause("cpu", 10, 20, words)]


def test_only_the_last_pauses_are_kept(book: IdleBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurovoyance.node.idle.book.KEPT", 3)
    for time_s in range(5):
        book.begin("cpu", WHY, time_s)
        book.end("cpu", time_s)
    assert [pause.began_s for pause in book.pauses(9)] == [4, 3, 2]


@pytest.mark.parametrize("hold", [Hold(), Hold(True), Hold(True, 99)])
def test_a_hold_is_read_as_it_was_written(tmp_path: Path, hold: Hold) -> None:
    path = tmp_path / "idle.sqlite"
    first = IdleBook(path, {"market": "m"})
    assert first.hold() == Hold()
    first.set_hold(hold)
    first.close()
    again = IdleBook(path, {"market": "m"})
    assert again.hold() == hold
    again.close()


def test_choices_are_kept_by_name(book: IdleBook) -> None:
    assert book.choice("lend") is None
    book.set_choice("lend", "a")
    book.set_choice("lend", "b")
    assert book.choice("lend") == "b"
