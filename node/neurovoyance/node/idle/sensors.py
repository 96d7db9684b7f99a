"""Where snapshots come from: one interface, and what every system has in common.

Place: above ``linux``, ``macos``, ``windows`` (who is here, power, heat, screen), ``load`` and
``gpu``; below ``gate``. Reading blocks for some milliseconds, so it runs in a worker thread. Never:
a guess in place of a measurement, or a name of a program that nobody asked for.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime
from typing import Protocol

import psutil

from neurovoyance.node.idle import load
from neurovoyance.node.idle.gpu import GpuSource, NvidiaGpus
from neurovoyance.node.idle.readings import InputIdle, Measured, Sensors, Unmeasured


class Desk(Protocol):
    """What one operating system knows of its user."""

    def inputs(self) -> Measured[tuple[InputIdle, ...]]:
        """Return how long each source saw no input; nothing where nobody can sit."""
        ...

    def on_battery(self) -> Measured[bool]:
        """Tell whether the machine lacks mains power."""
        ...

    def cpu_temperature_c(self) -> Measured[float]:
        """Return the temperature of the hottest part of the processor, Celsius."""
        ...

    def fullscreen(self) -> Measured[str | None]:
        """Return what fills the screen, or None for nothing."""
        ...


class SensorSource(Protocol):
    """Takes snapshots."""

    def read(self) -> Sensors:
        """Return a snapshot; blocks for some milliseconds and never raises."""
        ...


class HostSensors:
    """The sensors of this machine.

    Args:
        desk: what the operating system knows of its user.
        gpus: the graphics processors.
        wants_programs: whether names of programs are needed; reading them costs most.
        root_pid: the process whose tree is ours; this one if None.
    """

    def __init__(
        self,
        desk: Desk,
        gpus: GpuSource | None = None,
        *,
        wants_programs: bool = False,
        root_pid: int | None = None,
    ) -> None:
        self._desk = desk
        self._gpus = gpus or NvidiaGpus()
        self._wants_programs = wants_programs
        self._root_pid = os.getpid() if root_pid is None else root_pid
        self._count: load.CpuCount | None = None
        self._tree: list[psutil.Process] = []

    def read(self) -> Sensors:
        """Return a snapshot; loads are those since the last one."""
        tree = self._tree = load.own_tree(self._root_pid, self._tree)
        pids = frozenset(process.pid for process in tree)
        return Sensors(
            monotonic_s=time.monotonic(),
            local=datetime.now().astimezone(),
            inputs=self._desk.inputs(),
            cpu_by_others=self._cpu(tree),
            memory_by_others=load.memory_by_others(tree),
            cpu_temperature_c=self._desk.cpu_temperature_c(),
            on_battery=self._desk.on_battery(),
            processes=programs_of_others(pids) if self._wants_programs else frozenset(),
            fullscreen=self._desk.fullscreen(),
            gpus=self._gpus.read(pids),
        )

    def _cpu(self, tree: list[psutil.Process]) -> Measured[float]:
        before, self._count = self._count, load.cpu_count(tree)
        if before is None:
            return Unmeasured("it was looked at only once")
        return load.share_by_others(before, self._count)


def programs_of_others(own: frozenset[int]) -> Measured[frozenset[str]]:
    """Return the names of all processes but ours."""
    try:
        found = {
            str(process.info["name"])
            for process in psutil.process_iter(["name"])
            if process.pid not in own and process.info["name"]
        }
    except (psutil.Error, OSError) as error:
        return Unmeasured(f"the processes cannot be listed ({type(error).__name__})")
    return frozenset(found)


def battery_of_psutil() -> Measured[bool]:
    """Tell whether the machine runs on its battery; one without a battery does not."""
    try:
        battery = psutil.sensors_battery()
    except (AttributeError, OSError, ValueError, RuntimeError) as error:
        return Unmeasured(f"the battery cannot be read ({type(error).__name__})")
    if battery is None:
        return False
    if battery.power_plugged is None:
        return Unmeasured("the battery does not tell whether it is charged")
    return not battery.power_plugged


_CPU_CHIPS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "cpu-thermal", "acpitz")


def temperature_of_psutil() -> Measured[float]:
    """Return the hottest temperature of the first sensor that belongs to the processor."""
    try:
        chips = psutil.sensors_temperatures()
    except (AttributeError, OSError, ValueError) as error:
        return Unmeasured(f"the temperatures cannot be read ({type(error).__name__})")
    for name in _CPU_CHIPS:
        found = [entry.current for entry in chips.get(name, ()) if entry.current is not None]
        if found:
            return float(max(found))
    return Unmeasured("no sensor of the processor is known")


def sensors_here(*, wants_programs: bool = False) -> HostSensors:
    """Return the sensors of the system that this process runs on."""
    return HostSensors(desk_here(), wants_programs=wants_programs)


def desk_here() -> Desk:
    """Return what this operating system knows of its user."""
    if sys.platform == "darwin":
        from neurovoyance.node.idle.macos import MacDesk

        return MacDesk()
    if sys.platform == "win32":
        from neurovoyance.node.idle.windows import WindowsDesk

        return WindowsDesk()
    from neurovoyance.node.idle.linux import LinuxDesk

    return LinuxDesk()
