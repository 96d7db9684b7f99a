"""A real Redis on its own socket, and real worker processes; skipped where Redis is missing."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis

START_S = 90.0
WORKER_PROGRAM = """
import sys, time
from datetime import datetime
from pathlib import Path
from neurovoyance.node.farm.seat import SeatSettings
from neurovoyance.node.farm.worker import WorkerSettings, run_worker
from neurovoyance.node.idle.readings import InputIdle, Sensors
from neurovoyance.node.idle.settings import IdleSettings, Mode

url, name, folder, shared, farm, owner = sys.argv[1:]

class Owner:
    # Sits at the machine while there is a file.
    def read(self):
        idle_s = 0.0 if Path(owner).exists() else 3600.0
        return Sensors(
            monotonic_s=time.monotonic(), local=datetime.now().astimezone(),
            inputs=(InputIdle("test", idle_s),), cpu_by_others=0.0, memory_by_others=0.0,
            cpu_temperature_c=40.0, on_battery=False, processes=frozenset(), fullscreen=None)

seat = SeatSettings(name, farm, Path(folder), tuple(Path(p) for p in shared.split(":") if p),
                    beat_s=0.2, lost_after_s=3.0, turn_down_s=0.1)
idle = IdleSettings(mode=Mode.IDLE if owner else Mode.ALWAYS)
run_worker(WorkerSettings(url, seat, memory_bytes=512 << 20, output_bytes=8 << 20, idle=idle),
           Owner())
"""


@dataclass
class RedisServer:
    """A server that a test may end and start again; it remembers nothing."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.folder / 'redis.sock'}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                "redis-server",
                *("--port", "0", "--unixsocket", str(self.folder / "redis.sock")),
                *("--save", "", "--appendonly", "no", "--dir", str(self.folder)),
            ],
            stdout=subprocess.DEVNULL,
        )
        client = redis.Redis.from_url(self.url)
        wait_for(lambda: _answers(client))
        client.close()

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def _answers(client: redis.Redis) -> bool:
    with contextlib.suppress(redis.RedisError, OSError):
        return bool(client.ping())
    return False


def wait_for(is_reached: Callable[[], bool], most_s: float = START_S) -> None:
    deadline_s = time.monotonic() + most_s
    while not is_reached():
        assert time.monotonic() < deadline_s, "waited in vain"
        time.sleep(0.02)


@dataclass
class Workers:
    """Worker processes of one test module, each with its own folder."""

    server: RedisServer
    folder: Path
    shared: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(
        self, *names: str, is_shared: bool = True, farm: str = "test", owner: Path | None = None
    ) -> None:
        """Start workers; those with an owner yield while that file exists."""
        for name in names:
            log = os.open(self.folder / f"{name}.log", os.O_WRONLY | os.O_CREAT)
            self.processes[name] = subprocess.Popen(
                [
                    *(sys.executable, "-c", WORKER_PROGRAM, self.server.url, name),
                    *(str(self.folder / name), str(self.shared) if is_shared else "", farm),
                    str(owner or ""),
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            os.close(log)
        for name in names:
            wait_for(lambda name=name: self._is_shown(name, farm))  # type: ignore[misc]

    def _is_shown(self, name: str, farm: str) -> bool:
        assert self.processes[name].poll() is None, (self.folder / f"{name}.log").read_text()
        with redis.Redis.from_url(self.server.url) as client:
            return bool(client.keys(f"neurovoyance:{farm}:worker:{name}-*"))

    def seat_pid(self, name: str) -> int:
        """Return the process of a worker's only seat."""
        with redis.Redis.from_url(self.server.url, decode_responses=True) as client:
            return int(client.keys(f"neurovoyance:test:worker:{name}-*")[0].rpartition("-")[2])

    def kill(self, name: str) -> None:
        """End a worker with everything it started, at once."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed; on Debian: apt-get install redis-server")
    made = RedisServer(tmp_path_factory.mktemp("redis"))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def workers(
    server: RedisServer, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workers]:
    made = Workers(server, tmp_path_factory.mktemp("workers"), shared)
    yield made
    made.stop()
