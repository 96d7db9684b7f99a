"""What the sensors found at one moment: the words that sensors and policy share.

Place: made by ``sensors``, judged by ``policy``. Frozen values only. Shares lie between 0 and 1;
"by others" means all processes but the node and its descendants. What could not be measured is
:class:`Unmeasured`, never a guess. Never: I/O, or a rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeVar


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A sensor gave nothing; ``why`` is a clause, such as ``no tool answers``."""

    why: str


T = TypeVar("T")
Measured: TypeAlias = T | Unmeasured


@dataclass(frozen=True, slots=True)
class InputIdle:
    """How long nobody has touched one input, in seconds, as one source knows it."""

    source: str
    idle_s: float


@dataclass(frozen=True, slots=True)
class GpuReading:
    """One GPU: its name here (``gpu0``), how far others use it, its temperature in Celsius."""

    device: str
    use_by_others: Measured[float]
    memory_by_others: Measured[float]
    temperature_c: Measured[float]


@dataclass(frozen=True, slots=True)
class Sensors:
    """One snapshot.

    Attributes:
        monotonic_s: of a clock that never jumps; loads are averaged along it.
        local: wall time with its zone, as the owner's hours mean it.
        inputs: one entry per source; none at all where nobody can sit (no seat, no terminal).
        cpu_by_others: share of all cores since the last snapshot.
        memory_by_others: share of the memory.
        cpu_temperature_c: hottest part of the processor, Celsius.
        on_battery: no mains power.
        processes: names of the processes of others; empty if nobody asked for names.
        fullscreen: what fills the screen, or None for nothing.
        gpus: every GPU that this machine has, measured or not.
    """

    monotonic_s: float
    local: datetime
    inputs: Measured[tuple[InputIdle, ...]]
    cpu_by_others: Measured[float]
    memory_by_others: Measured[float]
    cpu_temperature_c: Measured[float]
    on_battery: Measured[bool]
    processes: Measured[frozenset[str]]
    fullscreen: Measured[str | None]
    gpus: tuple[GpuReading, ...] = ()
