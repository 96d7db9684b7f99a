"""Run a piece of Python inside the confinement of a child, and tell what it got."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from neurovoyance.node.runtime import confinement
from neurovoyance.node.runtime.base import Limits

LIMITS = Limits(memory_bytes=256 << 20, cpu_time_s=30, wall_time_s=60.0, file_bytes=1 << 20)

# What a snippet assigns to "got" comes back; an OSError comes back as the name of its number.
_PROGRAM = """
import ctypes, errno, json, os, sys
from pathlib import Path
from neurovoyance.node.runtime import confinement
from neurovoyance.node.runtime.base import Limits
task = json.loads(sys.argv[1])
output = os.open(task["output"], os.O_WRONLY | os.O_CREAT, 0o600)
report = os.dup(1)
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    result = libc.syscall(ctypes.c_long(number), *arguments)
    return result if result >= 0 else errno.errorcode[ctypes.get_errno()]
if not task["yields"]:
    os.nice = lambda step: 0
entered = confinement.enter()
if task["locked"]:
    readable = [Path(path) for path in task["readable"]]
    confinement.lock(entered, Limits(**task["limits"]), readable)
scope = {**globals(), "got": None}
try:
    exec(task["snippet"], scope)
    got = scope["got"]
except OSError as error:
    got = errno.errorcode[error.errno]
except MemoryError:
    got = "MemoryError"
os.write(report, json.dumps(got).encode())
os._exit(0)
"""


@dataclass(frozen=True)
class Outcome:
    """What a snippet got, and how its process ended (negative: by that signal)."""

    got: Any
    exit_code: int


def attempt(
    snippet: str,
    directory: Path,
    *,
    limits: Limits | None = None,
    readable: tuple[Path, ...] = (),
    locked: bool = True,
    yields: bool = True,
    **changes: Any,
) -> Outcome:
    """Run ``snippet`` confined; the descriptor ``output`` is open for writing.

    ``yields``: at the lowest priority, as always outside of tests of something else that takes long
    on a busy machine.
    """
    task = {
        "snippet": snippet,
        "output": str(directory / "output"),
        "limits": asdict(replace(limits or LIMITS, **changes)),
        "readable": [str(path) for path in readable],
        "locked": locked,
        "yields": yields,
    }
    finished = subprocess.run(
        [sys.executable, "-I", "-B", "-c", _PROGRAM, json.dumps(task)],
        capture_output=True,
        timeout=170,
        cwd=directory,
        check=False,
    )
    if finished.returncode > 0 or (finished.returncode == 0 and not finished.stdout):
        raise AssertionError(finished.stderr.decode())
    got = json.loads(finished.stdout) if finished.stdout else None
    return Outcome(got, finished.returncode)


@cache
def held() -> dict[str, str]:
    """Return what this machine can enforce."""
    return confinement.describe()


def is_held(measure: str) -> bool:
    """Tell whether this machine can enforce a measure, for tests of that measure alone."""
    return held()[measure] == confinement.ENFORCED
