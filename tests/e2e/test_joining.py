"""Three commands bring a stranger into a running network, and the next job pays them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.e2e.test_nine_stages import matmul_model

from neurovoyance.cli.local_ports import free_port

WAIT_S = 90.0
COMMAND = [sys.executable, "-m", "neurovoyance.cli.main"]


def told(home: Path, *words: str) -> dict[str, Any]:
    """Return what a command says to programs."""
    done = subprocess.run(
        [*COMMAND, *words, "--home", str(home), "--json"],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@contextmanager
def running(log: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Keep a command running until the test is over."""
    with log.open("wb") as output:
        process = subprocess.Popen([*COMMAND, *words], stdout=output, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(WAIT_S)


def waited_for(what: Any, log: Path) -> Any:
    """Return the first answer that is not None."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        found = what()
        if found is not None:
            return found
        time.sleep(0.2)
    raise AssertionError(log.read_text(errors="replace")[-3000:])


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.mark.timeout(300)
def test_a_stranger_joins_with_three_commands_and_earns(tmp_path: Path, port: int) -> None:
    net, guest = tmp_path / "net", tmp_path / "guest"
    up_log, node_log = tmp_path / "up.log", tmp_path / "node.log"
    invitation = net / "local" / "invitation.json"
    with running(up_log, "up", "--home", str(net), "--port", "0", "--nodes", "1", "--json"):
        waited_for(lambda: up_log.read_text().strip() or None, up_log)
        joined = told(guest, "join", str(invitation))
        assert told(guest, "join", str(invitation)) == joined, "joining twice changes nothing"
        init = ["node", "init", "-y", "--base-price", "0.001", "--port", str(port)]
        assert told(guest, *init)["owner"] == joined["address"]
        with running(node_log, "node", "start", "--home", str(guest)):
            waited_for(lambda: status_of(guest), node_log)
            model, inputs = matmul_model(tmp_path / "model.onnx"), tmp_path / "input.npz"
            np.savez(inputs, x=np.ones((1, 3), np.float32))
            told(net, "job", "submit", str(model), "--input", str(inputs))
            earned = waited_for(lambda: earned_by(guest), node_log)
    assert earned >= 10**15


def status_of(home: Path) -> dict[str, Any] | None:
    done = subprocess.run(
        [*COMMAND, "node", "status", "--home", str(home), "--json"],
        capture_output=True,
        timeout=WAIT_S,
        check=False,
    )
    return json.loads(done.stdout) if done.returncode == 0 else None


def earned_by(home: Path) -> int | None:
    status = status_of(home)
    return int(status["earned_wei"]) or None if status else None
