"""Children end when told, when killed, and with their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil

from neurovoyance.cli.processes import Child, stop_all


def http_server(tmp_path: Path, name: str) -> Child:
    child = Child(name, ["http.server", "--bind", "127.0.0.1", "0"], tmp_path / f"{name}.log")
    child.start()
    return child


def test_a_child_runs_writes_its_log_and_is_stopped(tmp_path: Path) -> None:
    child = http_server(tmp_path, "one")
    assert child.is_running
    assert child.pid > 0
    stop_all([child, http_server(tmp_path, "two")])
    assert not child.is_running
    assert child.log_path.exists()


def test_a_killed_child_is_gone_at_once(tmp_path: Path) -> None:
    child = http_server(tmp_path, "one")
    child.kill()
    assert not child.is_running
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL
    child.start()
    assert child.is_running
    child.kill()


def test_the_end_of_the_log_explains_a_failure(tmp_path: Path) -> None:
    child = Child("bad", ["no.such.module"], tmp_path / "bad.log")
    assert child.tail() == ""
    child.start()
    child.wait()
    assert "No module named" in child.tail(1)


def test_a_child_does_not_outlive_its_parent(tmp_path: Path) -> None:
    code = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from neurovoyance.cli.processes import Child
        child = Child("c", ["http.server", "--bind", "127.0.0.1", "0"], Path(sys.argv[1]))
        child.start()
        print(child.pid, flush=True)
        time.sleep(60)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        child = psutil.Process(pid)
        os.kill(parent.pid, signal.SIGKILL)
        gone, _ = psutil.wait_procs([child], timeout=90)
    assert gone or child.status() == psutil.STATUS_ZOMBIE
