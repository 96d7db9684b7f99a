"""How much of processor and memory others use: everything but the node and its descendants.

Place: part of ``host``. What the kernel counts for the whole machine, less what it counts for our
process tree; so nothing depends on who else runs or what it is called. Never: our own work counted
as somebody else's.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from neurovoyance.node.idle.readings import Measured, Unmeasured

_IDLE_FIELDS = ("idle", "iowait")
_COUNTED_TWICE = ("guest", "guest_nice")  # part of user and nice already


@dataclass(frozen=True, slots=True)
class CpuCount:
    """CPU seconds since the machine started: all of it, spent by anybody, spent by us."""

    total_s: float
    busy_s: float
    own_s: float


def own_tree(root_pid: int, known: Sequence[psutil.Process] = ()) -> list[psutil.Process]:
    """Return a process and all its descendants that live now.

    Args:
        root_pid: the process.
        known: descendants found before. Those that still live stay, because the kernel's list of
            children may leave one out while another ends.
    """
    try:
        root = psutil.Process(root_pid)
        pids = _descendants(root_pid)
        if pids is None:
            return [root, *root.children(recursive=True)]
        found = {root_pid: root}
        for process in known:
            if process.pid not in found and process.is_running():
                found[process.pid] = process
        for pid in pids:
            if pid not in found:
                with suppress(psutil.Error):
                    found[pid] = psutil.Process(pid)
        return list(found.values())
    except psutil.Error:
        return []


def _descendants(root_pid: int, proc: Path = Path("/proc")) -> list[int] | None:
    """Return the descendants that the kernel lists thread by thread; None where it does not.

    Looking at every process of the machine for its parent, the other way, costs twenty times
    as much on a desktop.
    """
    pids, position = [root_pid], 0
    while position < len(pids):
        tasks = proc / str(pids[position]) / "task"
        position += 1
        try:
            listed = [(task / "children").read_text() for task in tasks.iterdir()]
        except OSError:
            if position == 1:
                return None
            continue
        pids += [int(pid) for text in listed for pid in text.split()]
    return pids[1:]


def cpu_count(tree: list[psutil.Process]) -> CpuCount:
    """Return what the kernel counted until now."""
    times = psutil.cpu_times()._asdict()
    total_s = sum(value for name, value in times.items() if name not in _COUNTED_TWICE)
    idle_s = sum(times.get(name, 0.0) for name in _IDLE_FIELDS)
    return CpuCount(total_s, total_s - idle_s, sum(map(_spent_s, tree)))


def _spent_s(process: psutil.Process) -> float:
    """Return the CPU seconds of a process and of its descendants that have ended."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    ended_s = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return float(times.user + times.system + ended_s)


def share_by_others(before: CpuCount, after: CpuCount) -> Measured[float]:
    """Return the share of all cores that others used between two counts, 0 to 1."""
    total_s = after.total_s - before.total_s
    if total_s <= 0:
        return Unmeasured("no time passed between two looks")
    # A descendant that died unseen takes its count along: then nothing is taken off for us.
    own_s = max(0.0, after.own_s - before.own_s)
    others_s = after.busy_s - before.busy_s - own_s
    return min(1.0, max(0.0, others_s / total_s))


def memory_by_others(tree: list[psutil.Process]) -> Measured[float]:
    """Return the share of the memory that others use, 0 to 1; what the kernel can drop is free."""
    memory = psutil.virtual_memory()
    if memory.total <= 0:
        return Unmeasured("the system does not tell how much memory it has")
    used = memory.total - memory.available - sum(map(_resident_bytes, tree))
    return min(1.0, max(0.0, float(used / memory.total)))


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
