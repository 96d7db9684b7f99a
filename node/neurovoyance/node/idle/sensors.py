"""Where snapshots come from: one interface, and what every system has in common.

Place: above ``linux``, ``macos``, ``windows`` (who is here, power, heat, screen), ``load`` and
``gpu``; below ``gate``. Reading blocks for some milliseconds, so it runs in a worker thread. Input
is looked at each time, since a return is answered within two seconds; loads, which are averaged
over ten seconds, and what changes seldom are looked at less often. Never: a guess in place of a
measurement, or a name of a program that nobody asked for.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import psutil

from neurovoyance.node.idle import load
from neurovoyance.node.idle.gpu import GpuSource, NvidiaGpus
from neurovoyance.node.idle.readings import GpuReading, InputIdle, Measured, Sensors, Unmeasured
from neurovoyance.node.idle.tools import Patient

LOADS_S = 2.5
"""Between two measurements of processor, memory and cards."""
SURROUNDINGS_S = 5.0
"""Between two looks at power, heat, screen and programs."""

T = TypeVar("T")


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


@dataclass(frozen=True, slots=True)
class _Loads:
    cpu: Measured[float]
    memory: Measured[float]
    gpus: tuple[GpuReading, ...]


@dataclass(frozen=True, slots=True)
class _Surroundings:
    cpu_temperature_c: Measured[float]
    on_battery: Measured[bool]
    processes: Measured[frozenset[str]]
    fullscreen: Measured[str | None]


class Aged(Generic[T]):
    """The last measurement of something, taken anew when it is older than ``max_age_s``."""

    def __init__(self, measure: Callable[[], T], max_age_s: float) -> None:
        self._measure = measure
        self._max_age_s = max_age_s
        self._kept: tuple[float, T] | None = None

    def at(self, now_s: float) -> T:
        """Return the measurement that counts at a moment of a monotonic clock."""
        if self._kept is None or now_s - self._kept[0] >= self._max_age_s:
            self._kept = (now_s, self._measure())
        return self._kept[1]

    def forget(self) -> None:
        """Measure at the next look whatever the age."""
        self._kept = None


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
        self._loads = Aged(self._load, LOADS_S)
        self._surroundings = Aged(self._surrounding, SURROUNDINGS_S)

    def read(self) -> Sensors:
        """Return a snapshot; the load of the processor is that since it was measured before."""
        now_s = time.monotonic()
        loads, around = self._loads.at(now_s), self._surroundings.at(now_s)
        if isinstance(loads.cpu, Unmeasured):
            self._loads.forget()
        return Sensors(
            monotonic_s=now_s,
            local=datetime.now().astimezone(),
            inputs=self._desk.inputs(),
            cpu_by_others=loads.cpu,
            memory_by_others=loads.memory,
            cpu_temperature_c=around.cpu_temperature_c,
            on_battery=around.on_battery,
            processes=around.processes,
            fullscreen=around.fullscreen,
            gpus=loads.gpus,
        )

    def _load(self) -> _Loads:
        tree = self._tree = load.own_tree(self._root_pid, self._tree)
        pids = frozenset(process.pid for process in tree)
        return _Loads(self._cpu(tree), load.memory_by_others(tree), self._gpus.read(pids))

    def _surrounding(self) -> _Surroundings:
        own = frozenset(process.pid for process in self._tree)
        return _Surroundings(
            self._desk.cpu_temperature_c(),
            self._desk.on_battery(),
            programs_of_others(own) if self._wants_programs else frozenset(),
            self._desk.fullscreen(),
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

        return MacDesk(Patient())
    if sys.platform == "win32":
        from neurovoyance.node.idle.windows import WindowsDesk

        return WindowsDesk()
    from neurovoyance.node.idle.linux import LinuxDesk

    return LinuxDesk(Patient())
