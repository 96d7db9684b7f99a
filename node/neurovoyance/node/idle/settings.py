"""When a machine is lent and how much of it: the table ``[idle]`` of the node's settings.

Place: part of :class:`~neurovoyance.node.settings.NodeSettings`; judged by ``policy``, enforced by
``gate`` and ``assembly``. Never: a limit that nothing keeps.
"""

from __future__ import annotations

import os
import re
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from neurovoyance.node.idle.hours import Window, parse_window
from neurovoyance.protocol.errors import ConfigError

Percent = Annotated[int, Field(ge=1, le=100)]
Celsius = Annotated[int, Field(ge=30, le=120)]
_NODE_ONLY = ("disk_bytes", "download_bytes_per_day")


class Mode(StrEnum):
    """ALWAYS: a dedicated machine, only its owner's word stops it. IDLE: the owner comes first."""

    ALWAYS = "always"
    IDLE = "idle"


def _texts(value: object) -> object:
    return [value] if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class IdleSettings(BaseModel):
    """How a node yields to its owner.

    Attributes:
        mode: see :class:`Mode`; in mode ``always`` only pauses by hand and the limits count.
        away_after_s: seconds without input after which the owner is away.
        while_in_use: devices that run although the owner is there: ``cpu``, ``gpu0``, ...
        cpu_max_percent: of all cores, used by others, above which nothing runs on the CPU.
        memory_max_percent: of the memory, used by others, above which nothing runs.
        gpu_max_percent, gpu_memory_max_percent: the same for each GPU.
        hours: windows in which the machine is lent; none mean always.
        on_battery: run without mains power too.
        cpu_max_c, gpu_max_c: temperatures from which a device rests; None for no limit. A limit
            on what cannot be measured keeps the device from running.
        cool_by_c: a device that got too hot rests until it is this much cooler.
        not_with: names of programs while which nothing runs.
        pause_on_fullscreen: nothing runs while a program fills the screen, where that can be seen.
        keep_in_memory: a paused execution keeps its memory; otherwise it begins anew later.
        cores: cores that executions use; None for all.
        memory_bytes: memory of one execution; the node's own limit if that is smaller.
        disk_bytes: of the store; the node's own limit if that is smaller.
        download_bytes_per_day: of content fetched for new jobs, between two midnights; None for
            no limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Mode = Mode.ALWAYS
    away_after_s: Annotated[int, Field(ge=10, le=86_400)] = 180
    while_in_use: Texts = ()
    cpu_max_percent: Percent = 25
    memory_max_percent: Percent = 75
    gpu_max_percent: Percent = 10
    gpu_memory_max_percent: Percent = 50
    hours: Texts = ()
    on_battery: bool = False
    cpu_max_c: Celsius | None = None
    gpu_max_c: Celsius | None = None
    cool_by_c: Annotated[int, Field(ge=1, le=30)] = 5
    not_with: Texts = ()
    pause_on_fullscreen: bool = True
    keep_in_memory: bool = True
    cores: Annotated[int, Field(ge=1, le=1_024)] | None = None
    memory_bytes: Annotated[int, Field(ge=256 << 20)] | None = None
    disk_bytes: Annotated[int, Field(ge=64 << 20)] | None = None
    download_bytes_per_day: Annotated[int, Field(ge=1 << 20)] | None = None

    @field_validator("hours")
    @classmethod
    def _are_windows(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            parse_window(text)
        return value

    @field_validator("while_in_use")
    @classmethod
    def _are_devices(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if re.fullmatch(r"cpu|gpu\d{1,3}", name) is None:
                raise ValueError(f"{name!r} is no device; write cpu, gpu0, gpu1, ...")
        return value

    @field_validator("not_with")
    @classmethod
    def _are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(name.strip() for name in value):
            raise ValueError("a program has a name")
        return tuple(name.strip() for name in value)

    def own_cores(self) -> frozenset[int] | None:
        """Return the cores that executions may use: the last, since systems favour the first."""
        if self.cores is None:
            return None
        return frozenset(sorted(os.sched_getaffinity(0))[-self.cores :])

    def memory_of(self, memory_bytes: int | None) -> int | None:
        """Return the memory of one execution for which another limit stands too; None for none."""
        limits = [limit for limit in (memory_bytes, self.memory_bytes) if limit is not None]
        return min(limits, default=None)

    def windows(self) -> tuple[Window, ...]:
        """Return the hours as windows."""
        return tuple(map(parse_window, self.hours))


def idle_of_worker(path: Path, mode: Mode | None) -> IdleSettings:
    """Return the table ``[idle]`` of a file such as ``node.toml``, for a worker of a farm.

    Args:
        path: the file; if there is none, the defaults hold.
        mode: in place of the file's, if given.

    Raises:
        ConfigError: the table is wrong, or limits what a worker has not: a store and downloads.
    """
    values: dict[str, Any] = {}
    try:
        if path.exists():
            found = tomllib.loads(path.read_text(encoding="utf-8")).get("idle", {})
            values = {"mode": found} if isinstance(found, str) else dict(found)
        if mode is not None:
            values["mode"] = mode
        faults = [
            f"idle.{name}: a worker has no such limit" for name in _NODE_ONLY if name in values
        ]
        if not faults:
            return IdleSettings.model_validate(values)
    except ValidationError as error:
        items = error.errors(include_url=False, include_input=False)
        faults = [f"idle.{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in items]
    except (OSError, ValueError, TypeError) as error:
        faults = [f"{path.name}: {error}"]
    raise ConfigError(
        f"The table [idle] of {path} has {len(faults)} fault(s): {'; '.join(faults)}.",
        hint="Nothing was started. docs/idle.md lists the settings.",
        faults=faults,
    )
