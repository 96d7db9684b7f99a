"""Take everything from this process that running a model does not need.

Place: called by ``child`` twice: ``enter`` as its very first act (namespaces need a single
thread), ``lock`` when the execution's files and limits are known and before the model is touched.
Each measure that the machine refuses is recorded and the others still hold; :func:`describe`
tells which. With neither an empty network nor the filter, nothing is run. Never: undo a measure.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from neurovoyance.node.runtime import landlock, seccomp
from neurovoyance.node.runtime.base import ConfinementUnavailable, Limits

ENFORCED: Final = "enforced"
_OWN_USERS: Final = "own user namespace"
_NO_NETWORK: Final = "empty network namespace"
_CALL_FILTER: Final = "system call filter"

_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 24, 38
_CLONE_NEWUTS, _CLONE_NEWIPC = 0x04000000, 0x08000000
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_CAPABILITY_VERSION_3, _LAST_CAPABILITY = 0x20080522, 63
_MEBIBYTE = 1 << 20
_SPARE_THREADS: Final = 8
_SLACK_BYTES: Final = 256 * _MEBIBYTE
_ADDRESS_SLACK_BYTES: Final = 4096 * _MEBIBYTE

_SYSTEM_PATHS: Final = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/os-release",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices",
    "/sys/bus",
    "/dev/null",
    "/dev/urandom",
)
"""What libraries read when they load or count processors; holds no secrets."""

WITHOUT: Final = {
    "killed first when memory is short": "the kernel may end another program of yours first",
    _OWN_USERS: "a model runs as your user, held by the other measures alone",
    _NO_NETWORK: "the network is closed by the filter of system calls alone",
    "no new privileges": "a program with set-user-id could raise what a model may do",
    "no capabilities": "a model keeps what powers the node's user has",
    "lowest priority": "a model competes with your programs",
    "ends with its parent": "a model may run on after the node was killed",
    "resource limits": "memory and processor time are watched by the node alone",
    "few threads": "a model can start many threads",
    "files hidden": "a model can read every file that the node's user can read, keystores included",
    _CALL_FILTER: "a model can make every system call of the node's user",
}
"""What it means for the owner when a measure is not enforced."""

Report = dict[str, str]
"""Measure -> ``enforced`` or ``not enforced: <why>``."""


def enter() -> Report:
    """Leave the network and shared namespaces, drop every privilege, be killed with the parent.

    Call before any thread exists.
    """
    report: Report = {}
    # Out of memory: the kernel takes this process before the node or the owner's programs.
    _attempt(report, "killed first when memory is short", _volunteer_for_oom)
    # In a user namespace of its own the process holds no power over anything outside, and the
    # kernel lets it look into no other process. Root may lack that and still leave the network.
    _attempt(report, _OWN_USERS, lambda: _unshare(_CLONE_NEWUSER))
    _attempt(report, _NO_NETWORK, lambda: _unshare(_CLONE_NEWNET | _CLONE_NEWIPC | _CLONE_NEWUTS))
    _attempt(report, "no new privileges", lambda: _prctl(_PR_SET_NO_NEW_PRIVS, 1))
    _attempt(report, "no capabilities", _drop_capabilities)
    _attempt(report, "lowest priority", lambda: os.nice(19))
    # After the namespaces: a change of credentials clears this setting.
    _attempt(report, "ends with its parent", lambda: _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL))
    return report


def lock(
    entered: Report,
    limits: Limits,
    readable: Iterable[Path],
    mapped_bytes: int = 0,
    *,
    counts_cpu: bool = True,
) -> Report:
    """Set the limits, then allow only reading ``readable``, then filter system calls.

    Args:
        entered: what :func:`enter` returned.
        limits: limits of the execution.
        readable: model and input; the Python installation is added.
        mapped_bytes: size of files that the engine maps, allowed on top of the memory.
        counts_cpu: the kernel counts CPU time as well; not for a process that serves several
            executions, whose parent counts for each.
    """
    report = dict(entered)
    _attempt(report, "resource limits", lambda: _set_limits(limits, mapped_bytes, counts_cpu))
    if entered.get(_OWN_USERS) == ENFORCED:
        # Elsewhere this limit would count every process of the user. The kernel exempts root.
        threads = limits.threads + _SPARE_THREADS
        _attempt(report, "few threads", lambda: _set_limit(resource.RLIMIT_NPROC, threads))
    paths = [*readable, *_python_paths(), *map(Path, _SYSTEM_PATHS)]
    _attempt(report, "files hidden", lambda: landlock.restrict_to(paths))
    _attempt(report, _CALL_FILTER, seccomp.install_filter)
    return report


def require_no_network(report: Report) -> None:
    """Refuse to go on where nothing keeps the process off the network.

    Raises:
        ConfinementUnavailable: neither the namespace nor the filter holds.
    """
    measures = (_NO_NETWORK, _CALL_FILTER)
    if not any(report.get(measure) == ENFORCED for measure in measures):
        raise ConfinementUnavailable(
            "This machine can keep no process off the network; the model was not loaded.",
            **{measure.replace(" ", "_"): report.get(measure, "") for measure in measures},
        )


def describe() -> Report:
    """Return what is enforced on this machine, found out by confining a process for real.

    Raises:
        ConfinementUnavailable: the process could not be started or did not come to an end.
    """
    command = [sys.executable, "-I", "-B", "-m", "neurovoyance.node.runtime.confinement"]
    try:
        finished = subprocess.run(command, capture_output=True, timeout=60, check=True)
        found = json.loads(finished.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise ConfinementUnavailable(
            f"What this machine can enforce could not be found out: {error}."
        ) from error
    return {str(key): str(value) for key, value in found.items()}


def _attempt(report: Report, measure: str, action: Callable[[], object]) -> None:
    try:
        action()
    except (OSError, ValueError) as error:
        report[measure] = f"not enforced: {error}"
    else:
        report[measure] = ENFORCED


def _volunteer_for_oom() -> None:
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _unshare(flags: int) -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(flags) != 0:
        raise _last_error()


def _drop_capabilities() -> None:
    for capability in range(_LAST_CAPABILITY + 1):
        with contextlib.suppress(OSError):  # numbers that this kernel does not know
            _prctl(_PR_CAPBSET_DROP, capability)
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise _last_error()


def _set_limits(limits: Limits, mapped_bytes: int, counts_cpu: bool) -> None:
    # The parent watches resident memory, which is what the limit means. These two bound what
    # can be taken between two looks: private writable memory (the engine's arena doubles when
    # it grows, hence 2x), and address space, which engines reserve in plenty.
    data = 2 * limits.memory_bytes + _SLACK_BYTES
    space = data + mapped_bytes + _ADDRESS_SLACK_BYTES
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_DATA: data,
        resource.RLIMIT_AS: space,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if counts_cpu:
        spent_s = sum(os.times()[:2])
        wanted[resource.RLIMIT_CPU] = int(spent_s + limits.cpu_time_s) + 1
    for kind, value in wanted.items():
        _set_limit(kind, value)


def _set_limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
    # One second more for the hard limit of CPU: the soft one's signal names the cause.
    if kind == resource.RLIMIT_CPU and (hard == resource.RLIM_INFINITY or soft < hard):
        hard = soft + 1
    else:
        hard = soft
    resource.setrlimit(kind, (soft, hard))


def _python_paths() -> list[Path]:
    roots = {sys.prefix, sys.base_prefix, *(entry for entry in sys.path if entry)}
    return [Path(root) for root in sorted(roots)]


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise _last_error()


def _last_error() -> OSError:
    number = ctypes.get_errno() or errno.EPERM
    return OSError(number, os.strerror(number))


if __name__ == "__main__":
    _found = enter()
    _limits = Limits(memory_bytes=1 << 30, cpu_time_s=60, wall_time_s=60.0)
    sys.stdout.write(json.dumps(lock(_found, _limits, ())))
