"""Windows of hours, compared with the plain meaning: every minute of two weeks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.node.idle.hours import DAY_MIN, Window, is_open, next_open, parse_window

MONDAY = datetime(2026, 8, 31, tzinfo=UTC)
WINDOWS = st.builds(
    Window,
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, DAY_MIN - 1),
    st.integers(0, DAY_MIN - 1),
)


def minutes_of(window: Window) -> set[int]:
    """Return the minutes of a week in the window, counted one by one."""
    return {
        (day * DAY_MIN + window.start_min + ahead) % (7 * DAY_MIN)
        for day in window.days
        for ahead in range(window.length_min)
    }


@given(WINDOWS, st.integers(0, 7 * DAY_MIN - 1))
def test_a_window_has_the_minutes_that_one_would_count(window: Window, minute: int) -> None:
    moment = MONDAY + timedelta(minutes=minute)
    assert window.has(moment) == (minute in minutes_of(window))


@given(st.lists(WINDOWS, min_size=1, max_size=3), st.integers(0, 7 * DAY_MIN - 1))
def test_the_next_opening_is_the_first_open_minute(windows: list[Window], minute: int) -> None:
    moment = MONDAY + timedelta(minutes=minute)
    if is_open(windows, moment):
        return
    opens = next_open(windows, moment)
    assert opens is not None
    assert is_open(windows, opens)
    open_minutes = set().union(*map(minutes_of, windows))
    first = min((m - minute) % (7 * DAY_MIN) for m in open_minutes)
    assert opens - moment == timedelta(minutes=first)


def test_a_night_from_friday_reaches_into_saturday() -> None:
    window = parse_window("fri 22:00-06:30")
    saturday = MONDAY + timedelta(days=5)
    assert window.has(saturday + timedelta(hours=6, minutes=29))
    assert not window.has(saturday + timedelta(hours=6, minutes=30))
    assert not window.has(saturday - timedelta(hours=2, minutes=1))


@pytest.mark.parametrize(
    ("text", "days"),
    [("09:00-17:00", range(7)), ("mon-fri 09:00-17:00", range(5)), ("sat,sun 00:00-24:00", (5, 6)),
     ("sun-mon 09:00-10:00", (6, 0)), ("MON  09:00-10:00", (0,))],
)  # fmt: skip
def test_days_are_written_as_people_do(text: str, days: tuple[int, ...]) -> None:
    assert parse_window(text).days == frozenset(days)


@pytest.mark.parametrize(
    "text", ["", "9-17", "mo 09:00-17:00", "09:60-10:00", "25:00-26:00", "mon-foo 09:00-10:00"]
)
def test_other_forms_are_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no|write"):
        parse_window(text)


def test_no_windows_mean_always() -> None:
    assert is_open((), MONDAY)
    assert parse_window("00:00-00:00").length_min == DAY_MIN
