"""Serves this client's storage to nodes while the client is open, read-only and verified by hash.

Place: stage 4; the URL goes into offer requests and listings as a source hint. Only what was
published is served. Never: a listener beyond the configured host, loopback by default.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.gateway import gateway_app
from neurovoyance.ipfs.rate import RateLimit
from neurovoyance.protocol.errors import ConfigError

_STOP_S = 3


class _Server(uvicorn.Server):
    """A server inside another program: signals stay with the program."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the handlers as they are."""
        yield


@asynccontextmanager
async def serve_storage(
    storage: EmbeddedBackend, *, host: str, port: int, public_url: str | None = None
) -> AsyncIterator[str]:
    """Serve what is on offer in ``storage``; yield the base URL that nodes are told.

    Args:
        storage: the store.
        host: interface to listen on.
        port: 0 picks a free one.
        public_url: URL to tell nodes instead, behind a forwarded port.

    Raises:
        ConfigError: host or port cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"Inputs cannot be served at {host}:{port}: {error.strerror or error}.",
            hint="Choose another port or 0, or the address of an interface of this machine.",
            faults=["gateway: cannot listen"],
        ) from error
    bound = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    url = public_url or f"http://{shown}:{bound}"
    # Nodes fetch a model's blocks from here in bursts of hundreds.
    app = gateway_app(storage, rate_limit=RateLimit(2_000, 4_000), public_urls=(url,))
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_STOP_S,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="client gateway")
    try:
        while not server.started:
            if task.done():
                await task
                raise ConfigError(f"Inputs cannot be served at {host}:{bound}.")
            await asyncio.sleep(0.01)
        yield url
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
        listener.close()
