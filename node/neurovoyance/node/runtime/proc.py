"""What the kernel says of a process: the memory it holds, the time it used.

Place: under ``sandbox`` and ``warm``. Read for every child every 20 ms, so without a file object,
which would cost four times as much. Never: believe that the process still is there.
"""

from __future__ import annotations

import os
import re
from typing import Final

_PROC_BYTES: Final = 65_536
_MEMORY: Final = re.compile(rb"^Vm(?:RSS|Swap):\s*(\d+) kB", re.MULTILINE)
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """Return resident plus swapped memory of a process in bytes; 0 when it is gone."""
    found = _MEMORY.findall(_read_proc(f"/proc/{pid}/status"))
    return sum(int(kib) for kib in found) * 1024


def cpu_time_s(pid: int) -> float:
    """Return CPU seconds that all threads of a process have used; 0 when it is gone."""
    # The name in parentheses may hold anything; utime and stime are the 12th and 13th after it.
    words = _read_proc(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICKS_PER_S if len(words) > 12 else 0.0


def _read_proc(name: str) -> bytes:
    """Return a file that the kernel makes up, in one read; empty when the process is gone."""
    try:
        handle = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(handle, _PROC_BYTES)
    except OSError:
        return b""
    finally:
        os.close(handle)
