"""Ports of this machine, and the wait until a process that was started answers at one.

Place: under :mod:`.local_network` and its parts. Never: another interface than the loopback.
"""

from __future__ import annotations

import asyncio
import atexit
import socket
import time
from collections import deque

import aiohttp

from neurovoyance.cli.processes import Child
from neurovoyance.protocol.errors import ConfigError

START_S = 60.0
POLL_S = 0.05
_HELD_MAX = 256
_held: deque[socket.socket] = deque()
"""Bound, and never listening: the system gives these ports to nobody who asks for any."""


def free_port() -> int:
    """Return a TCP port of the loopback interface that is free, and stays so for a while.

    Until many more were asked for or this process ends, only a server that names the port can
    have it, and that with ``SO_REUSEADDR``, which servers set (asyncio, uvicorn, Node.js, Rust).
    """
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    _held.append(probe)
    if len(_held) > _HELD_MAX:
        _held.popleft().close()
    return int(probe.getsockname()[1])


@atexit.register
def _let_go() -> None:
    while _held:
        _held.pop().close()


def is_listening(port: int) -> bool:
    """Return whether something listens on a port of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def wait_until_answers(child: Child, url: str) -> None:
    """Wait until a GET of a URL is answered with 200.

    Raises:
        ConfigError: the process ended, or does not answer in time; the message quotes its log.
    """
    deadline = time.monotonic() + START_S
    async with aiohttp.ClientSession(trust_env=False) as session:
        while True:
            try:
                async with session.get(url) as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            if not child.is_running or time.monotonic() > deadline:
                raise not_started(child)
            await asyncio.sleep(POLL_S)


def not_started(child: Child, hint: str = "") -> ConfigError:
    """Return why a process that was started is of no use; the end of its log says it best."""
    return ConfigError(
        f"{child.name[:1].upper()}{child.name[1:]} did not start: {child.tail(2) or 'no message'}",
        hint=f"Its log is {child.log_path}.{hint}",
        faults=[f"{child.name}: did not start"],
    )
