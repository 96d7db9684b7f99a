"""One holder at a time, among tasks and among processes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from neurovoyance.chain.sender_lock import SenderLock
from neurovoyance.protocol.errors import TransactionError

HOLDER = """
import fcntl, os, sys
descriptor = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(descriptor, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


async def test_tasks_take_turns(tmp_path: Path) -> None:
    lock, inside = SenderLock(tmp_path / "key.lock"), 0

    async def enter() -> None:
        nonlocal inside
        async with lock.hold():
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(enter() for _ in range(20)))


async def test_two_locks_on_one_file_exclude_each_other(tmp_path: Path) -> None:
    path = tmp_path / "key.lock"
    async with SenderLock(path).hold():
        with pytest.raises(TransactionError, match="Another process"):
            async with SenderLock(path, timeout_s=0.05).hold():
                pass


async def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "key.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(TransactionError):
            async with SenderLock(path, timeout_s=0.05).hold():
                pass
        process.kill()
        process.wait()
        async with SenderLock(path, timeout_s=5).hold():
            pass
    assert path.stat().st_mode & 0o077 in (0o000, 0o044, 0o055)
