"""Free ports are found, and a process that never answers is not waited for longer than it lives."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from neurovoyance.cli.local_ports import free_port, is_listening, wait_until_answers
from neurovoyance.cli.processes import Child
from neurovoyance.protocol.errors import ConfigError


def test_a_free_port_can_be_listened_on() -> None:
    port = free_port()
    assert not is_listening(port)
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        assert is_listening(port)


def test_a_free_port_is_given_to_nobody_else() -> None:
    port = free_port()
    with ExitStack() as stack:
        for _ in range(2_000):
            other = stack.enter_context(socket.socket())
            other.bind(("127.0.0.1", 0))
            assert other.getsockname()[1] != port


async def test_a_process_that_answers_is_waited_for(tmp_path: Path) -> None:
    port = free_port()
    child = Child("a server", ["http.server", "--bind", "127.0.0.1", str(port)], tmp_path / "log")
    child.start()
    await wait_until_answers(child, f"http://127.0.0.1:{port}/")
    assert child.is_running
    child.kill()


async def test_a_process_that_ended_is_quoted(tmp_path: Path) -> None:
    child = Child("a server", ["no.such.module"], tmp_path / "log")
    child.start()
    with pytest.raises(ConfigError, match=r"A server did not start: .*No module named") as caught:
        await wait_until_answers(child, f"http://127.0.0.1:{free_port()}/")
    assert str(tmp_path / "log") in caught.value.hint
