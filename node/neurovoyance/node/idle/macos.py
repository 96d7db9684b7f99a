"""Who is at a Mac: the idle time of its input devices, and its power source.

Place: a ``Desk`` of ``sensors``. ``ioreg -c IOHIDSystem`` tells ``HIDIdleTime`` in nanoseconds;
``pmset -g batt`` names the power source in its first line. Temperatures and full screens need
rights that a program does not have by itself, so they stay unmeasured. Never: a guess.
"""

from __future__ import annotations

import re

from neurovoyance.node.idle.readings import InputIdle, Measured, Unmeasured
from neurovoyance.node.idle.tools import Ask, ask

_IDLE = re.compile(r'"HIDIdleTime"\s*=\s*(\d+)')
_SOURCE = re.compile(r"Now drawing from '([^']+)'")


def parse_hid_idle_s(text: str | None) -> float | None:
    """Return seconds since the last input in the output of ``ioreg``; the least of several."""
    found = [int(number) for number in _IDLE.findall(text or "")]
    return min(found) / 1_000_000_000 if found else None


def parse_on_battery(text: str | None) -> bool | None:
    """Tell whether ``pmset -g batt`` names another source than the mains: battery or UPS."""
    found = _SOURCE.search(text or "")
    return None if found is None else found[1] != "AC Power"


class MacDesk:
    """The sources of macOS."""

    def __init__(self, tool: Ask = ask) -> None:
        self._ask = tool

    def inputs(self) -> Measured[tuple[InputIdle, ...]]:
        """Return the idle time of keyboard, mouse and trackpad together."""
        idle_s = parse_hid_idle_s(self._ask(["ioreg", "-c", "IOHIDSystem", "-d", "4"]))
        if idle_s is None:
            return Unmeasured("ioreg does not tell HIDIdleTime")
        return (InputIdle("input devices", idle_s),)

    def on_battery(self) -> Measured[bool]:
        """Tell whether the machine lacks mains power."""
        found = parse_on_battery(self._ask(["pmset", "-g", "batt"]))
        return Unmeasured("pmset does not tell the power source") if found is None else found

    def cpu_temperature_c(self) -> Measured[float]:
        """Return that it is not known."""
        return Unmeasured("macOS tells it to administrators alone")

    def fullscreen(self) -> Measured[str | None]:
        """Return that it is not known."""
        return Unmeasured("macOS does not tell it")
