"""Windows' calls, played by stand-ins that fill the same structures."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.node.idle.snapshots import vectors

from neurovoyance.node.idle.readings import InputIdle, Unmeasured
from neurovoyance.node.idle.windows import WindowsDesk

VECTORS = vectors("windows")


def libraries(works: bool = True, **values: int) -> Any:
    """Return libraries that answer with values; ``byref`` of ctypes keeps what it points at."""

    def last_input(reference: Any) -> bool:
        assert reference._obj.cbSize == 8
        reference._obj.dwTime = values.get("last_input_ms", 0)
        return works

    def power(reference: Any) -> bool:
        reference._obj.ACLineStatus = values.get("ac_line", 0)
        return works

    def notices(reference: Any) -> int:
        reference._obj.value = values.get("state", 0)
        return 0 if works else -1

    return SimpleNamespace(
        user32=SimpleNamespace(GetLastInputInfo=last_input),
        kernel32=SimpleNamespace(
            GetTickCount=lambda: values.get("tick_ms", 0), GetSystemPowerStatus=power
        ),
        shell32=SimpleNamespace(SHQueryUserNotificationState=notices),
    )


@pytest.mark.parametrize("case", VECTORS["idle"])
def test_idle_time_survives_a_counter_that_wraps(case: dict[str, Any]) -> None:
    times = {name: case[name] for name in ("tick_ms", "last_input_ms")}
    found = WindowsDesk(libraries(**times)).inputs()
    assert found == (InputIdle("keyboard or mouse", case["idle_s"]),)


@pytest.mark.parametrize("case", VECTORS["power"])
def test_the_mains_are_there_or_not_or_unknown(case: dict[str, Any]) -> None:
    found = WindowsDesk(libraries(ac_line=case["ac_line"])).on_battery()
    assert (None if isinstance(found, Unmeasured) else found) == case["on_battery"]


@pytest.mark.parametrize("case", VECTORS["screen"])
def test_what_fills_the_screen_is_named(case: dict[str, Any]) -> None:
    assert WindowsDesk(libraries(state=case["state"])).fullscreen() == case["fullscreen"]


@pytest.mark.parametrize("broken", [libraries(works=False), None])
def test_a_call_that_fails_measures_nothing(broken: Any) -> None:
    desk = WindowsDesk(broken)
    for found in (desk.inputs(), desk.on_battery(), desk.fullscreen(), desk.cpu_temperature_c()):
        assert isinstance(found, Unmeasured)
