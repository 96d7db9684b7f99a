"""A node whose wall clock jumps: a file holds by how many seconds it is wrong.

Run: ``python -m tests.faults.jumping_clock FILE --config ...``. Only wall-clock time jumps, as when
somebody sets the host's clock; monotonic time goes on.
"""

from __future__ import annotations

import runpy
import sys
import time
from pathlib import Path


def main() -> None:
    offset = Path(sys.argv.pop(1))
    true_time, true_time_ns = time.time, time.time_ns

    def offset_s() -> int:
        return int(offset.read_text())

    time.time = lambda: true_time() + offset_s()
    time.time_ns = lambda: true_time_ns() + offset_s() * 10**9
    runpy.run_module("neurovoyance.node", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
