"""Who used the processor: real processes, told apart by what the kernel counted of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from tests.unit.node.idle.snapshots import quiet

from neurovoyance.node.idle.load import (
    CpuCount,
    cpu_count,
    memory_by_others,
    own_tree,
    share_by_others,
)
from neurovoyance.node.idle.policy import CPU, Hold, PolicyState, decide
from neurovoyance.node.idle.readings import Unmeasured
from neurovoyance.node.idle.settings import IdleSettings, Mode

SPIN = "print('on', flush=True)\nwhile True: pass"
BURNT_S = 0.3


@contextmanager
def child(program: str) -> Iterator[psutil.Process]:
    command = [sys.executable, "-S", "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            yield psutil.Process(process.pid)
        finally:
            process.kill()


def burn(process: psutil.Process) -> None:
    """Return once a process has spent some more CPU time."""
    start_s = process.cpu_times().user
    while process.cpu_times().user < start_s + BURNT_S:
        process.is_running()


def test_a_busy_child_pauses_us_unless_it_is_ours() -> None:
    with child("print('on', flush=True); input()") as stranger, child(SPIN) as busy:
        trees = {"ours": own_tree(os.getpid()), "not ours": own_tree(stranger.pid)}
        assert busy in trees["ours"]
        before = {name: cpu_count(tree) for name, tree in trees.items()}
        burn(busy)
        shares = {}
        for name, tree in trees.items():
            share = share_by_others(before[name], cpu_count(tree))
            assert isinstance(share, float)
            shares[name] = share
    assert shares["ours"] < shares["not ours"]
    # The rest of this machine is busy as it likes; the limit lies between with and without.
    limit = round(50 * (shares["ours"] + shares["not ours"]))
    settings = IdleSettings(mode=Mode.IDLE, cpu_max_percent=min(100, max(1, limit)))
    for name, share in shares.items():
        state, _ = decide(PolicyState(), quiet(0.0), settings, Hold())
        _, decision = decide(state, quiet(1.0, cpu_by_others=share), settings, Hold())
        assert decision.of(CPU).may_run == (name == "ours"), shares


def test_what_dead_children_used_stays_ours() -> None:
    ours = own_tree(os.getpid())
    before = cpu_count(ours)
    with child(SPIN) as busy:
        burn(busy)
    assert cpu_count(ours).own_s - before.own_s >= BURNT_S


def test_memory_of_our_tree_is_not_used_by_others() -> None:
    alone, with_us = memory_by_others([]), memory_by_others(own_tree(os.getpid()))
    assert isinstance(alone, float)
    assert isinstance(with_us, float)
    assert 0 <= with_us < alone <= 1


def test_shares_stay_shares_whatever_the_counters_do() -> None:
    start = CpuCount(100.0, 50.0, 10.0)
    assert isinstance(share_by_others(start, start), Unmeasured)
    assert share_by_others(start, CpuCount(110.0, 55.0, 20.0)) == 0.0
    assert share_by_others(start, CpuCount(110.0, 55.0, 0.0)) == 0.5, "a dead child takes nothing"
    assert share_by_others(start, CpuCount(101.0, 60.0, 10.0)) == 1.0


def test_a_process_that_is_gone_has_no_tree() -> None:
    assert own_tree(2**22 + 1) == []


def test_the_kernels_list_of_children_is_as_complete_as_looking_at_everybody() -> None:
    inner = "s.Popen([sys.executable, '-S', '-c', 'input()'], stdin=s.PIPE)"
    program = f"import subprocess as s, sys; {inner}; print('on', flush=True); input()"
    with child(program) as parent:
        asked = psutil.Process(os.getpid())
        everybody = {asked.pid, *(one.pid for one in asked.children(recursive=True))}
        assert {one.pid for one in own_tree(os.getpid())} == everybody
        grandchildren = parent.children()
        assert grandchildren and set(grandchildren) <= set(own_tree(os.getpid()))
        for one in grandchildren:
            one.kill()


def test_a_child_known_before_stays_until_it_has_ended() -> None:
    with child("print('on', flush=True); input()") as stranger:
        # Not listed under this root, as when the kernel's list leaves a child out for a moment.
        with child(SPIN) as known:
            assert known in own_tree(stranger.pid, [known])
        known.wait()
        assert known not in own_tree(stranger.pid, [known])
