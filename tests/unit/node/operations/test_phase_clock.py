"""Stays in a phase fall into the right buckets, and every phase is there from the beginning."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.node.execution_values import Phase
from neurovoyance.node.operations.phase_clock import BOUNDS_S, PhaseClock, PhaseTimes
from neurovoyance.protocol.ids import JobId

JOB = JobId(bytes(32))


def test_a_stay_is_counted_when_it_ends() -> None:
    now = [0.0]
    clock = PhaseClock(lambda: now[0])
    clock.note(JOB, Phase.RUNNING)
    now[0] = 7.0
    assert clock.times[Phase.RUNNING].sum_s == 0
    clock.note(JOB, Phase.ENDED)
    now[0] = 50.0
    clock.note(JOB, Phase.REVEALED)  # a reorganisation revived it: the time between counts nowhere
    assert clock.times[Phase.RUNNING].sum_s == 7.0
    assert dict(clock.times[Phase.RUNNING].buckets())["15.0"] == 1
    assert dict(clock.times[Phase.RUNNING].buckets())["5.0"] == 0
    assert set(clock.times) == set(Phase) - {Phase.ENDED}


@given(st.lists(st.floats(0, 1e6)))
def test_buckets_only_grow_and_end_with_all(stays: list[float]) -> None:
    times = PhaseTimes()
    for stay in stays:
        times.add(stay)
    counts = [count for _, count in times.buckets()]
    assert counts == sorted(counts)
    assert counts[-1] == len(stays)
    for bound, count in zip(BOUNDS_S, counts, strict=False):
        assert count == sum(stay <= bound for stay in stays)
