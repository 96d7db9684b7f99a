"""A node on a machine whose owner sits at it while a file exists.

Run: ``python -m tests.faults.returning_owner FILE --config ...``. The sensors alone are made up.
"""

from __future__ import annotations

import runpy
import sys
import time
from pathlib import Path

from tests.unit.node.idle.snapshots import quiet

from neurovoyance.node.idle import sensors
from neurovoyance.node.idle.readings import InputIdle, Sensors


class Desk:
    """What is measured there."""

    def __init__(self, owner: Path) -> None:
        self._owner = owner

    def read(self) -> Sensors:
        idle_s = 0.0 if self._owner.exists() else 3_600.0
        return quiet(time.monotonic(), inputs=(InputIdle("keyboard", idle_s),))


def main() -> None:
    desk = Desk(Path(sys.argv.pop(1)))
    sensors.sensors_here = lambda **_: desk  # type: ignore[assignment, misc]
    runpy.run_module("neurovoyance.node", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
