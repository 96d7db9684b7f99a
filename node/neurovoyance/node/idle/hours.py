"""Hours of the week in which a machine may be lent, such as ``mon-fri 22:00-06:30``.

Place: pure, used by settings and ``policy``. A window belongs to the day on which it begins, so one
over midnight reaches into the next. Wall time decides: on the day of a clock change a window is an
hour longer or shorter. Never: a clock of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MIN = 1_440
_FORM = re.compile(r"(?:(?P<days>[a-z,-]+) )?(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Window:
    """Minutes of some weekdays; 0 is Monday, ``start_min`` and ``end_min`` count from midnight.

    ``end_min`` at or before ``start_min`` means the next day; equal ones mean a whole day.
    """

    days: frozenset[int]
    start_min: int
    end_min: int

    @property
    def length_min(self) -> int:
        """Return how long it is, 1 to 1,440 minutes."""
        return (self.end_min - self.start_min - 1) % DAY_MIN + 1

    def has(self, moment: datetime) -> bool:
        """Tell whether a moment of wall time lies in the window, its end excluded."""
        minute = moment.hour * 60 + moment.minute
        today, yesterday = moment.weekday(), (moment.weekday() - 1) % 7
        since_min = minute - self.start_min
        if today in self.days and 0 <= since_min < self.length_min:
            return True
        return yesterday in self.days and since_min + DAY_MIN < self.length_min


def parse_window(text: str) -> Window:
    """Return the window in a text such as ``22:00-06:30`` or ``mon-fri,sun 09:00-17:00``.

    Raises:
        ValueError: the text has another form.
    """
    found = _FORM.fullmatch(" ".join(text.lower().split()))
    if found is None:
        raise ValueError(f'{text!r} is no window of hours; write "mon-fri 22:00-06:30"')
    days = found["days"]
    return Window(
        frozenset(range(7)) if days is None else _days(days),
        _minute(found["start"], text),
        _minute(found["end"], text) % DAY_MIN,
    )


def is_open(windows: Sequence[Window], moment: datetime) -> bool:
    """Tell whether any window has the moment; no windows at all mean always."""
    return not windows or any(window.has(moment) for window in windows)


def next_open(windows: Sequence[Window], moment: datetime) -> datetime | None:
    """Return when a window begins next after a moment outside all of them; None for never."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [
        midnight + timedelta(days=ahead, minutes=window.start_min)
        for window in windows
        for ahead in range(8)
        if (moment.weekday() + ahead) % 7 in window.days
    ]
    return min((start for start in starts if start > moment), default=None)


def _days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise ValueError(f"{part!r} is no day; write mon, tue, ... or mon-fri")
        start, end = DAYS.index(first), DAYS.index(last if dash else first)
        days.update((start + ahead) % 7 for ahead in range((end - start) % 7 + 1))
    return frozenset(days)


def _minute(text: str, whole: str) -> int:
    hours, minutes = (int(part) for part in text.split(":"))
    minute = hours * 60 + minutes
    if minutes >= 60 or minute > DAY_MIN:
        raise ValueError(f"{text!r} in {whole!r} is no time of a day")
    return minute
