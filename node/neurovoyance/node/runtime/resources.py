"""What this machine has to give, and the limits that follow for one execution.

Place: read by the node before it offers and before it runs. Containers are respected: the
tightest of processor affinity and control group counts, not what the hardware has. Never: promise
memory that is in use now.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from neurovoyance.node.runtime.base import Limits
from neurovoyance.protocol.errors import ResourceExceeded, SpecError

_CGROUP_ROOT: Final = Path("/sys/fs/cgroup")
_OWN_CGROUP: Final = Path("/proc/self/cgroup")
_USABLE_MEMORY_PERCENT: Final = 80
"""Share of the free memory that one execution may get; the rest is the node's and its owner's."""

ENGINE_BYTES: Final = 128 << 20
"""Least memory limit that makes sense: an idle child with its engine takes about half."""


@dataclass(frozen=True, slots=True)
class MachineResources:
    """What may be used now: whole cores, bytes of memory and of disk."""

    cores: int
    memory_total_bytes: int
    memory_available_bytes: int
    disk_free_bytes: int


def measure(
    directory: Path, *, cgroup_root: Path = _CGROUP_ROOT, own_cgroup: Path = _OWN_CGROUP
) -> MachineResources:
    """Return what this process may use now; disk is that of ``directory``."""
    memory = psutil.virtual_memory()
    total, available = int(memory.total), int(memory.available)
    cores = len(os.sched_getaffinity(0))
    for group in _groups(cgroup_root, own_cgroup):
        limit = _number(group / "memory.max")
        if limit is not None:
            total = min(total, limit)
            available = min(available, max(0, limit - _needed_bytes(group)))
        cores = min(cores, _quota_cores(group / "cpu.max") or cores)
    return MachineResources(cores, total, available, shutil.disk_usage(directory).free)


def limits_for(
    machine: MachineResources,
    *,
    max_runtime_s: int,
    memory_bytes: int | None = None,
    output_bytes: int = 1 << 30,
    threads: int = 1,
) -> Limits:
    """Return the limits of one execution on this machine.

    Args:
        machine: what :func:`measure` found.
        max_runtime_s: wall seconds; CPU seconds follow as this times the threads.
        memory_bytes: what the job asks for; None gives 80 % of the free memory.
        output_bytes: largest output file.
        threads: threads wanted; no more than the cores are given.

    Raises:
        ResourceExceeded: the machine lacks the memory or the disk; nothing was started.
        SpecError: a value is not positive, or the memory could not hold the engine.
    """
    usable = machine.memory_available_bytes * _USABLE_MEMORY_PERCENT // 100
    wanted = usable if memory_bytes is None else memory_bytes
    if memory_bytes is not None and memory_bytes < ENGINE_BYTES:
        raise SpecError(
            f"A memory limit below {ENGINE_BYTES} bytes cannot hold the engine.",
            memory_bytes=memory_bytes,
        )
    for name, need, have in (
        ("memory_bytes", max(wanted, ENGINE_BYTES), usable),
        ("file_bytes", output_bytes, machine.disk_free_bytes),
    ):
        if need > have:
            raise ResourceExceeded(
                f"The job needs {need} of {name} and this machine can give {have}.",
                hint="Decline the job, or free memory or disk and try again.",
                limit=name,
                needed=need,
                available=have,
            )
    threads = min(threads, machine.cores)
    return Limits(
        memory_bytes=wanted,
        cpu_time_s=max_runtime_s * max(threads, 1),
        wall_time_s=float(max_runtime_s),
        threads=threads,
        file_bytes=output_bytes,
    )


def _groups(root: Path, own: Path) -> Iterator[Path]:
    """Yield the control group (version 2) of this process and its ancestors, innermost first."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    name = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), None)
    if name is None:
        return
    group = root / name.strip("/")
    while group.is_relative_to(root):
        yield group
        if group == root:
            return
        group = group.parent


def _number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _needed_bytes(group: Path) -> int:
    """Return memory in use without the file cache that the kernel would drop for a newcomer."""
    current = _number(group / "memory.current") or 0
    try:
        lines = (group / "memory.stat").read_text(encoding="ascii").splitlines()
    except OSError:
        return current
    stat = dict(line.split() for line in lines if len(line.split()) == 2)
    cache = stat.get("inactive_file", "0")
    return max(0, current - int(cache)) if cache.isdigit() else current


def _quota_cores(path: Path) -> int | None:
    """Return whole cores of a ``cpu.max`` line "quota period", at least one; None if unlimited."""
    try:
        quota, _, period = path.read_text(encoding="ascii").strip().partition(" ")
    except OSError:
        return None
    if not (quota.isdigit() and period.isdigit() and int(period) > 0):
        return None
    return max(1, int(quota) // int(period))
