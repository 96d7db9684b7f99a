"""A lease ends by itself, real processes share it, and no queue is listened to without it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.node.farm.conftest import wait_for
from tests.unit.node.idle.snapshots import QUIET

from neurovoyance.node.farm import rest
from neurovoyance.node.farm.rest import LEASE_S, Lease, Watcher, mind
from neurovoyance.node.idle.readings import InputIdle, Sensors
from neurovoyance.node.idle.settings import IdleSettings, Mode

IDLE = IdleSettings(mode=Mode.IDLE)


class Seat:
    """The owner sits here while there is a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.looks = 0

    def read(self) -> Sensors:
        self.looks += 1
        inputs = (InputIdle("key", 0.0 if self.path.exists() else 3_600.0),)
        return replace(QUIET, monotonic_s=float(self.looks), inputs=inputs)


def test_a_lease_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1_000.0
    monkeypatch.setattr(rest.time, "monotonic", lambda: now_s)
    lease = Lease()
    assert not lease.is_open, "until somebody has looked"
    lease.resume()
    assert lease.is_open
    now_s += LEASE_S - 0.1
    assert lease.is_open
    now_s += 0.1
    assert not lease.is_open
    lease.resume()
    lease.suspend()
    assert not lease.is_open


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[Lease, Watcher, Path]]:
    lease, owner = Lease(), tmp_path / "owner"
    watcher = Watcher(IDLE, tmp_path, lease, Seat(owner))
    watcher.ensure()
    yield lease, watcher, owner
    watcher.stop()


def test_the_word_of_the_watcher_reaches_other_processes(
    watched: tuple[Lease, Watcher, Path],
) -> None:
    lease, _, owner = watched
    wait_for(lambda: lease.is_open)
    owner.touch()
    wait_for(lambda: not lease.is_open)
    owner.unlink()
    wait_for(lambda: lease.is_open)


def test_a_watcher_that_died_is_replaced_and_one_that_lives_is_not(
    watched: tuple[Lease, Watcher, Path],
) -> None:
    lease, watcher, _ = watched
    wait_for(lambda: lease.is_open)
    first = watcher.pid
    watcher.ensure()
    assert watcher.pid == first
    assert first is not None
    os.kill(first, signal.SIGTERM)  # as a service manager sends it to all of a worker's processes
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    lease.suspend()
    watcher.ensure()
    assert watcher.pid != first
    wait_for(lambda: lease.is_open)


def test_a_watcher_ends_with_its_worker(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    worker = os.fork()
    if worker == 0:
        try:
            watcher = Watcher(IDLE, tmp_path, Lease(), Seat(tmp_path / "owner"))
            watcher.ensure()
            os.write(writing, str(watcher.pid).encode())
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(worker, 0)
    os.close(writing)
    assert int(os.read(reading, 20)) > 0
    # Both held the writing end, so the pipe ends when the watcher does.
    assert os.read(reading, 1) == b""
    os.close(reading)


@dataclass
class Listening:
    """Celery's consumer, as far as it is used: which queues are listened to."""

    queues: set[str] = field(default_factory=lambda: {"a", "b"})

    def consuming_from(self, queue: str) -> bool:
        return queue in self.queues


class Consumer:
    """What a worker holds of it, with the calls in order."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.task_consumer: Any = Listening()
        self.app: Any = self
        self.amqp: Any = self
        self.queues: Any = self

    def select(self, names: list[str]) -> None:
        self.calls.append(f"select {names}")

    def add_task_queue(self, queue: str) -> None:
        self.calls.append(f"add {queue}")
        self.task_consumer.queues.add(queue)

    def cancel_task_queue(self, queue: str) -> None:
        self.calls.append(f"cancel {queue}")
        self.task_consumer.queues.discard(queue)


class Nobody(Watcher):
    """A watcher without a process."""

    def __init__(self) -> None:
        self.pid = None

    def ensure(self) -> None:
        """Start nothing."""


def test_queues_are_listened_to_while_the_lease_is_open() -> None:
    consumer, lease, names = Consumer(), Lease(), ["a", "b"]
    look: Callable[[], None] = lambda: mind(consumer, names, lease, Nobody())  # noqa: E731
    look()
    look()
    assert consumer.calls == ["cancel a", "cancel b"]
    lease.resume()
    look()
    assert consumer.calls[2:] == [f"select {names}", "add a", "add b"]
    consumer.calls.clear()
    look()
    assert consumer.calls == [f"select {names}"], "so that a new connection listens to them too"
    consumer.task_consumer = None
    look()


async def test_the_loop_of_the_watcher_ends_when_its_parent_has(tmp_path: Path) -> None:
    lease = Lease()
    lease.resume()
    watcher = Watcher(IDLE, tmp_path, lease, Seat(tmp_path / "owner"))
    await asyncio.wait_for(watcher._watch(parent=-1), 60)
    assert not lease.is_open
