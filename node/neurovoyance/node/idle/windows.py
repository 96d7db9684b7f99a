"""Who is at a Windows machine, from three calls of its system libraries.

Place: a ``Desk`` of ``sensors``. ``GetLastInputInfo`` counts milliseconds since the start in 32
bits, so differences are taken modulo 2**32. ``GetSystemPowerStatus`` tells the mains' state,
``SHQueryUserNotificationState`` whether a program fills the screen. Temperatures stay unmeasured.
Never: a guess.
"""

from __future__ import annotations

import ctypes
from typing import Any, ClassVar

from neurovoyance.node.idle.readings import InputIdle, Measured, Unmeasured

_TICKS = 1 << 32
_AC_OFFLINE, _AC_ONLINE = 0, 1
_FULLSCREEN_STATES = {2: "a full-screen program", 3: "a game", 4: "a presentation"}


class LastInputInfo(ctypes.Structure):
    """LASTINPUTINFO: its own size, and the tick of the last input."""

    _fields_: ClassVar = [("cbSize", ctypes.c_uint32), ("dwTime", ctypes.c_uint32)]


class SystemPowerStatus(ctypes.Structure):
    """SYSTEM_POWER_STATUS; only the state of the mains is read."""

    _fields_: ClassVar = [
        ("ACLineStatus", ctypes.c_uint8),
        ("BatteryFlag", ctypes.c_uint8),
        ("BatteryLifePercent", ctypes.c_uint8),
        ("SystemStatusFlag", ctypes.c_uint8),
        ("BatteryLifeTime", ctypes.c_uint32),
        ("BatteryFullLifeTime", ctypes.c_uint32),
    ]


def idle_s(tick_ms: int, last_input_ms: int) -> float:
    """Return the seconds between two ticks of 32 bits, the later one first."""
    return ((tick_ms - last_input_ms) % _TICKS) / 1_000


class WindowsDesk:
    """The sources of Windows.

    Args:
        libraries: what holds ``user32``, ``kernel32`` and ``shell32``; None takes the system's.
    """

    def __init__(self, libraries: Any = None) -> None:
        self._libraries = getattr(ctypes, "windll", None) if libraries is None else libraries

    def inputs(self) -> Measured[tuple[InputIdle, ...]]:
        """Return the idle time of this session's input."""
        info = LastInputInfo(cbSize=ctypes.sizeof(LastInputInfo))
        if self._libraries is None or not self._libraries.user32.GetLastInputInfo(
            ctypes.byref(info)
        ):
            return Unmeasured("GetLastInputInfo failed")
        tick_ms = int(self._libraries.kernel32.GetTickCount()) % _TICKS
        return (InputIdle("keyboard or mouse", idle_s(tick_ms, int(info.dwTime))),)

    def on_battery(self) -> Measured[bool]:
        """Tell whether the machine lacks mains power."""
        status = SystemPowerStatus()
        if self._libraries is None or not self._libraries.kernel32.GetSystemPowerStatus(
            ctypes.byref(status)
        ):
            return Unmeasured("GetSystemPowerStatus failed")
        if status.ACLineStatus not in (_AC_OFFLINE, _AC_ONLINE):
            return Unmeasured("Windows does not know the power source")
        return bool(status.ACLineStatus == _AC_OFFLINE)

    def cpu_temperature_c(self) -> Measured[float]:
        """Return that it is not known."""
        return Unmeasured("Windows tells it to drivers alone")

    def fullscreen(self) -> Measured[str | None]:
        """Return what fills the screen, as Windows asks before it shows a notice."""
        state = ctypes.c_int32()
        if (
            self._libraries is None
            or self._libraries.shell32.SHQueryUserNotificationState(ctypes.byref(state)) != 0
        ):
            return Unmeasured("SHQueryUserNotificationState failed")
        return _FULLSCREEN_STATES.get(state.value)
