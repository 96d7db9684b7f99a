"""What is read of a process is what the kernel tells others of it."""

from __future__ import annotations

import os

import psutil

from neurovoyance.node.runtime.proc import cpu_time_s, resident_bytes

NOBODY = 2**22 + 1


def test_memory_of_this_process_is_seen_and_of_none_is_zero() -> None:
    ballast = os.urandom(32 << 20)
    held_bytes = resident_bytes(os.getpid())
    assert held_bytes > len(ballast)
    assert abs(held_bytes - psutil.Process().memory_info().rss) < 16 << 20
    assert resident_bytes(NOBODY) == 0


def test_time_of_this_process_grows_and_of_none_is_zero() -> None:
    before_s = cpu_time_s(os.getpid())
    while cpu_time_s(os.getpid()) < before_s + 0.02:
        pass
    times = psutil.Process().cpu_times()
    assert abs(times.user + times.system - cpu_time_s(os.getpid())) < 1
    assert cpu_time_s(NOBODY) == 0
