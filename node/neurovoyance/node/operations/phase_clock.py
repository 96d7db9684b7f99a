"""How long executions stay in each phase, counted into buckets.

Place: fed by ``shell`` at every change of phase, read by ``metrics``. Times are of this process's
monotonic clock; an execution that was restored is counted from the restart on. Never: a job's id,
which would make a series of its own.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field

from neurovoyance.node.execution_values import Phase
from neurovoyance.protocol.ids import JobId

BOUNDS_S = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0)


@dataclass(slots=True)
class PhaseTimes:
    """Stays in one phase: how many fell under each bound, and their sum in seconds."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    sum_s: float = 0.0

    def add(self, stay_s: float) -> None:
        """Count one stay."""
        self.counts[bisect_left(BOUNDS_S, stay_s)] += 1
        self.sum_s += stay_s

    def buckets(self) -> list[tuple[str, float]]:
        """Return the cumulative counts as Prometheus wants them."""
        found, sum_so_far = [], 0
        for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), self.counts, strict=True):
            sum_so_far += count
            found.append((bound, float(sum_so_far)))
        return found


class PhaseClock:
    """Measures stays.

    Args:
        clock: seconds; the monotonic clock if left out.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[JobId, tuple[Phase, float]] = {}
        self.times = {phase: PhaseTimes() for phase in Phase if phase is not Phase.ENDED}

    def note(self, job_id: JobId, phase: Phase) -> None:
        """Hear that an execution has entered a phase."""
        now_s = self._clock()
        before = self._since.pop(job_id, None)
        if before is not None and before[0] is not Phase.ENDED:
            self.times[before[0]].add(now_s - before[1])
        if phase is not Phase.ENDED:
            self._since[job_id] = (phase, now_s)
