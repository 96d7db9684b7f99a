"""What a machine has, read from real files, and the limits that follow."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from neurovoyance.node.runtime.resources import (
    ENGINE_BYTES,
    MachineResources,
    limits_for,
    measure,
)
from neurovoyance.protocol.errors import ResourceExceeded, SpecError

GIB = 1 << 30
MACHINE = MachineResources(
    cores=4, memory_total_bytes=16 * GIB, memory_available_bytes=10 * GIB, disk_free_bytes=50 * GIB
)


@pytest.fixture
def cgroup(tmp_path: Path) -> tuple[Path, Path]:
    """A control group tree: no limit in the leaf, some in its parent."""
    root, own = tmp_path / "cgroup", tmp_path / "own"
    leaf = root / "pod" / "leaf"
    leaf.mkdir(parents=True)
    own.write_text("0::/pod/leaf\n", encoding="ascii")
    for name, text in {"memory.max": "max\n", "cpu.max": "max 100000\n"}.items():
        (leaf / name).write_text(text, encoding="ascii")
    return root, own


def write(directory: Path, **files: str) -> None:
    for name, text in files.items():
        (directory / name.replace("_", ".")).write_text(text + "\n", encoding="ascii")


def test_this_machine_has_something_to_give(tmp_path: Path) -> None:
    found = measure(tmp_path)
    assert 1 <= found.cores <= len(os.sched_getaffinity(0))
    assert 0 < found.memory_available_bytes <= found.memory_total_bytes
    assert found.memory_total_bytes <= psutil.virtual_memory().total
    assert found.disk_free_bytes > 0


def test_the_tightest_control_group_counts(tmp_path: Path, cgroup: tuple[Path, Path]) -> None:
    root, own = cgroup
    parent = root / "pod"
    write(parent, memory_max="300000000", memory_current="100000000", cpu_max="150000 100000")
    found = measure(tmp_path, cgroup_root=root, own_cgroup=own)
    assert found.memory_total_bytes == 300_000_000
    assert found.memory_available_bytes == 200_000_000
    assert found.cores == 1


def test_file_cache_that_can_be_dropped_counts_as_free(
    tmp_path: Path, cgroup: tuple[Path, Path]
) -> None:
    root, own = cgroup
    stat = "anon 5\ninactive_file 60000000\nactive_file 7"
    write(root / "pod", memory_max="300000000", memory_current="100000000", memory_stat=stat)
    found = measure(tmp_path, cgroup_root=root, own_cgroup=own)
    assert found.memory_available_bytes == 260_000_000


def test_a_fraction_of_a_core_is_one_core(tmp_path: Path, cgroup: tuple[Path, Path]) -> None:
    root, own = cgroup
    write(root / "pod", cpu_max="5000 100000")
    assert measure(tmp_path, cgroup_root=root, own_cgroup=own).cores == 1


@pytest.mark.parametrize("line", ["", "12:memory:/old\n", "0::/not/there\n", "0::/../../up\n"])
def test_without_a_readable_control_group_the_machine_counts(tmp_path: Path, line: str) -> None:
    own = tmp_path / "own"
    own.write_text(line, encoding="ascii")
    found = measure(tmp_path, cgroup_root=tmp_path / "none", own_cgroup=own)
    assert found.cores == len(os.sched_getaffinity(0))
    assert found.memory_total_bytes == psutil.virtual_memory().total


def test_limits_follow_from_what_is_asked() -> None:
    limits = limits_for(MACHINE, max_runtime_s=100, memory_bytes=2 * GIB, threads=2)
    assert (limits.memory_bytes, limits.wall_time_s, limits.cpu_time_s, limits.threads) == (
        2 * GIB,
        100.0,
        200,
        2,
    )


def test_without_a_wish_four_fifths_of_the_free_memory_are_given() -> None:
    assert limits_for(MACHINE, max_runtime_s=1).memory_bytes == 8 * GIB


def test_no_more_threads_than_cores_are_given() -> None:
    assert limits_for(MACHINE, max_runtime_s=1, threads=64).threads == 4


def test_what_the_machine_lacks_is_refused_before_anything_starts() -> None:
    with pytest.raises(ResourceExceeded) as caught:
        limits_for(MACHINE, max_runtime_s=1, memory_bytes=9 * GIB)
    assert caught.value.context["limit"] == "memory_bytes"
    with pytest.raises(ResourceExceeded) as caught:
        limits_for(MACHINE, max_runtime_s=1, output_bytes=51 * GIB)
    assert caught.value.context["limit"] == "file_bytes"
    full = MachineResources(1, GIB, ENGINE_BYTES // 2, GIB)
    with pytest.raises(ResourceExceeded):
        limits_for(full, max_runtime_s=1, output_bytes=1)


def test_a_limit_that_no_engine_fits_into_is_refused() -> None:
    with pytest.raises(SpecError):
        limits_for(MACHINE, max_runtime_s=1, memory_bytes=1)
    with pytest.raises(SpecError):
        limits_for(MACHINE, max_runtime_s=0)
