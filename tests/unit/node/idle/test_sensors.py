"""Snapshots of this machine, and what psutil says translated."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from neurovoyance.node.idle.linux import LinuxDesk
from neurovoyance.node.idle.macos import MacDesk
from neurovoyance.node.idle.readings import Unmeasured
from neurovoyance.node.idle.sensors import (
    Aged,
    HostSensors,
    battery_of_psutil,
    desk_here,
    programs_of_others,
    sensors_here,
    temperature_of_psutil,
)
from neurovoyance.node.idle.windows import WindowsDesk


def test_the_first_snapshot_knows_no_load_and_the_second_does() -> None:
    sensors = sensors_here()
    first, second = sensors.read(), sensors.read()
    assert isinstance(first.cpu_by_others, Unmeasured)
    assert isinstance(first.memory_by_others, float)
    assert second.monotonic_s > first.monotonic_s
    assert first.local.tzinfo is not None
    assert first.processes == frozenset(), "nobody asked for names"


def test_a_measurement_is_taken_anew_when_it_is_old_and_when_told() -> None:
    counts = iter(range(9))
    aged = Aged(lambda: next(counts), 2.5)
    assert [aged.at(now_s) for now_s in (10.0, 12.4, 12.5, 14.9, 15.0)] == [0, 0, 1, 1, 2]
    aged.forget()
    assert aged.at(15.1) == 3


def test_input_is_looked_at_each_time_and_the_rest_less_often() -> None:
    looked: list[str] = []

    class Watched(LinuxDesk):
        def inputs(self) -> Any:
            looked.append("inputs")
            return ()

        def fullscreen(self) -> None:
            looked.append("screen")

    sensors = HostSensors(Watched(lambda command: None))
    for _ in range(3):
        sensors.read()
    assert looked == ["screen", "inputs", "inputs", "inputs"]


def test_programs_of_others_leave_out_our_own() -> None:
    everybody = programs_of_others(frozenset())
    own = psutil.Process().name()
    assert isinstance(everybody, frozenset)
    assert own in everybody
    pids = frozenset(p.pid for p in psutil.process_iter(["name"]) if p.info["name"] == own)
    others = programs_of_others(pids | {os.getpid()})
    assert isinstance(others, frozenset)


@pytest.mark.parametrize(
    ("battery", "on_battery"),
    [(None, False), (SimpleNamespace(power_plugged=True), False),
     (SimpleNamespace(power_plugged=False), True), (SimpleNamespace(power_plugged=None), None)],
)  # fmt: skip
def test_a_machine_without_a_battery_is_on_the_mains(
    battery: Any, on_battery: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery)
    found = battery_of_psutil()
    assert (None if isinstance(found, Unmeasured) else found) == on_battery


def test_the_hottest_part_of_the_processor_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    chips: dict[str, list[Any]] = {"nvme": [SimpleNamespace(current=90.0)]}
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: chips)
    assert isinstance(temperature_of_psutil(), Unmeasured), "a disk is no processor"
    chips["coretemp"] = [SimpleNamespace(current=degrees) for degrees in (50.0, 61.5, None)]
    assert temperature_of_psutil() == 61.5


@pytest.mark.parametrize(
    ("platform", "kind"), [("linux", LinuxDesk), ("darwin", MacDesk), ("win32", WindowsDesk)]
)
def test_each_system_has_its_desk(
    platform: str, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    assert isinstance(desk_here(), kind)
